import { Agent } from "node:http"
import { setTimeout as sleep } from "node:timers/promises"
import { expect, it } from "vitest"
import type { RouterUnderTest } from "./router-suite.ts"
import {
  answering,
  backend,
  body,
  closeLast,
  type Handler,
  inFlight,
  states,
  steadyLoad,
  weights,
} from "./router-support.ts"

export const traffic = (subject: () => RouterUnderTest): void => {
  it("loses no request in 60 switch-overs under load", { timeout: 60_000 }, async () => {
    const { router, url } = subject()
    const backends = [await backend("a", answering("a")), await backend("b", answering("b"))] as const
    await router.start()
    await router.admit([backends[0]])
    const load = steadyLoad(url, 400)
    const served: string[] = []
    for (let turn = 1; turn <= 60; turn++) {
      const [next, last] = turn % 2 === 1 ? [backends[1], backends[0]] : [backends[0], backends[1]]
      await router.admit([next])
      await router.drain([last.id])
      await expect.poll(async () => inFlight(await router.list(), last.id), { interval: 5 }).toBe(0)
      if (turn % 3 === 0) await router.remove([last.id])
      served.push(await body(url))
    }
    const { answered, failures } = await load.stop()
    expect(failures).toEqual([])
    expect(answered).toBeGreaterThan(60)
    expect(served).toEqual(Array.from({ length: 60 }, (_, index) => (index % 2 === 0 ? "b" : "a")))
  })
  it("lets a slow request finish while its backend drains, and says that it is in flight", async () => {
    const { router, url } = subject()
    const held: ((text: string) => void)[] = []
    const slow = await backend("slow", (_path, end) => held.push(end))
    const fast = await backend("fast", answering("fast"))
    await router.start()
    await router.admit([slow])
    const pending = body(url)
    await expect.poll(async () => inFlight(await router.list(), "slow"), { interval: 5 }).toBe(1)
    await router.admit([fast])
    await router.drain(["slow"])
    expect(await body(url)).toBe("fast")
    expect(inFlight(await router.list(), "slow")).toBe(1)
    setTimeout(() => held[0]?.("slow"), 1000)
    expect(await pending).toBe("slow")
    await expect.poll(async () => inFlight(await router.list(), "slow"), { interval: 5 }).toBe(0)
    expect(held).toHaveLength(1)
  })
  it("does not count an idle kept-alive connection as in flight", async () => {
    const { router, url } = subject()
    await router.start()
    await router.admit([await backend("a", answering("a"))])
    const agent = new Agent({ keepAlive: true })
    expect(await body(url, agent)).toBe("a")
    await expect.poll(async () => inFlight(await router.list(), "a"), { interval: 5 }).toBe(0)
    agent.destroy()
  })
}

export const mishaps = (subject: () => RouterUnderTest): void => {
  it("cuts what is in flight when a backend is removed", async () => {
    const { router, url } = subject()
    await router.start()
    await router.admit([await backend("stuck", () => undefined)])
    const pending = body(url).catch((error: Error) => error)
    await expect.poll(async () => inFlight(await router.list(), "stuck"), { interval: 5 }).toBe(1)
    await router.remove(["stuck"])
    expect(await pending).toBeInstanceOf(Error)
    expect(await router.list()).toEqual([])
  })
  it("sends nothing to a dead backend", async () => {
    const { router, url } = subject()
    const alive = await backend("alive", answering("alive"))
    const dead = await backend("dead", answering("dead"))
    await closeLast()
    await router.start()
    await router.admit([dead, alive])
    const answers = new Set(await Promise.all(Array.from({ length: 20 }, () => body(url))))
    expect([...answers]).toEqual(["alive"])
    const upOf = async (id: string) => (await router.list()).find((each) => each.id === id)?.up
    await expect.poll(() => upOf("dead"), { timeout: 5000 }).toBe(false)
    expect(await upOf("alive")).toBe(true)
  })
  it("comes back as it was after it was killed", async () => {
    const { router, url, previewUrl, crash } = subject()
    expect(crash).toBeTypeOf("function")
    await router.start()
    const a = await backend("a", answering("a"))
    await router.admit([a, await backend("b", answering("b"))])
    await router.drain(["a"])
    await router.weigh(new Map([["b", 3]]))
    await router.preview([await backend("seen", answering("seen"))])
    await crash?.()
    expect(await router.peek()).toEqual([])
    await expect(router.list()).rejects.toMatchObject({ code: "FC_ROUTER" })
    await router.start()
    expect(states(await router.list())).toEqual({ a: "drain", b: "ready" })
    expect(weights(await router.list())).toEqual({ a: 100, b: 3 })
    expect(await body(previewUrl)).toBe("seen")
    expect(new Set(await Promise.all(Array.from({ length: 8 }, () => body(url))))).toEqual(new Set(["b"]))
    await router.admit([a])
    expect(states(await router.list())).toEqual({ a: "ready", b: "ready" })
    expect(new Set(await Promise.all(Array.from({ length: 8 }, () => body(url))))).toContain("a")
    await router.admit([await backend("c", answering("c"))])
    await router.remove(["a", "b"])
    expect(states(await router.list())).toEqual({ c: "ready" })
    expect(await body(url)).toBe("c")
  })
}

export const checking = (subject: () => RouterUnderTest): void => {
  it("asks each backend in its own way, as releases that differ need it", async () => {
    const { router, url, crash } = subject()
    const well =
      (id: string, path: string, status: number): Handler =>
      (asked, end, _request, response) => {
        if (asked !== "/") response.statusCode = asked === path ? status : 500
        end(id)
      }
    const named = await backend("named", well("named", "/it?is;a=%20", 204))
    const usual = await backend("usual", well("usual", "/health", 302))
    const silent = await backend("silent", well("silent", "/none", 200))
    await router.start()
    await router.admit([
      { ...named, check: { path: "/it?is;a=%20", status: [204] } },
      { ...usual, check: { path: "/health" } },
      { ...silent, check: "connect" },
    ])
    const upOf = async () => Object.fromEntries((await router.list()).map(({ id, up }) => [id, up]))
    const watched = async (): Promise<readonly unknown[]> => {
      const seen = []
      for (let turn = 0; turn < 5; turn++) seen.push(await sleep(500, await upOf()))
      return seen
    }
    const allUp = { named: true, usual: true, silent: true }
    expect(await watched()).toEqual(Array.from({ length: 5 }, () => allUp))
    await crash?.()
    await router.start()
    expect(await watched()).toEqual(Array.from({ length: 5 }, () => allUp))
    await router.admit([
      { ...named, check: { path: "/it?is;a=%20", status: [200, 201] } },
      { ...usual, check: { path: "/healthz" } },
    ])
    await expect.poll(upOf, { timeout: 5000 }).toEqual({ named: false, usual: false, silent: true })
    expect(await body(url)).toBe("silent")
    await router.admit([{ ...named, check: "connect" }])
    await router.admit([{ ...usual, check: { path: "/health", status: [302] } }])
    await expect.poll(upOf, { timeout: 5000 }).toEqual(allUp)
    expect(await watched()).toEqual(Array.from({ length: 5 }, () => allUp))
  })
}
