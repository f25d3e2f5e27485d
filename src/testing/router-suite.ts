import { Agent, createServer, get, type Server } from "node:http"
import type { AddressInfo } from "node:net"
import { afterEach, beforeEach, describe, expect, it } from "vitest"
import type { Backend, BackendState, Router } from "../contract/index.ts"

/** A router to hold against the contract. Each test gets a fresh one. */
export interface RouterUnderTest {
  readonly router: Router
  /** Another object for the same router, as a second controller would make it. */
  readonly reopen: () => Router
  /** Where it serves. */
  readonly url: string
  /** Kills its process without warning. Absent: it has none. */
  readonly crash?: () => Promise<void>
  /** Processes, sockets and files of it that are still there. */
  readonly leftovers: () => Promise<readonly string[]>
}

/**
 * What every router must do. With `carriesTraffic` requests are sent through it to servers on 127.0.0.1.
 *
 * @example routerSuite("memory", async () => fromMemory(), { carriesTraffic: false })
 */
export const routerSuite = (
  name: string,
  factory: () => Promise<RouterUnderTest>,
  options: { readonly carriesTraffic: boolean },
): void => {
  describe(`router ${name}`, () => {
    let subject: RouterUnderTest
    beforeEach(async () => {
      subject = await factory()
    })
    afterEach(async () => {
      await subject.router.destroy()
      for (const server of opened.splice(0)) await closeServer(server)
    })
    bookkeeping(() => subject)
    upkeep(() => subject)
    if (!options.carriesTraffic) return
    traffic(() => subject)
    mishaps(() => subject)
  })
}

const somewhere = (id: string, port: number): Backend => ({ id, address: "127.0.0.1", port })

const bookkeeping = (subject: () => RouterUnderTest): void => {
  it("refuses to change or list before it is started", async () => {
    const { router } = subject()
    expect(await router.peek()).toEqual([])
    await expect(router.list()).rejects.toMatchObject({ code: "FC_ROUTER" })
    await expect(router.admit([somewhere("a", 9)])).rejects.toMatchObject({ code: "FC_ROUTER" })
  })
  it("starts empty, and twice", async () => {
    const { router } = subject()
    await router.start()
    await router.start()
    expect(await router.list()).toEqual([])
  })
  it("admits, drains and admits again", async () => {
    const { router } = subject()
    await router.start()
    await router.admit([somewhere("a", 9), somewhere("b", 10)])
    await router.drain(["a", "unknown"])
    expect(states(await router.list())).toEqual({ a: "drain", b: "ready" })
    await router.admit([somewhere("a", 9)])
    const list = await router.list()
    expect(states(list)).toEqual({ a: "ready", b: "ready" })
    expect(await router.peek()).toEqual(list)
    expect(list.find(({ id }) => id === "b")).toMatchObject({ address: "127.0.0.1", port: 10, inFlight: 0 })
  })
  it("weighs: what is given, what it had, or 100", async () => {
    const { router, reopen } = subject()
    await router.start()
    await router.admit([somewhere("a", 9), { ...somewhere("b", 10), weight: 5 }])
    expect(weights(await router.list())).toEqual({ a: 100, b: 5 })
    await router.weigh(
      new Map([
        ["a", 0],
        ["unknown", 7],
      ]),
    )
    await router.drain(["b"])
    await router.admit([somewhere("b", 11), { ...somewhere("c", 12), weight: 256 }])
    expect(weights(await reopen().list())).toEqual({ a: 0, b: 5, c: 256 })
    for (const weight of [-1, 257, 0.5, Number.NaN]) {
      await expect(router.weigh(new Map([["a", weight]]))).rejects.toMatchObject({ code: "FC_ROUTER" })
      await expect(router.admit([{ ...somewhere("d", 13), weight }])).rejects.toMatchObject({ code: "FC_ROUTER" })
    }
    expect(weights(await router.list())).toEqual({ a: 0, b: 5, c: 256 })
  })
  it("moves a backend that is admitted with another port", async () => {
    const { router } = subject()
    await router.start()
    await router.admit([somewhere("a", 9)])
    await router.admit([somewhere("a", 10)])
    expect(await router.list()).toMatchObject([{ id: "a", port: 10, state: "ready" }])
  })
  it("forgets what is removed, and knows it again when admitted", async () => {
    const { router } = subject()
    await router.start()
    await router.admit([somewhere("a", 9), somewhere("b", 10)])
    await router.remove(["a", "unknown"])
    expect(states(await router.list())).toEqual({ b: "ready" })
    await router.admit([somewhere("a", 9)])
    expect(states(await router.list())).toEqual({ a: "ready", b: "ready" })
  })
}

const upkeep = (subject: () => RouterUnderTest): void => {
  it("takes a hundred backends at once, and changes given side by side", async () => {
    const { router } = subject()
    await router.start()
    const many = Array.from({ length: 100 }, (_, index) => somewhere(`many-${index}`, 1000 + index))
    await Promise.all([router.admit(many.slice(0, 50)), router.admit(many.slice(50)), router.drain(["many-0"])])
    expect(await router.list()).toHaveLength(100)
    expect(states(await router.list())).toMatchObject({ "many-0": "drain", "many-99": "ready" })
    await router.remove(many.map(({ id }) => id))
    expect(await router.list()).toEqual([])
  })
  it("can be destroyed twice, and before it was started", async () => {
    const { router, leftovers } = subject()
    await router.destroy()
    await router.start()
    await router.admit([somewhere("a", 9)])
    await router.destroy()
    await router.destroy()
    expect(await router.peek()).toEqual([])
    expect(await leftovers()).toEqual([])
  })
  it("is known to a second controller", async () => {
    const { router, reopen } = subject()
    await router.start()
    await router.admit([somewhere("a", 9), somewhere("b", 10)])
    await router.drain(["b"])
    const second = reopen()
    await second.start()
    expect(states(await second.list())).toEqual({ a: "ready", b: "drain" })
  })
}

const traffic = (subject: () => RouterUnderTest): void => {
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

const mishaps = (subject: () => RouterUnderTest): void => {
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
    await closeServer(opened.pop())
    await router.start()
    await router.admit([dead, alive])
    const answers = new Set(await Promise.all(Array.from({ length: 20 }, () => body(url))))
    expect([...answers]).toEqual(["alive"])
    const upOf = async (id: string) => (await router.list()).find((each) => each.id === id)?.up
    await expect.poll(() => upOf("dead"), { timeout: 5000 }).toBe(false)
    expect(await upOf("alive")).toBe(true)
  })
  it("comes back with the same backends and states after it was killed", async () => {
    const { router, url, crash } = subject()
    expect(crash).toBeTypeOf("function")
    await router.start()
    await router.admit([await backend("a", answering("a")), await backend("b", answering("b"))])
    await router.drain(["a"])
    await crash?.()
    expect(await router.peek()).toEqual([])
    await expect(router.list()).rejects.toMatchObject({ code: "FC_ROUTER" })
    await router.start()
    expect(states(await router.list())).toEqual({ a: "drain", b: "ready" })
    expect(new Set(await Promise.all(Array.from({ length: 8 }, () => body(url))))).toEqual(new Set(["b"]))
    await router.admit([await backend("c", answering("c"))])
    await router.remove(["a", "b"])
    expect(states(await router.list())).toEqual({ c: "ready" })
    expect(await body(url)).toBe("c")
  })
}

type Handler = (path: string, end: (body: string) => void) => unknown

/** Servers of the current test. */
const opened: Server[] = []

const backend = async (id: string, handler: Handler): Promise<Backend> => {
  const server = createServer((request, response) => handler(request.url ?? "", (text) => response.end(text)))
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  opened.push(server)
  return { id, address: "127.0.0.1", port: (server.address() as AddressInfo).port }
}

const answering =
  (text: string): Handler =>
  (_path, end) =>
    end(text)

const closeServer = async (server: Server | undefined): Promise<void> => {
  if (server === undefined) return
  server.closeAllConnections()
  await new Promise((resolve) => server.close(resolve))
}

/** The body of an answer; any status but 200 is an error. */
const body = (url: string, agent?: Agent): Promise<string> =>
  new Promise((resolve, reject) => {
    get(url, { agent: agent ?? false, timeout: 15_000 }, (response) => {
      const pieces: Buffer[] = []
      response.on("data", (piece: Buffer) => pieces.push(piece))
      response.on("error", reject)
      response.on("end", () => {
        if (response.statusCode === 200) resolve(Buffer.concat(pieces).toString())
        else reject(new Error(`status ${response.statusCode}`))
      })
    }).on("error", reject)
  })

/** Requests at fixed times, whether or not the ones before were answered; clients keep their connections. */
const steadyLoad = (url: string, ratePerSecond: number) => {
  const agent = new Agent({ keepAlive: true })
  const pending: Promise<unknown>[] = []
  const failures: string[] = []
  const begun = performance.now()
  const timer = setInterval(() => {
    const due = ((performance.now() - begun) / 1000) * ratePerSecond
    while (pending.length < due) pending.push(body(url, agent).catch((error: Error) => failures.push(error.message)))
  }, 5)
  return {
    stop: async () => {
      clearInterval(timer)
      await Promise.all(pending)
      agent.destroy()
      return { answered: pending.length - failures.length, failures }
    },
  }
}

const states = (list: readonly BackendState[]) => Object.fromEntries(list.map(({ id, state }) => [id, state]))

const weights = (list: readonly BackendState[]) => Object.fromEntries(list.map(({ id, weight }) => [id, weight]))

const inFlight = (list: readonly BackendState[], id: string): number | undefined =>
  list.find((each) => each.id === id)?.inFlight
