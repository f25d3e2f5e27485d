import { afterEach, beforeEach, describe, expect, it, vi } from "vitest"
import type { Store } from "../../src/contract/index.ts"
import { type LeasedBench, withLease } from "../../src/core/lease.ts"
import { memoryStore } from "../../src/stores/index.ts"
import { type TestBench, testBench } from "../support/bench.ts"
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

/** The same from another computer, of which nothing is known. */
const elsewhere = (bench: TestBench): TestBench => ({
  ...bench,
  holder: () => ({ ...bench.holder(), who: "bob", host: "there" }),
})

/** Another takes over at once, as if this one had not renewed for long. */
const takeOver = async (store: Store, doing = "apply web, release 5"): Promise<void> => {
  const holder = { who: "bob", host: "there", pid: 2, doing, since: "now", expires: "2999-01-01T00:00:00.000Z" }
  expect(await store.acquire("web", holder, () => true)).toHaveProperty("lease")
}

describe("a lease", () => {
  it("is held while the work goes on, and free after it", async () => {
    const store = memoryStore()
    const [one, two] = [testBench({ store, pid: 1 }), testBench({ store, pid: 2 })]
    const { promise, end } = work()
    const first = withLease(one, "web", "apply web", () => promise)
    const error = await caught(() => withLease(two, "web", "apply web", async () => "never"))
    expect([error.code, error.at]).toEqual(["FC_LEASE_HELD", "fleets.web"])
    expect(error.message).toBe("tester@here (process 1) is working on web since 2026-01-01T00:00:00.000Z: apply web")
    expect(error.remedy).toBe("wait for it to end")
    end()
    await first
    expect(await withLease(two, "web", "apply web", async () => "now")).toBe("now")
  })

  it("is of one fleet", async () => {
    const bench = testBench()
    expect(
      await withLease(bench, "web", "apply web", () => withLease(bench, "db", "apply db", async () => "both")),
    ).toBe("both")
  })

  it("is given back when the work fails", async () => {
    const bench = testBench()
    await expect(withLease(bench, "web", "apply web", () => Promise.reject(new Error("oh")))).rejects.toThrow("oh")
    expect(await withLease(bench, "web", "apply web", async () => "again")).toBe("again")
  })

  it("has a higher token each time", async () => {
    const bench = testBench()
    const tokens = [
      await withLease(bench, "web", "apply web", async ({ lease }) => lease.epoch.token),
      await withLease(bench, "web", "apply web", async ({ lease }) => lease.epoch.token),
    ]
    expect(tokens[1]).toBeGreaterThan(tokens[0] ?? Number.POSITIVE_INFINITY)
  })

  it("does not run out under work that takes long", async () => {
    const store = memoryStore()
    const { promise, end } = work()
    const first = withLease(testBench({ store }), "web", "apply web", () => promise)
    await vi.advanceTimersByTimeAsync(300_000)
    expect((await caught(() => withLease(testBench({ store }), "web", "apply web", async () => undefined))).code).toBe(
      "FC_LEASE_HELD",
    )
    end()
    await first
  })

  it("runs out 30 s after its holder died", async () => {
    const store = memoryStore()
    const take = () => withLease(testBench({ store }), "web", "apply web", async () => "mine")
    const { promise } = work()
    const renewing = { ...store, renew: async () => true }
    void withLease(testBench({ store: renewing }), "web", "apply web", () => promise)
    await vi.advanceTimersByTimeAsync(29_000)
    expect((await caught(take)).code).toBe("FC_LEASE_HELD")
    await vi.advanceTimersByTimeAsync(2_000)
    expect(await take()).toBe("mine")
  })

  it("is taken at once from a holder that is known to be dead", async () => {
    const store = memoryStore()
    void withLease(testBench({ store, pid: 7 }), "web", "apply web", () => work().promise)
    await vi.advanceTimersByTimeAsync(0)
    const bench = { ...testBench({ store }), isDead: ({ pid }: { readonly pid: number }) => pid === 7 }
    expect(await withLease(bench, "web", "apply web", async () => "mine")).toBe("mine")
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
    const first = withLease(testBench({ store: shaky }), "web", "apply web", () => promise)
    await vi.advanceTimersByTimeAsync(60_000)
    expect((await caught(() => withLease(testBench({ store }), "web", "apply web", async () => undefined))).code).toBe(
      "FC_LEASE_HELD",
    )
    end()
    await first
  })

  it("tells how to take it from one elsewhere that is dead", async () => {
    const store = memoryStore()
    void withLease(elsewhere(testBench({ store })), "web", "apply web", () => work().promise)
    const error = await caught(() => withLease(testBench({ store }), "web", "apply web", async () => "never"))
    expect(error.remedy).toBe(
      "wait for it to end; if it is dead, its lease ends at 2026-01-01T12:00:30.000Z, or now with fireclay unlock web",
    )
  })
})

describe("a lease that is lost", () => {
  const lose = async (doing: (bench: LeasedBench, store: Store) => Promise<unknown>) => {
    const store = memoryStore()
    return caught(() => withLease(testBench({ store }), "web", "apply web", (bench) => doing(bench, store)))
  }

  it("stops what goes on, and says who took over", async () => {
    const error = await lose(async (bench, store) => {
      await takeOver(store)
      await vi.advanceTimersByTimeAsync(10_000)
      expect(bench.signal?.aborted).toBe(true)
      throw new Error("whatever fails after that")
    })
    expect([error.code, error.at]).toEqual(["FC_LEASE_LOST", "fleets.web"])
    expect(error.message).toBe("bob@there (process 2), apply web, release 5, since now took over web")
  })

  it("is noticed by a process that slept, before it does anything more", async () => {
    const error = await lose(async (bench, store) => {
      await takeOver(store)
      vi.setSystemTime(Date.now() + 60_000)
      await bench.lease.ensure()
    })
    expect(error.code).toBe("FC_LEASE_LOST")
  })

  it("takes nothing into the log any more, whether or not it was noticed", async () => {
    const error = await lose(async (bench, store) => {
      await bench.store.append([{ fleet: "web", kind: "before", body: {} }])
      await takeOver(store)
      const late = await caught(() => bench.store.append([{ fleet: "web", kind: "late", body: {} }]))
      expect((await store.events()).map(({ kind }) => kind)).toEqual(["before"])
      throw late
    })
    expect([error.code, error.message]).toEqual(["FC_LEASE_LOST", "another controller took over web"])
  })

  it("is lost too when the store could not be written until it had expired", async () => {
    const store = { ...memoryStore(), renew: () => Promise.reject(new Error("no space")) }
    const error = await caught(() =>
      withLease(testBench({ store }), "web", "apply web", async (bench) => {
        await vi.advanceTimersByTimeAsync(20_000)
        await bench.lease.ensure()
        await vi.advanceTimersByTimeAsync(10_000)
        await bench.lease.ensure()
      }),
    )
    expect(error.message).toBe("the lease on web ended, because it could not be renewed: no space")
  })

  it("goes on after a long sleep through which nobody took it", async () => {
    const slept = withLease(testBench(), "web", "apply web", async (bench) => {
      vi.setSystemTime(Date.now() + 600_000)
      await bench.lease.ensure()
      return "still mine"
    })
    expect(await slept).toBe("still mine")
  })
})
