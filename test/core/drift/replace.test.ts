import { afterEach, beforeEach, describe, expect, it, vi } from "vitest"
import type { FleetDrift } from "../../../src/core/drift/drift.ts"
import { replaceDrifted } from "../../../src/core/drift/replace.ts"
import { readFleet } from "../../../src/core/ledger.ts"
import { bundle } from "../../../src/core/release.ts"
import { strategyToReplace } from "../../../src/core/rollout/drifted.ts"
import { abortRollout, rollOut } from "../../../src/core/rollout/rollout.ts"
import { pkg } from "../../../src/resources/index.ts"
import { fleet, inPlace, local, replace, spec, ssh } from "../../../src/spec/index.ts"
import { allAtOnce, rolling } from "../../../src/strategies/index.ts"
import { nameFleet } from "../../support/fleet.ts"
import { lifeUntil } from "../../support/mortal.ts"
import { apply, makeWorld, type Policy, policies, type World, webFleet, webSpec } from "../rollout-fixture.ts"

// A dead controller's lease is renewed by nobody, and its timers must not outlive the test.
beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] })
})
afterEach(() => {
  vi.useRealTimers()
})

const found = (...names: readonly string[]): FleetDrift => ({
  fleet: "web",
  release: 1,
  expired: [],
  machines: names.map((machine) => ({
    ...{ machine, declared: [], ignored: [], data: 0, varied: 0 },
    undeclared: [{ kind: "program", what: "/tmp/x", change: "added", details: [] }],
  })),
})

/** Each instance by name and when it was made: another of the same name is another. */
const made = async ({ engine }: World): Promise<readonly string[]> =>
  (await engine.list()).map(({ name, createdAt }) => `${name} ${createdAt}`)

const states = async (world: World): Promise<readonly string[]> =>
  (await world.seen()).map((line) => line.replace(/.*?:/, ""))

const evidenceOf = async ({ store }: World): Promise<readonly string[]> =>
  (await store.events({ kind: "drift.replaced" })).map(({ body }) => String(body.machine))

const all = Object.keys(policies) as readonly Policy[]

describe.each(all)("instances that drifted, where the fleet goes by %s", (policy) => {
  it("go, and no others, once what was written on them is kept", async () => {
    const world = makeWorld()
    await apply(world, policy, 1)
    const [one, two, three] = await made(world)
    const replaced = await replaceDrifted(world.controller(), webFleet(policy), found("web-r1-1", "web-r1-3"))
    const after = await made(world)
    expect([one, two, three].map((each) => after.includes(each ?? ""))).toEqual([false, true, false])
    expect([await states(world), world.sins]).toEqual([Array(3).fill("1:ready"), []])
    expect(replaced?.evidence.map(({ machine }) => machine).toSorted()).toEqual(["web-r1-1", "web-r1-3"])
    expect(replaced?.evidence[0]).toEqual({
      machine: expect.any(String),
      place: expect.stringMatching(/^\.fireclay\/evidence\/web\/web-r1-\d-\d{4}-\d\d-\d\dT\d\d-\d\d-\d\d\.\d{3}Z$/),
      digest: expect.stringMatching(/^sha256:/),
    })
    expect(replaced?.rollout.created).toBe(2)
    expect((await readFleet(world.store, "web")).open).toBeUndefined()
  })

  it("are gone after the next apply, wherever the controller died, and never without their evidence", async () => {
    for (let moment = 1; ; moment += 1) {
      const world = makeWorld()
      await apply(world, policy, 1)
      const before = await made(world)
      const life = lifeUntil(moment)
      const ended = replaceDrifted(world.controller(life), webFleet(policy), found("web-r1-1", "web-r1-3"))
      const died = await Promise.race([ended.then(() => false), life.died.then(() => true)])
      const begun = (await world.store.events({ kind: "rollout.started" })).length > 1
      await apply(world, policy, 1)
      const after = await made(world)
      const staying = before.filter((each) => after.includes(each)).map((each) => each.replace(/ .*/, ""))
      expect([moment, staying]).toEqual([moment, begun ? ["web-r1-2"] : ["web-r1-1", "web-r1-2", "web-r1-3"]])
      expect([moment, new Set(await evidenceOf(world))]).toEqual([
        moment,
        new Set(begun ? ["web-r1-1", "web-r1-3"] : []),
      ])
      expect([moment, await states(world), world.sins]).toEqual([moment, Array(3).fill("1:ready"), []])
      if (!died) break
    }
  }, 60_000)

  it("leave as many serving as there were where an abort follows, wherever the controller died", async () => {
    for (let moment = 1; ; moment += 1) {
      const world = makeWorld()
      await apply(world, policy, 1)
      const life = lifeUntil(moment)
      const ended = replaceDrifted(world.controller(life), webFleet(policy), found("web-r1-1", "web-r1-3"))
      const died = await Promise.race([ended.then(() => false), life.died.then(() => true)])
      const { open } = await readFleet(world.store, "web")
      if (open !== undefined) await abortRollout(world.controller(), webFleet(policy))
      expect([moment, await states(world), world.sins]).toEqual([moment, Array(3).fill("1:ready"), []])
      const record = await readFleet(world.store, "web")
      expect([moment, record.open, record.current]).toEqual([moment, undefined, 1])
      if (!died) break
    }
  }, 60_000)
})

describe("replacing what drifted", () => {
  it.each([rolling(), allAtOnce()])("lets go of a volume that only one may hold first, by $name", async (strategy) => {
    const shop = spec("shop", { resources: [pkg("jq")], volumes: { data: "/srv/data" } })
    const one = nameFleet(fleet(shop, { on: local({ count: 1 }), by: replace({ strategy }) }))
    const world = makeWorld()
    await rollOut(world.controller(), one, { bundle: await bundle(shop, "/") })
    const [before] = await made(world)
    const replaced = await replaceDrifted(world.controller(), one, { ...found("web-r1-1"), fleet: one.name })
    const after = await made(world)
    expect([replaced?.rollout.peak, after.length, after.includes(before ?? "")]).toEqual([1, 1, false])
    expect(await evidenceOf(world)).toEqual([before?.replace(/ .*/, "")])
  })

  it("does nothing where nothing did", async () => {
    const world = makeWorld()
    await apply(world, "rolling", 1)
    const before = await made(world)
    const clean: FleetDrift = { ...found("web-r1-1"), machines: [] }
    expect(await replaceDrifted(world.controller(), webFleet("rolling"), clean)).toBeUndefined()
    expect(await made(world)).toEqual(before)
  })

  it("leaves an instance that cannot be kept evidence of, and it serves", async () => {
    const world = makeWorld()
    await apply(world, "rolling", 1)
    const bench = world.controller()
    const engine = { ...bench.engine(), keepEvidence: () => Promise.reject(new Error("no room")) }
    const ended = replaceDrifted({ ...bench, engine: () => engine }, webFleet("rolling"), found("web-r1-2"))
    await expect(ended).rejects.toMatchObject({
      code: "FC_ROLLOUT_REVERTED",
      message: expect.stringMatching(/^no room/),
    })
    expect(await world.seen()).toEqual(["web-r1-1:1:ready", "web-r1-2:1:ready", "web-r1-3:1:ready"])
    expect(world.sins).toEqual([])
  })

  it.each(["blue-green", "immutable", "rolling-with-additional-batch", "canary"] as const)(
    "lets what drifted go on serving where what should take its place is not well, by %s",
    async (policy) => {
      const world = makeWorld()
      await apply(world, policy, 1)
      const before = await world.seen()
      const bench = world.controller()
      // The three that are there have the addresses before it.
      const probe: typeof bench.probe = async (target, signal) =>
        target.address === "192.0.2.5" ? { healthy: false, lastError: "refused" } : bench.probe(target, signal)
      const ended = replaceDrifted({ ...bench, probe }, webFleet(policy), found("web-r1-2"))
      await expect(ended).rejects.toMatchObject({
        code: "FC_ROLLOUT_REVERTED",
        details: expect.arrayContaining(["web-r1-2: release 1"]),
      })
      expect(await world.seen()).toEqual(before)
      expect([await evidenceOf(world), world.sins]).toEqual([[], []])
    },
  )

  it("keeps evidence also where another release is applied after its controller died", async () => {
    const world = makeWorld()
    await apply(world, "blue-green", 1)
    const life = lifeUntil(40)
    void replaceDrifted(world.controller(life), webFleet("blue-green"), found("web-r1-1"))
    await life.died
    expect((await readFleet(world.store, "web")).open?.drifted?.size).toBe(1)
    await apply(world, "blue-green", 2)
    expect(await states(world)).toEqual(Array(3).fill("2:ready"))
    expect(new Set(await evidenceOf(world))).toEqual(new Set(["web-r1-1"]))
  })

  it("is refused while a rollout to another release has not come to its end", async () => {
    const world = makeWorld()
    await apply(world, "rolling", 1)
    const body = { rollout: "x", from: 1, to: 2, delivery: "replace", strategy: "rolling" }
    await world.store.append([{ fleet: "web", kind: "rollout.started", body }])
    const ended = replaceDrifted(world.controller(), webFleet("rolling"), found("web-r1-1"))
    await expect(ended).rejects.toMatchObject({
      code: "FC_USAGE",
      remedy: expect.stringContaining("fireclay apply web"),
    })
  })

  it("is refused for machines that are kept", async () => {
    const pets = nameFleet(fleet(webSpec(1), { on: ssh({ hosts: ["a"] }), by: inPlace({ strategy: allAtOnce() }) }))
    const ended = replaceDrifted(makeWorld().controller(), pets, found("a"))
    await expect(ended).rejects.toMatchObject({ code: "FC_USAGE", remedy: expect.stringContaining("--fix") })
  })
})

describe("how drifted instances are replaced", () => {
  it.each([
    ["blue-green", { keepMs: 9, promote: "hand" }, { name: "blue-green", options: {} }],
    ["canary", { steps: [] }, { name: "rolling-with-additional-batch", options: { batch: 1 } }],
    ["immutable", { first: 2, togetherMs: 9 }, { name: "immutable", options: { first: 1, togetherMs: 0 } }],
    [
      "rolling",
      { batch: 2, pauseMs: 9, maxUnavailable: 1 },
      { name: "rolling", options: { batch: 2, maxUnavailable: 1 } },
    ],
    ["all-at-once", {}, { name: "all-at-once", options: {} }],
  ])("a fleet by %s tries, waits for and keeps nothing", (name, options, expected) => {
    expect(strategyToReplace({ name, options })).toEqual(expected)
  })
})
