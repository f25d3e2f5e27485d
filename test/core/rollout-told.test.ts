import { setTimeout as sleep } from "node:timers/promises"
import { describe, expect, it } from "vitest"
import type { By, Fleet, Gate, StrategyFor } from "../../src/contract/index.ts"
import { readFleet } from "../../src/core/ledger.ts"
import type { Word } from "../../src/core/rollout/diary.ts"
import { abortRollout, type RolloutWant, rollOut } from "../../src/core/rollout/rollout.ts"
import { tell } from "../../src/core/rollout/tell.ts"
import { memoryRouter } from "../../src/routers/index.ts"
import { fleet, local, replace } from "../../src/spec/index.ts"
import { blueGreen, canary, errorRate, latency, rolling } from "../../src/strategies/index.ts"
import { caught } from "../support/catch.ts"
import { nameFleet } from "../support/fleet.ts"
import { mortalLife } from "../support/mortal.ts"
import { makeWorld, type World, webBundle, webSpec } from "./rollout-fixture.ts"

const fleetOf = (strategy: StrategyFor<"replace">, options: Partial<Parameters<typeof replace>[0]> = {}): Fleet =>
  nameFleet(
    fleet(webSpec(1), {
      on: local({ count: 2 }),
      by: replace({ strategy, drain: "100ms", ramp: "0s", ...options }),
      listen: 8080,
      preview: 8081,
    }),
  )

const to = async (world: World, which: Fleet, version: number, more: Partial<RolloutWant> = {}) =>
  rollOut(world.controller(), which, { bundle: await webBundle(version), ...more } as RolloutWant)

const began = async (version: number, which: Fleet, world = makeWorld()): Promise<World> => {
  for (let each = 1; each < version; each += 1) await to(world, fleetOf(rolling()), each)
  expect((await readFleet(world.store, which.name)).current).toBe(version - 1)
  return world
}

/** Waits until the log of a rollout says something. */
const until = async (world: World, what: (text: string) => boolean): Promise<void> => {
  for (;;) {
    if (what(JSON.stringify(await world.store.events()))) return
    await sleep(5)
  }
}

/** Somebody else, who sees that the controller lives. */
const somebody = (world: World) => ({ ...world.controller(), isDead: () => false })

const byHand = fleetOf(blueGreen({ promote: "hand" }))
const isReady = (log: string): boolean => log.includes('"name":"ready"')

describe("speaking to a rollout", () => {
  it("promotes a switch by hand; until then the new set answers at the preview port alone", async () => {
    const router = memoryRouter()
    const world = await began(2, byHand, makeWorld(router))
    const rollout = to(world, byHand, 2)
    await until(world, isReady)
    expect(router.previewed().map(({ id }) => id)).toEqual(["web-r2-1", "web-r2-2"])
    expect(new Set((await world.seen()).map((line) => line.replace(/-\d+:/, ":")))).toEqual(
      new Set(["web-r1:1:ready", "web-r2:2:none"]),
    )
    expect(await tell(somebody(world), byHand, "promote")).toBe("heard")
    expect((await rollout).versions).toEqual({ "web-r2-1": 2, "web-r2-2": 2 })
    expect(router.previewed()).toEqual([])
    expect(world.sins).toEqual([])
  })

  it("aborts: everything goes back, and the log says why", async () => {
    const world = await began(2, byHand)
    const rollout = caught(() => to(world, byHand, 2))
    await until(world, isReady)
    expect(await tell(somebody(world), byHand, "abort")).toBe("heard")
    const { code, message } = await rollout
    expect([code, message]).toEqual(["FC_ROLLOUT_REVERTED", "somebody said: abort; release 1 is in force"])
    expect(await world.seen()).toEqual(["web-r1-1:1:ready", "web-r1-2:1:ready"])
  })

  it.each<readonly [Word, readonly string[]]>([
    ["promote", ["web-r2-1:2:ready", "web-r2-2:2:ready"]],
    ["abort", ["web-r1-1:1:ready", "web-r1-2:1:ready"]],
  ])("says %s to one whose controller died: it counts for who goes on with it", async (word, expected) => {
    const world = await began(2, byHand)
    const life = mortalLife()
    void rollOut(world.controller(life), byHand, { bundle: await webBundle(2) })
    await until(world, isReady)
    life.kill()
    await life.died
    const next = world.controller()
    expect(await tell({ ...next, isDead: () => true }, byHand, word)).toBe("kept")
    if (word === "abort") expect(await abortRollout(next, byHand)).toEqual({ "web-r1-1": 1, "web-r1-2": 1 })
    else await rollOut(next, byHand, { release: 2 })
    expect(await world.seen()).toEqual(expected)
  })

  it("pauses before the next move, and resumes", async () => {
    const slow = fleetOf(rolling({ batch: 1, pause: "200ms" }))
    const world = await began(2, slow)
    const rollout = to(world, slow, 2)
    await until(world, (log) => log.includes('"name":"batch:1"'))
    await tell(somebody(world), slow, "pause")
    await sleep(400)
    expect((await world.seen()).map((line) => line.split(":")[1])).toEqual(["1", "2"])
    await tell(somebody(world), slow, "resume")
    expect(Object.values((await rollout).versions)).toEqual([2, 2])
  })

  it("is refused where nothing is under way", async () => {
    const world = await began(2, byHand)
    expect((await caught(() => tell(world.controller(), byHand, "promote"))).code).toBe("FC_ROLLOUT_NONE")
    expect((await caught(() => abortRollout(world.controller(), byHand))).code).toBe("FC_ROLLOUT_NONE")
  })
})

describe("taking over a rollout", () => {
  it("is refused without the word", async () => {
    const world = await began(2, byHand)
    const first = caught(() => to(world, byHand, 2))
    await until(world, isReady)
    const living = somebody(world)
    const error = await caught(async () => rollOut(living, byHand, { bundle: await webBundle(3) }))
    expect(error.code).toBe("FC_LEASE_HELD")
    await tell(living, byHand, "abort")
    await first
  })

  it.each<readonly [string, number, readonly string[]]>([
    ["forward", 3, ["web-r3-1:3:ready", "web-r3-2:3:ready"]],
    ["back", 1, ["web-r1-1:1:ready", "web-r1-2:1:ready"]],
  ])("%s: the other lets go between two moves, and nothing is lost", async (_, version, expected) => {
    const world = await began(2, byHand)
    const first = caught(() => to(world, byHand, 2))
    await until(world, isReady)
    const living = somebody(world)
    const want = version === 1 ? { release: 1 } : { bundle: await webBundle(version) }
    const second = rollOut(living, fleetOf(rolling()), { ...want, takeOver: true })
    expect((await first).code).toBe("FC_ROLLOUT_YIELDED")
    await second
    expect(await world.seen()).toEqual(expected)
    expect(world.sins).toEqual([])
  })
})

describe("a kept set", () => {
  const keeping = fleetOf(blueGreen({ keep: "1h" }))

  it("stands aside, is not counted as a mixed fleet, and takes one switch to come back", async () => {
    const world = await began(2, keeping)
    const { kept, versions } = await to(world, keeping, 2)
    expect([kept, versions]).toEqual([["web-r1-1", "web-r1-2"], { "web-r2-1": 2, "web-r2-2": 2 }])
    expect((await readFleet(world.store, "web")).elsewhere.size).toBe(0)
    const back = await rollOut(world.controller(), keeping, { release: 1, back: true })
    expect([back.created, back.moves, back.kept]).toEqual([0, 1, ["web-r2-1", "web-r2-2"]])
    expect(await world.seen()).toEqual(["web-r1-1:1:ready", "web-r1-2:1:ready", "web-r2-1:2:drain", "web-r2-2:2:drain"])
  })

  it("goes with the next run once its time is over", async () => {
    const brief = fleetOf(blueGreen({ keep: "20ms" }))
    const world = await began(2, brief)
    expect((await to(world, brief, 2)).kept).toHaveLength(2)
    await sleep(40)
    await to(world, brief, 2)
    expect(await world.seen()).toEqual(["web-r2-1:2:ready", "web-r2-2:2:ready"])
  })
})

describe("after the last step", () => {
  it("the fleet is watched, and what becomes unhealthy then leads back to what was kept aside", async () => {
    const watched = fleetOf(blueGreen(), { watch: "1h" })
    const world = await began(2, watched)
    const rollout = caught(() => to(world, watched, 2))
    await until(world, (log) => log.includes('"name":"watching"'))
    expect((await world.seen()).filter((line) => line.endsWith("1:drain"))).toHaveLength(2)
    world.sick.add(2)
    const { code, message } = await rollout
    expect([code, message]).toEqual(["FC_ROLLOUT_REVERTED", expect.stringMatching(/was not healthy/)])
    expect(await world.seen()).toEqual(["web-r1-1:1:ready", "web-r1-2:1:ready"])
    const created = (await world.store.events({ kind: "rollout.moves" })).flatMap(({ body }) =>
      JSON.stringify(body.moves),
    )
    expect(created.filter((moves) => moves.includes("create"))).toHaveLength(2)
  })

  it("a fleet in which nothing gets any further fails", async () => {
    const stuck = fleetOf(rolling(), { progress: "100ms" })
    const world = makeWorld()
    const hanging = { ...world.controller(), probe: () => new Promise<never>(() => undefined) }
    const error = await caught(async () => rollOut(hanging, stuck, { bundle: await webBundle(1) }))
    expect([error.code, error.message]).toEqual([
      "FC_ROLLOUT_REVERTED",
      "nothing got any further for 0.1 s; nothing of it stays",
    ])
    expect(await world.seen()).toEqual([])
  })
})

describe("a canary", () => {
  const canaryOf = (gates: readonly Gate[], by: Partial<By> = {}) => ({
    ...fleetOf(canary({ steps: [{ weight: 20, for: "300ms" }], every: "150ms", gates })),
    ...by,
  })

  /** Requests as the router shares them out, of which some fail. */
  const withTraffic = async <T>(
    router: ReturnType<typeof memoryRouter>,
    failing: (id: string) => boolean,
    work: () => Promise<T>,
  ): Promise<T> => {
    const timer = setInterval(async () => {
      for (const { id, state } of await router.peek())
        for (let count = 0; state === "ready" && count < 40; count += 1)
          router.serve({ id, status: failing(id) ? 500 : 200, latencyMs: failing(id) ? 90 : 5 })
    }, 10)
    try {
      return await work()
    } finally {
      clearInterval(timer)
    }
  }

  it("goes all the way while its gates hold, beside a fresh baseline that goes with the old set", async () => {
    const router = memoryRouter()
    const gated = canaryOf([errorRate({ aboveBaseline: "1%" }), latency({ timesBaseline: 2 })])
    const world = await began(2, gated, makeWorld(router))
    const result = await withTraffic(
      router,
      () => false,
      () => to(world, gated, 2),
    )
    expect(result.versions).toEqual({ "web-r2-1": 2, "web-r2-2": 2 })
    expect(result.created).toBe(3)
    expect(result.peak).toBe(5)
    const log = JSON.stringify(await world.store.events())
    expect(log).toContain('"baseline":true')
    expect(log).toContain('"verdict":"pass"')
    expect((await router.list()).map(({ weight }) => weight)).toEqual([100, 100])
    expect(world.sins).toEqual([])
  })

  it.each<readonly [string, Gate]>([
    ["errors", errorRate({ atMost: "5%" })],
    ["errors, compared", errorRate({ aboveBaseline: "1%" })],
    ["latency", latency({ atMost: "50ms" })],
    ["latency, compared", latency({ timesBaseline: 3 })],
  ])("leads back when a gate fails: %s", async (_, gate) => {
    const router = memoryRouter()
    const gated = canaryOf([gate])
    const world = await began(2, gated, makeWorld(router))
    const error = await withTraffic(
      router,
      (id) => id.includes("-r2-"),
      () => caught(() => to(world, gated, 2)),
    )
    expect([error.code, error.cause]).toEqual(["FC_ROLLOUT_REVERTED", expect.objectContaining({ code: "FC_GATE" })])
    expect(await world.seen()).toEqual(["web-r1-1:1:ready", "web-r1-2:1:ready"])
    expect((await router.list()).map(({ weight }) => weight)).toEqual([100, 100])
  })

  it("without traffic is inconclusive: it waits, and passes nothing by itself", async () => {
    const gated = canaryOf([errorRate()])
    const world = await began(2, gated)
    const rollout = to(world, gated, 2)
    await until(world, (log) => log.split('"verdict":"inconclusive"').length > 2)
    await sleep(300)
    expect((await world.seen()).map((line) => line.split(":")[1])).toEqual(["1", "1", "2"])
    await tell(somebody(world), gated, "promote")
    expect(Object.values((await rollout).versions)).toEqual([2, 2])
  })

  it("asks what stands outside, too", async () => {
    const gated = canaryOf([{ kind: "http", url: "http://metrics/", status: [200], withinMs: 1 }])
    const world = await began(2, gated)
    const bench = { ...world.controller(), check: async () => ({ good: false, said: "status 418" }) }
    const error = await caught(async () => rollOut(bench, gated, { bundle: await webBundle(2) }))
    expect(error.message).toBe("http://metrics/: status 418; release 1 is in force")
  })

  it("gives requests back bit by bit, where most of them had gone over", async () => {
    const router = memoryRouter()
    const weights: number[][] = []
    const watched = {
      ...router,
      weigh: async (given: ReadonlyMap<string, number>) => {
        weights.push([...given].toSorted().map(([, weight]) => weight))
        await router.weigh(given)
      },
    }
    const steep = fleetOf(canary({ steps: [{ weight: 80 }], gates: [] }), { ramp: "40ms" })
    const world = await began(2, steep, makeWorld(watched))
    const rollout = caught(() => to(world, steep, 2))
    await until(world, (log) => log.includes('"name":"begun:0"'))
    weights.length = 0
    await tell(somebody(world), steep, "abort")
    await rollout
    const shares = weights.map(([a = 0, b = 0, c = 0]) => Math.round((100 * c) / (a + b + c)))
    expect(shares).toEqual([60, 40, 20, 33])
  })
})
