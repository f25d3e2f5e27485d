import { expect, it } from "vitest"
import type { Router, Served } from "../contract/index.ts"
import type { RouterUnderTest } from "./router-suite.ts"
import {
  answering,
  ask,
  backend,
  body,
  closeLast,
  type Handler,
  inFlight,
  openWebSocket,
  stickyClient,
  tally,
} from "./router-support.ts"

/** Who gets which request: what canaries and blue-green stand on. */
export const steering = (subject: () => RouterUnderTest): void => {
  weighing(subject)
  sticking(subject)
  previewing(subject)
  watching(subject)
}

const weighing = (subject: () => RouterUnderTest): void => {
  it("shares new requests by weight, from the next one on", async () => {
    const { router, url } = subject()
    await router.start()
    await router.admit([
      { ...(await backend("a", answering("a"))), weight: 30 },
      { ...(await backend("b", answering("b"))), weight: 10 },
    ])
    const share = async (): Promise<number> => tally(await inRow(40, () => body(url))).b ?? 0
    expect(await share()).toBe(10)
    await router.weigh(new Map([["b", 0]]))
    expect(await share()).toBe(0)
    await router.weigh(
      new Map([
        ["a", 0],
        ["b", 256],
      ]),
    )
    expect(await share()).toBe(40)
  })
}

const sticking = (subject: () => RouterUnderTest): void => {
  it("keeps a client with whom it met, at weight 0 too, and moves it when that one drains", async () => {
    const { router, url } = subject()
    const [a, b] = [await backend("a", answering("a")), await backend("b", answering("b"))]
    await router.start()
    await router.admit([a])
    const client = stickyClient(url)
    expect(await client.ask()).toMatchObject({ status: 200, body: "a", cookie: expect.stringMatching(/^keeps=/) })
    await router.admit([b])
    const bodies = async (): Promise<readonly string[]> => inRow(6, async () => (await client.ask()).body)
    expect(await bodies()).toEqual(times(6, "a"))
    expect(tally(await inRow(6, () => body(url)))).toEqual({ a: 3, b: 3 })
    await router.weigh(new Map([["a", 0]]))
    expect(await bodies()).toEqual(times(6, "a"))
    expect(tally(await inRow(6, () => body(url)))).toEqual({ b: 6 })
    await router.drain(["a"])
    expect(await bodies()).toEqual(times(6, "b"))
    await router.admit([{ ...a, weight: 100 }])
    expect(await bodies()).toEqual(times(6, "b"))
    await router.remove(["b"])
    expect(await bodies()).toEqual(times(6, "a"))
  })
  it("moves a client whose backend is dead", async () => {
    const { router, url } = subject()
    await router.start()
    await router.admit([await backend("alive", answering("alive")), await backend("dies", answering("dies"))])
    const clients = Array.from({ length: 8 }, () => stickyClient(url))
    const all = () => Promise.all(clients.map((client) => client.ask()))
    expect(new Set((await all()).map((answer) => answer.body))).toEqual(new Set(["alive", "dies"]))
    await closeLast()
    for (let turn = 0; turn < 3; turn++)
      expect(new Set((await all()).map((answer) => `${answer.status} ${answer.body}`))).toEqual(new Set(["200 alive"]))
  })
  it("takes any cookie that names nobody", async () => {
    const { router, url } = subject()
    await router.start()
    await router.admit([await backend("a", answering("a"))])
    for (const value of ["", "gone", "a b", "%00", "x".repeat(2000), "previewed/a", '"a'])
      expect(await ask(url, `keeps=${value}`)).toMatchObject({ status: 200, body: "a" })
  })
}

const previewing = (subject: () => RouterUnderTest): void => {
  it("shows at the preview port who is to be seen, and nobody else", async () => {
    const { router, url, previewUrl } = subject()
    const [a, b] = [await backend("a", answering("a")), await backend("b", answering("b"))]
    await router.start()
    await router.admit([a])
    expect((await ask(previewUrl)).status).toBe(503)
    await router.preview([b])
    expect(tally(await inRow(6, () => body(previewUrl)))).toEqual({ b: 6 })
    expect(tally(await inRow(6, () => body(url)))).toEqual({ a: 6 })
    expect((await router.list()).map(({ id }) => id)).toEqual(["a"])
    await router.preview([a, b])
    expect(tally(await inRow(6, () => body(previewUrl)))).toEqual({ a: 3, b: 3 })
    await router.remove(["a"])
    await router.admit([b])
    await router.preview([])
    expect((await ask(previewUrl)).status).toBe(503)
    expect(tally(await inRow(6, () => body(url)))).toEqual({ b: 6 })
  })
  it("lets a request at the preview port finish when the preview ends", async () => {
    const { router, previewUrl } = subject()
    const held: ((text: string) => void)[] = []
    const slow = await backend("slow", (_path, end) => held.push(end))
    await router.start()
    await router.preview([slow])
    const pending = body(previewUrl)
    await expect.poll(() => held.length, { interval: 5 }).toBe(1)
    await router.preview([])
    expect((await ask(previewUrl)).status).toBe(503)
    await router.preview([await backend("other", answering("other"))])
    expect(await body(previewUrl)).toBe("other")
    held[0]?.("slow")
    expect(await pending).toBe("slow")
    await router.preview([{ ...slow, port: (await backend("next", answering("next"))).port }])
    expect(await body(previewUrl)).toBe("next")
  })
}

const watching = (subject: () => RouterUnderTest): void => {
  it("tells of each request once: who, what the client got, how long", async () => {
    const { router, url, previewUrl } = subject()
    const [a, b] = [await backend("a", misbehaving), await backend("b", misbehaving)]
    await router.start()
    await router.admit([a])
    const watched = await watch(router, url)
    const quick = await inRow(20, () => ask(url))
    await router.admit([b])
    await router.drain(["a"])
    const statuses = [404, 500, 204]
    for (const status of statuses) await ask(`${url}status/${status}`)
    await ask(`${url}drop`)
    await ask(`${url}cut`).catch(() => undefined)
    await ask(`${url}late`)
    const socket = await openWebSocket(url)
    socket.close()
    await socket.closed
    await router.preview([b])
    await ask(previewUrl)
    await router.remove(["b"])
    const last = await watched.end(26)
    expect(last.slice(0, 20)).toEqual(quick.map(() => ({ id: "a", status: 200, latencyMs: expect.any(Number) })))
    expect(last.slice(20).map(({ id, status }) => `${id} ${status}`)).toEqual(
      [...statuses, 502, 502, 200].map((status) => `b ${status}`),
    )
    expect(last.at(-1)?.latencyMs).toBeGreaterThanOrEqual(99)
    expect(last.every(({ latencyMs }) => latencyMs >= 0 && latencyMs < 60_000)).toBe(true)
  })
  it("tells of all requests of a load, and each watcher for itself", { timeout: 60_000 }, async () => {
    const { router, url } = subject()
    await router.start()
    await router.admit([await backend("a", answering("a")), await backend("b", answering("b"))])
    const [first, second] = [await watch(router, url), await watch(router, url)]
    const before = first.told().length
    const answers: string[] = []
    for (let turn = 0; turn < 40; turn++)
      answers.push(...(await Promise.all(Array.from({ length: 25 }, () => body(url)))))
    const ids = (await second.end(1000)).map(({ id }) => id)
    expect(tally(ids)).toEqual(tally(answers))
    expect((await first.end(before + 1000)).slice(before).map(({ id }) => id)).toEqual(ids)
    expect(inFlight(await router.list(), "a")).toBe(0)
  })
  it("goes on telling when the router was killed and is started again", async () => {
    const { router, url, crash } = subject()
    await router.start()
    await router.admit([await backend("a", answering("a"))])
    const watched = await watch(router, url)
    await crash?.()
    await router.start()
    await inRow(10, () => body(url))
    expect(await watched.end(10)).toHaveLength(10)
  })
}

/** Watches from now on: the watch is known to work once a first request was told of, which does not count. */
const watch = async (router: Router, url: string) => {
  const served: Served[] = []
  const abort = new AbortController()
  const ended = router.watch(
    (each) => served.push(each),
    abort.signal,
    (count) => expect(count).toBe(0),
  )
  await expect
    .poll(async () => {
      await ask(url)
      return served.length
    })
    .toBeGreaterThan(0)
  // What was asked before is told of before.
  await expect.poll(() => settled(served)).toBe(true)
  const begin = served.length
  const told = (): readonly Served[] => served.slice(begin)
  return {
    told,
    /** Waits until that many were told of, and for one more that would be too many. */
    end: async (count: number) => {
      await expect.poll(() => told().length, { timeout: 10_000 }).toBeGreaterThanOrEqual(count)
      abort.abort()
      await ended
      return told()
    },
  }
}

/** Nothing was added in a while. */
const settled = async (served: readonly unknown[]): Promise<boolean> => {
  const before = served.length
  await new Promise((resolve) => setTimeout(resolve, 50))
  return served.length === before
}

const misbehaving: Handler = (path, end, request, response) => {
  const status = /^\/status\/(\d+)/.exec(path)?.[1]
  if (status !== undefined) response.statusCode = Number(status)
  if (path === "/drop") return request.socket.destroy()
  if (path === "/late") return setTimeout(() => end("late"), 100)
  if (path !== "/cut") return end("")
  response.writeHead(200, { "content-length": "100" }).write("x")
  return setTimeout(() => request.socket.destroy(), 20)
}

const inRow = async <T>(count: number, work: () => Promise<T>): Promise<readonly T[]> => {
  const results: T[] = []
  for (let turn = 0; turn < count; turn++) results.push(await work())
  return results
}

const times = (count: number, text: string): readonly string[] => Array.from({ length: count }, () => text)
