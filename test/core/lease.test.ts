import { afterEach, beforeEach, describe, expect, it, vi } from "vitest"
import { withLease } from "../../src/core/lease.ts"
import { memoryStore } from "../../src/stores/index.ts"
import { testBench } from "../support/bench.ts"
import { caught } from "../support/catch.ts"

beforeEach(() => {
  vi.useFakeTimers({ now: new Date("2026-01-01T12:00:00Z") })
})
afterEach(() => {
  vi.useRealTimers()
})

/** Work that ends when it is told. */
const work = () => {
  const { promise, resolve } = Promise.withResolvers<void>()
  return { promise, end: resolve }
}

describe("a lease", () => {
  it("is held while the work goes on, and free after it", async () => {
    const store = memoryStore()
    const [one, two] = [testBench({ store, pid: 1 }), testBench({ store, pid: 2 })]
    const { promise, end } = work()
    const first = withLease(one, "web", () => promise)
    const error = await caught(() => withLease(two, "web", async () => "never"))
    expect([error.code, error.at]).toEqual(["FC_LEASE_HELD", "fleets.web"])
    expect(error.message).toBe("tester on here (process 1) is working on web since 2026-01-01T00:00:00.000Z")
    expect(error.remedy).toContain("2026-01-01T12:00:30.000Z")
    end()
    await first
    expect(await withLease(two, "web", async () => "now")).toBe("now")
  })

  it("is of one fleet", async () => {
    const bench = testBench()
    expect(await withLease(bench, "web", () => withLease(bench, "db", async () => "both"))).toBe("both")
  })

  it("is given back when the work fails", async () => {
    const bench = testBench()
    await expect(withLease(bench, "web", () => Promise.reject(new Error("oh")))).rejects.toThrow("oh")
    expect(await withLease(bench, "web", async () => "again")).toBe("again")
  })

  it("has a higher token each time", async () => {
    const bench = testBench()
    const tokens = [
      await withLease(bench, "web", async (l) => l.token),
      await withLease(bench, "web", async (l) => l.token),
    ]
    expect(tokens[1]).toBeGreaterThan(tokens[0] ?? Number.POSITIVE_INFINITY)
  })

  it("does not run out under work that takes long", async () => {
    const store = memoryStore()
    const { promise, end } = work()
    const first = withLease(testBench({ store }), "web", () => promise)
    await vi.advanceTimersByTimeAsync(300_000)
    expect((await caught(() => withLease(testBench({ store }), "web", async () => undefined))).code).toBe(
      "FC_LEASE_HELD",
    )
    end()
    await first
  })

  it("runs out 30 s after its holder died", async () => {
    const store = memoryStore()
    const take = () => withLease(testBench({ store }), "web", async () => "mine")
    const { promise } = work()
    const renewing = { ...store, renew: async () => true }
    void withLease(testBench({ store: renewing }), "web", () => promise)
    await vi.advanceTimersByTimeAsync(29_000)
    expect((await caught(take)).code).toBe("FC_LEASE_HELD")
    await vi.advanceTimersByTimeAsync(2_000)
    expect(await take()).toBe("mine")
  })

  it("is taken at once from a holder that is known to be dead", async () => {
    const store = memoryStore()
    void withLease(testBench({ store, pid: 7 }), "web", () => work().promise)
    await vi.advanceTimersByTimeAsync(0)
    const bench = { ...testBench({ store }), isDead: ({ pid }: { readonly pid: number }) => pid === 7 }
    expect(await withLease(bench, "web", async () => "mine")).toBe("mine")
  })

  it("outlives a store that could not be written for a moment", async () => {
    const store = memoryStore()
    let calls = 0
    const shaky = {
      ...store,
      renew: async (...given: Parameters<typeof store.renew>) => {
        calls += 1
        if (calls === 1) throw new Error("busy")
        return store.renew(...given)
      },
    }
    const { promise, end } = work()
    const first = withLease(testBench({ store: shaky }), "web", () => promise)
    await vi.advanceTimersByTimeAsync(60_000)
    expect((await caught(() => withLease(testBench({ store }), "web", async () => undefined))).code).toBe(
      "FC_LEASE_HELD",
    )
    end()
    await first
  })
})
