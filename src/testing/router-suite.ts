import { afterEach, beforeEach, describe, expect, it } from "vitest"
import type { Backend, Router } from "../contract/index.ts"
import { patience } from "./router-patience.ts"
import { steering } from "./router-steering.ts"
import { closeServers, states, weights } from "./router-support.ts"
import { checking, mishaps, traffic } from "./router-traffic.ts"

/** A router to hold against the contract, with a preview port and the cookie `keeps`. Each test gets a fresh one. */
export interface RouterUnderTest {
  readonly router: Router
  /** Another object for the same router, as a second controller would make it. */
  readonly reopen: () => Router
  /** Where it serves. */
  readonly url: string
  /** Where it shows who is previewed. */
  readonly previewUrl: string
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
      await closeServers()
    })
    bookkeeping(() => subject)
    particulars(() => subject)
    upkeep(() => subject)
    if (!options.carriesTraffic) return
    traffic(() => subject)
    steering(() => subject)
    patience(() => subject)
    mishaps(() => subject)
    checking(() => subject)
  })
}

const somewhere = (id: string, port: number): Backend => ({ id, address: "127.0.0.1", port })

const bookkeeping = (subject: () => RouterUnderTest): void => {
  it("refuses to change or list before it is started", async () => {
    const { router } = subject()
    expect(await router.peek()).toEqual([])
    await expect(router.list()).rejects.toMatchObject({ code: "FC_ROUTER" })
    await expect(router.admit([somewhere("a", 9)])).rejects.toMatchObject({ code: "FC_ROUTER" })
    await expect(router.weigh(new Map())).rejects.toMatchObject({ code: "FC_ROUTER" })
    await expect(router.preview([])).rejects.toMatchObject({ code: "FC_ROUTER" })
    await expect(router.watch(() => undefined, AbortSignal.abort())).rejects.toMatchObject({ code: "FC_ROUTER" })
  })
  it("watches until it is aborted, and not at all when it is already", async () => {
    const { router } = subject()
    await router.start()
    await router.watch(() => undefined, AbortSignal.abort())
    const abort = new AbortController()
    const ended = router.watch(() => undefined, abort.signal)
    await router.admit([somewhere("a", 9)])
    abort.abort()
    await ended
  })
  it("previews backends that do not serve, and admits none by that", async () => {
    const { router } = subject()
    await router.start()
    await router.preview([somewhere("a", 9), somewhere("b", 10)])
    expect(await router.list()).toEqual([])
    await router.admit([somewhere("a", 9)])
    await router.preview([])
    expect(states(await router.list())).toEqual({ a: "ready" })
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
}

const particulars = (subject: () => RouterUnderTest): void => {
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
