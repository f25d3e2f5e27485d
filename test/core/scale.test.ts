import { describe, expect, it } from "vitest"
import type { Fleet, ProbeTarget } from "../../src/contract/index.ts"
import { readFleet } from "../../src/core/ledger.ts"
import { parsePlan } from "../../src/core/plan/saved.ts"
import { openPlan, savePlan } from "../../src/core/plan-file.ts"
import { planFleet } from "../../src/core/plan-fleet.ts"
import { bundle } from "../../src/core/release.ts"
import { abortRollout, rollOut } from "../../src/core/rollout/rollout.ts"
import { tell } from "../../src/core/rollout/tell.ts"
import { planScale } from "../../src/core/scale.ts"
import { file } from "../../src/resources/index.ts"
import { fleet, local, replace, spec } from "../../src/spec/index.ts"
import { blueGreen, rolling } from "../../src/strategies/index.ts"
import { testBench } from "../support/bench.ts"
import { caught } from "../support/catch.ts"
import { nameFleet } from "../support/fleet.ts"
import { mortalLife } from "../support/mortal.ts"
import { apply, makeWorld, type Policy, policies, type World, webBundle, webFleet, webSpec } from "./rollout-fixture.ts"

const all = Object.keys(policies) as readonly Policy[]

const ready = (release: number, count: number): readonly string[] => Array(count).fill(`${release}:ready`)

const seen = async (world: World): Promise<readonly string[]> =>
  (await world.seen()).map((line) => line.replace(/.*?:/, ""))

const scale = (world: World, which: Fleet, count: number) => rollOut(world.controller(), which, { scale: count })

const planned = async (world: World, which: Fleet, version = 1) =>
  planFleet(world.controller(), which, await webBundle(version))

/** What is there now stays well, and nothing that comes does. */
const onlyTheseWell = async (world: World) => {
  const bench = world.controller()
  const well = new Set((await world.engine.list()).map(({ address }) => address))
  return {
    ...bench,
    probe: async ({ address }: ProbeTarget) =>
      well.has(address)
        ? ({ healthy: true, afterMs: 1 } as const)
        : ({ healthy: false, lastError: "refused" } as const),
  }
}

describe.each(all)("a fleet that is scaled, %s", (policy) => {
  it.each([
    [1, 3],
    [3, 1],
    [2, 5],
    [2, 0],
    [0, 2],
  ])("goes from %i instances to %i, with no new release", async (before, after) => {
    const world = makeWorld()
    await apply(world, policy, 1, before)
    const names = (await world.engine.list()).map(({ name }) => name)
    const { release, created, mixedSeconds } = await scale(world, webFleet(policy, before), after)
    expect([release, created, mixedSeconds]).toEqual([1, Math.max(0, after - before), 0])
    expect(await seen(world)).toEqual(ready(1, after))
    const kept = (await world.engine.list()).filter(({ name }) => names.includes(name))
    expect([kept.length, world.sins]).toEqual([Math.min(before, after), []])
    expect((await readFleet(world.store, "web")).releases.length).toBe(1)
    expect((await planned(world, webFleet(policy, before))).empty).toBe(true)
  })

  it("stays so through applies and releases, until the configuration's count is another", async () => {
    const world = makeWorld()
    await apply(world, policy, 1, 2)
    await scale(world, webFleet(policy, 2), 4)
    await apply(world, policy, 1, 2)
    expect(await seen(world)).toEqual(ready(1, 4))
    await apply(world, policy, 2, 2)
    expect(await seen(world)).toEqual(ready(2, 4))
    await rollOut(world.controller(), webFleet(policy, 2), { release: 1 })
    expect(await seen(world)).toEqual(ready(1, 4))
    await apply(world, policy, 1, 3)
    expect(await seen(world)).toEqual(ready(1, 3))
    await apply(world, policy, 1, 2)
    expect(await seen(world)).toEqual(ready(1, 2))
    expect(world.sins).toEqual([])
  })

  it("is as before when what was to come is not well", async () => {
    const world = makeWorld()
    await apply(world, policy, 1, 2)
    const before = await world.seen()
    const bench = await onlyTheseWell(world)
    const error = await caught(() => rollOut(bench, webFleet(policy, 2), { scale: 4 }))
    expect([error.code, error.message]).toEqual([
      "FC_ROLLOUT_REVERTED",
      expect.stringMatching(/was not healthy .*; release 1 is in force, with 2 instances$/),
    ])
    expect([await world.seen(), world.sins]).toEqual([before, []])
    expect((await world.router.list()).length).toBe(2)
    expect((await planned(world, webFleet(policy, 2))).empty).toBe(true)
  })

  it("is as before when some were to go and could not", async () => {
    const world = makeWorld()
    await apply(world, policy, 1, 3)
    const bench = world.controller()
    const removing: string[] = []
    const remove = async (name: string): Promise<void> => {
      removing.push(name)
      if (removing.length === 2) throw new Error("the disk is full")
      await world.engine.remove(name)
    }
    const engine = { ...bench.engine(), remove }
    const error = await caught(() => rollOut({ ...bench, engine: () => engine }, webFleet(policy), { scale: 1 }))
    expect(error.code).toBe("FC_ROLLOUT_REVERTED")
    expect([await seen(world), world.sins]).toEqual([ready(1, 3), []])
  })

  it.each([
    [2, 4],
    [4, 2],
  ])("is as before when a release fails that comes with another count: %i, then %i", async (before, after) => {
    const world = makeWorld()
    await apply(world, policy, 1, before)
    world.sick.add(2)
    expect((await caught(() => apply(world, policy, 2, after))).code).toBe("FC_ROLLOUT_REVERTED")
    expect([await seen(world), world.sins]).toEqual([ready(1, before), []])
    await apply(world, policy, 1, after)
    expect(await seen(world)).toEqual(ready(1, after))
  })

  it("makes up for one that died, and keeps what is well when that fails", async () => {
    const world = makeWorld()
    await apply(world, policy, 1, 2)
    await scale(world, webFleet(policy, 2), 3)
    await world.engine.stop("web-r1-2")
    await world.engine.remove("web-r1-2")
    const bench = await onlyTheseWell(world)
    const error = await caught(async () => rollOut(bench, webFleet(policy, 2), { bundle: await webBundle(1) }))
    expect([error.code, await seen(world)]).toEqual(["FC_ROLLOUT_REVERTED", ready(1, 2)])
    await apply(world, policy, 1, 2)
    expect(await seen(world)).toEqual(ready(1, 3))
  })
})

describe("a fleet without a router", () => {
  const bare = (count: number): Fleet =>
    nameFleet(fleet(webSpec(1), { on: local({ count }), by: replace({ strategy: rolling() }) }))

  it("is scaled, and as before when that fails", async () => {
    const world = makeWorld()
    await rollOut(world.controller(), bare(2), { bundle: await webBundle(1) })
    await scale(world, bare(2), 3)
    const before = (await world.engine.list()).map(({ name }) => name)
    const bench = await onlyTheseWell(world)
    expect((await caught(() => rollOut(bench, bare(2), { scale: 5 }))).code).toBe("FC_ROLLOUT_REVERTED")
    expect((await world.engine.list()).map(({ name }) => name)).toEqual(before)
    await scale(world, bare(2), 1)
    expect((await world.engine.list()).length).toBe(1)
  })
})

describe("the plan of a scale", () => {
  it("says from how many to how many, and what the configuration says", async () => {
    const world = makeWorld()
    await apply(world, "rolling", 1, 3)
    const plan = await planScale(world.controller(), webFleet("rolling"), 5, false)
    expect([plan.from, plan.to, plan.release, plan.empty]).toEqual([1, 1, [], false])
    expect(plan.size).toEqual({ from: 3, to: 5, configured: 3 })
    expect([plan.forecast.created, plan.forecast.retired, plan.forecast.peak]).toEqual([2, 0, 5])
    expect((await planScale(world.controller(), webFleet("rolling"), 3, false)).empty).toBe(true)
  })

  it("is there too where the number is right by chance and the log says another", async () => {
    const world = makeWorld()
    await apply(world, "rolling", 1, 3)
    await world.engine.remove("web-r1-3")
    const plan = await planScale(world.controller(), webFleet("rolling"), 2, false)
    expect([plan.forecast.rounds, plan.empty]).toEqual([0, false])
    await scale(world, webFleet("rolling"), 2)
    expect(await seen(world)).toEqual(ready(1, 2))
    expect((await planned(world, webFleet("rolling"))).empty).toBe(true)
  })

  it("makes a plan stale that was saved before", async () => {
    const world = makeWorld()
    const bundled = await webBundle(2)
    const which = webFleet("rolling")
    await apply(world, "rolling", 1)
    const bench = world.controller()
    const plan = await planFleet(bench, which, bundled)
    const saved = parsePlan(await savePlan(bench, [{ fleet: which, bundled, plan }]), "web.plan")
    expect((await openPlan(bench, [which], saved, "web.plan")).length).toBe(1)
    await scale(world, which, 5)
    const error = await caught(() => openPlan(world.controller(), [which], saved, "web.plan"))
    expect([error.code, error.message]).toEqual(["FC_PLAN_STALE", expect.stringContaining("it is to have 5 instances")])
  })

  it("does not come back once the configuration said the same number by itself", async () => {
    const world = makeWorld()
    await apply(world, "rolling", 1, 3)
    await scale(world, webFleet("rolling"), 5)
    expect((await planned(world, webFleet("rolling", 5))).empty).toBe(false)
    await apply(world, "rolling", 1, 5)
    await apply(world, "rolling", 1, 3)
    expect(await seen(world)).toEqual(ready(1, 3))
  })

  it("refuses a second instance over a volume that only one may hold", async () => {
    const world = makeWorld()
    const which = nameFleet(
      fleet(
        spec("web", {
          resources: [file("/etc/motd", { content: "hello" })],
          port: 80,
          health: { path: "/v1", within: "1s" },
          volumes: { data: { path: "/srv/data" } },
        }),
        { on: local({ count: 1 }), by: replace({ strategy: rolling() }), listen: 8080 },
      ),
    )
    await rollOut(world.controller(), which, { bundle: await bundle(which.spec, "/") })
    const error = await caught(() => planScale(world.controller(), which, 2, false))
    expect([error.code, error.message]).toEqual(["FC_VOLUME_EXCLUSIVE", expect.stringContaining("2 instances")])
  })
})

describe("a scale", () => {
  it("is refused before a first release, and after the fleet was destroyed", async () => {
    const error = await caught(() => planScale(makeWorld().controller(), webFleet("rolling"), 2, false))
    expect([error.code, error.remedy]).toEqual(["FC_SCALE", "fireclay apply web"])
    const world = makeWorld()
    await apply(world, "rolling", 1)
    await scale(world, webFleet("rolling"), 2)
    await world.store.append([{ fleet: "web", kind: "fleet.destroyed", body: {} }])
    expect((await caught(() => scale(world, webFleet("rolling"), 2))).code).toBe("FC_SCALE")
    expect((await readFleet(world.store, "web")).sizing).toBeUndefined()
  })

  it("is refused while another run works on the fleet", async () => {
    const world = makeWorld()
    await apply(world, "blue-green", 1)
    const held = Promise.withResolvers<void>()
    const slow = {
      ...world.controller(),
      probe: () => held.promise.then(() => ({ healthy: true, afterMs: 1 }) as const),
    }
    const rolling = rollOut(slow, webFleet("blue-green"), { bundle: await webBundle(2) })
    while ((await world.store.holder("web")) === undefined) await testBench().sleep(1)
    const second = { ...world.controller(), isDead: () => false }
    expect((await caught(() => rollOut(second, webFleet("blue-green"), { scale: 5 }))).code).toBe("FC_LEASE_HELD")
    held.resolve()
    await rolling
    expect(await seen(world)).toEqual(ready(2, 3))
  })

  it("does not go on with a rollout that was cut off, unless it is to take that over", async () => {
    const world = makeWorld()
    await apply(world, "canary", 1)
    const life = mortalLife()
    const waiting = {
      ...policies.canary,
      options: { ...policies.canary.options, steps: [{ weight: 50, forMs: null }] },
    }
    const which = nameFleet(
      fleet(webSpec(1), { on: local({ count: 3 }), by: replace({ strategy: waiting }), listen: 8080 }),
    )
    void rollOut(world.controller(life), which, { bundle: await webBundle(2) })
    while (!(await world.controller().kinds()).includes("rollout.marked")) await testBench().sleep(5)
    life.kill()
    const error = await caught(() => rollOut(world.controller(), which, { scale: 4 }))
    expect([error.code, error.remedy]).toEqual(["FC_SCALE", expect.stringContaining("fireclay abort web")])
    const promoted = rollOut(world.controller(), which, { scale: 4, takeOver: true })
    await tell(world.controller(), which, "promote")
    expect((await promoted).release).toBe(2)
    expect(await seen(world)).toEqual(ready(2, 4))
    expect((await planned(world, which, 2)).size).toEqual({ from: 4, to: 4, configured: 3 })
  })

  it("takes over from a rollout that is under way, and goes on with it in the new size", async () => {
    const world = makeWorld()
    const which = nameFleet(
      fleet(webSpec(1), {
        on: local({ count: 3 }),
        by: replace({ strategy: blueGreen({ promote: "hand" }), drain: "1s" }),
        listen: 8080,
      }),
    )
    await rollOut(world.controller(), which, { bundle: await webBundle(1) })
    const first = caught(async () => rollOut(world.controller(), which, { bundle: await webBundle(2) }))
    while (!(await world.controller().kinds()).includes("rollout.marked")) await testBench().sleep(5)
    const living = { ...world.controller(), isDead: () => false }
    const second = rollOut(living, which, { scale: 5, takeOver: true })
    expect((await first).code).toBe("FC_ROLLOUT_YIELDED")
    await tell(living, which, "promote")
    expect([(await second).release, await seen(world), world.sins]).toEqual([2, ready(2, 5), []])
  })

  it("that was cut off is aborted to what there was", async () => {
    const world = makeWorld()
    await apply(world, "rolling", 1, 2)
    const life = mortalLife()
    const bench = world.controller(life)
    const engine = bench.engine()
    const create: typeof engine.create = async (want) => {
      const made = await engine.create(want)
      if (want.name === "web-r1-4") life.kill()
      return made
    }
    void rollOut({ ...bench, engine: () => ({ ...engine, create }) }, webFleet("rolling", 2), { scale: 6 })
    while ((await world.engine.list()).length < 4) await testBench().sleep(5)
    await abortRollout(world.controller(), webFleet("rolling", 2))
    expect(await world.seen()).toEqual(["web-r1-1:1:ready", "web-r1-2:1:ready"])
    expect((await planned(world, webFleet("rolling", 2))).empty).toBe(true)
  })

  it("keeps the old set that blue-green left aside", async () => {
    const world = makeWorld()
    const which = nameFleet(
      fleet(webSpec(1), {
        on: local({ count: 2 }),
        by: replace({ strategy: blueGreen({ keep: "1h" }), drain: "1s" }),
        listen: 8080,
      }),
    )
    for (const version of [1, 2]) await rollOut(world.controller(), which, { bundle: await webBundle(version) })
    const { kept } = await scale(world, which, 3)
    expect(kept).toEqual(["web-r1-1", "web-r1-2"])
    await scale(world, which, 1)
    expect(await seen(world)).toEqual(["1:drain", "1:drain", "2:ready"])
    const back = await rollOut(world.controller(), which, { release: 1, back: true })
    expect([back.created, world.sins]).toEqual([0, []])
    expect((await seen(world)).filter((line) => line.endsWith("ready"))).toEqual(ready(1, 1))
  })

  it("runs a release's task on the first instance that there is", async () => {
    const world = makeWorld()
    const withTask = spec("web", {
      resources: [],
      run: { command: ["/usr/bin/true"] },
      release: { command: ["/usr/bin/migrate"] },
    })
    const which = nameFleet(fleet(withTask, { on: local({ count: 0 }), by: replace({ strategy: rolling() }) }))
    await rollOut(world.controller(), which, { bundle: await bundle(withTask, "/") })
    const tasks = async () =>
      (await world.controller().kinds()).filter((kind) => kind === "rollout.task-finished").length
    expect(await tasks()).toBe(0)
    await scale(world, which, 2)
    await scale(world, which, 4)
    expect(await tasks()).toBe(1)
  })
})
