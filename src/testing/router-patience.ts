import { Agent } from "node:http"
import { setTimeout as sleep } from "node:timers/promises"
import { expect, it } from "vitest"
import type { Backend, Router } from "../contract/index.ts"
import type { RouterUnderTest } from "./router-suite.ts"
import {
  answering,
  backend,
  body,
  type Handler,
  inFlight,
  openWebSocket,
  states,
  steadyLoad,
  upload,
  webSockets,
} from "./router-support.ts"

/** What takes its time while backends come and go. */
export const patience = (subject: () => RouterUnderTest): void => {
  slowOnes(subject)
  kept(subject)
  sockets(subject)
}

const slowOnes = (subject: () => RouterUnderTest): void => {
  it("finishes answers of 5 s and slow uploads while their backend drains and others change", async () => {
    const { router, url } = subject()
    const old = await backend("old", patient("old"))
    const [next, other] = [await backend("next", patient("next")), await backend("other", patient("other"))]
    await router.start()
    await router.admit([old])
    const pieces = { pieces: 24, bytes: 256 * 1024, pauseMs: 200 }
    const pending = Promise.all([
      ...Array.from({ length: 8 }, () => body(`${url}slow`)),
      ...Array.from({ length: 4 }, () => upload(url, pieces)),
    ])
    await expect.poll(async () => inFlight(await router.list(), "old"), { interval: 5 }).toBe(12)
    await router.admit([next])
    await router.drain(["old"])
    for (let turn = 0; turn < 20; turn++) {
      await router.admit([{ ...other, weight: turn }])
      await router.weigh(new Map([["next", 256 - turn]]))
      expect(await body(url)).toMatch(/^(next|other) 0$/)
      await router.drain(["other"])
      await router.remove(["other"])
      await sleep(50)
    }
    expect(inFlight(await router.list(), "old")).toBe(12)
    expect(await pending).toEqual([
      ...Array.from({ length: 8 }, () => "old 0"),
      ...Array.from({ length: 4 }, () => `old ${pieces.pieces * pieces.bytes}`),
    ])
    await expect.poll(async () => inFlight(await router.list(), "old"), { interval: 5 }).toBe(0)
  })
}

/** Says who it is and how many bytes it got; at `/slow` after 5 s. */
const patient =
  (id: string): Handler =>
  async (path, end, request) => {
    let bytes = 0
    for await (const piece of request) bytes += (piece as Buffer).length
    if (path === "/slow") await sleep(5000)
    end(`${id} ${bytes}`)
  }

const kept = (subject: () => RouterUnderTest): void => {
  it("loses no request on kept connections in 150 changes", { timeout: 120_000 }, async () => {
    const { router, url } = subject()
    const all = await Promise.all(["a", "b", "c", "d"].map((id) => backend(id, answering(id))))
    await router.start()
    await router.admit(all.slice(0, 2))
    const agent = new Agent({ keepAlive: true, maxSockets: 16 })
    const asked = keepAsking(url, agent)
    const load = steadyLoad(url, 200)
    const random = sequence(4)
    for (let turn = 0; turn < 150; turn++) await change(router, all, random)
    const { failures } = await load.stop()
    const { answered, failures: keptFailures } = await asked.stop()
    agent.destroy()
    expect([...failures, ...keptFailures]).toEqual([])
    expect(answered).toBeGreaterThan(1000)
  })
}

/** One of the things that a rollout does, so that one is always left to serve. */
const change = async (router: Router, all: readonly Backend[], random: (below: number) => number): Promise<void> => {
  const known = states(await router.list())
  const ready = all.filter(({ id }) => known[id] === "ready")
  const one = all[random(all.length)]
  if (one === undefined) return
  const spare = ready.length > 1 || known[one.id] !== "ready"
  switch (random(4)) {
    case 0:
      return router.admit([{ ...one, weight: 1 + random(256) }])
    case 1:
      return router.weigh(new Map(all.map(({ id }) => [id, 1 + random(256)])))
    case 2:
      return spare ? router.drain([one.id]) : undefined
    default:
      if (!spare) return
      await router.drain([one.id])
      await expect.poll(async () => inFlight(await router.list(), one.id) ?? 0, { interval: 2 }).toBe(0)
      return router.remove([one.id])
  }
}

/** Numbers that are the same in each run. */
const sequence = (seed: number): ((below: number) => number) => {
  let state = seed
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
}

/** Sixteen clients that ask again as soon as they are answered. */
const keepAsking = (url: string, agent: Agent) => {
  let going = true
  let answered = 0
  const failures: string[] = []
  const client = async (): Promise<void> => {
    while (going) {
      await body(url, agent).then(
        () => {
          answered += 1
        },
        (error: Error) => failures.push(error.message),
      )
    }
  }
  const clients = Promise.all(Array.from({ length: 16 }, client))
  return {
    stop: async () => {
      going = false
      await clients
      return { answered, failures }
    },
  }
}

const sockets = (subject: () => RouterUnderTest): void => {
  it("counts web sockets apart, and keeps them open while their backend drains and others change", async () => {
    const { router, url } = subject()
    const held: ((text: string) => void)[] = []
    const [a, b] = [await backend("a", (_path, end) => held.push(end)), await backend("b", answering("b"))]
    await router.start()
    await router.admit([a])
    const clients = [await openWebSocket(url), await openWebSocket(url)]
    const pending = body(url)
    await expect.poll(async () => inFlight(await router.list(), "a"), { interval: 5 }).toBe(1)
    expect(webSockets(await router.list(), "a")).toBe(2)
    await router.admit([b])
    await router.drain(["a"])
    const late = await openWebSocket(url)
    expect(await late.echo("hello")).toBe("b hello")
    held[0]?.("a")
    expect(await pending).toBe("a")
    await expect.poll(async () => inFlight(await router.list(), "a"), { interval: 5 }).toBe(0)
    for (const client of clients) expect(await client.echo("still")).toBe("a still")
    expect(webSockets(await router.list(), "a")).toBe(2)
    clients[0]?.close()
    await expect.poll(async () => webSockets(await router.list(), "a"), { interval: 5 }).toBe(1)
    await router.remove(["a"])
    await clients[1]?.closed
    await router.weigh(new Map([["b", 7]]))
    await router.admit([a])
    expect(await late.echo("again")).toBe("b again")
    expect(webSockets(await router.list(), "a")).toBe(0)
    late.close()
    await expect.poll(async () => webSockets(await router.list(), "b"), { interval: 5 }).toBe(0)
  })
}
