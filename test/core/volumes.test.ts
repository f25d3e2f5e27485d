import { describe, expect, it } from "vitest"
import type { Fleet, Project, StrategyFor } from "../../src/contract/index.ts"
import { rootOf } from "../../src/core/base.ts"
import { deleteVolumes, destroyFleet } from "../../src/core/destroy.ts"
import { planFleet } from "../../src/core/plan-fleet.ts"
import { bundle } from "../../src/core/release.ts"
import { rollOut } from "../../src/core/rollout/rollout.ts"
import {
  chooseVolumes,
  listVolumes,
  rememberProtection,
  unprotectVolume,
  type VolumeStatus,
} from "../../src/core/volumes.ts"
import { file } from "../../src/resources/index.ts"
import { defineProject, fleet, inPlace, local, replace, spec, type VolumeOptions } from "../../src/spec/index.ts"
import { allAtOnce, blueGreen, rolling } from "../../src/strategies/index.ts"
import { testBench } from "../support/bench.ts"
import { caught } from "../support/catch.ts"
import { makeWorld } from "./rollout-fixture.ts"

const withVolumes = (volumes: { readonly [name: string]: string | VolumeOptions }, version = 1) =>
  spec("web", {
    resources: [file("/srv/version", { content: `${version}` })],
    port: 80,
    health: { path: `/v${version}`, within: "1s" },
    volumes,
  })

const project = (
  volumes: { readonly [name: string]: string | VolumeOptions },
  { strategy = rolling(), count = 1 }: { readonly strategy?: StrategyFor<"replace">; readonly count?: number } = {},
): Project & { readonly fleets: { readonly web: Fleet } } =>
  defineProject({
    name: "project",
    fleets: { web: fleet(withVolumes(volumes), { on: local({ count }), by: replace({ strategy }), listen: 80 }) },
  }) as Project & { readonly fleets: { readonly web: Fleet } }

const shared = { path: "/srv/data", access: "shared" } as const

describe("a volume for one instance", () => {
  it.each([
    ["rolling, one", rolling(), 1, undefined],
    ["all at once, one", allAtOnce(), 1, undefined],
    ["rolling, none", rolling(), 0, undefined],
    ["blue-green, one", blueGreen(), 1, "web would have 2 at a time by blue-green, and its volume data is for one"],
    ["rolling, two", rolling(), 2, "web would have 2 instances, and its volume data is for one"],
    ["all at once, three", allAtOnce(), 3, "web would have 3 instances, and its volume data is for one"],
  ] as const)("%s", async (_, strategy, count, message) => {
    const { fleets } = project({ data: "/srv/data" }, { strategy, count })
    const plan = async () => planFleet(testBench(), fleets.web, await bundle(fleets.web.spec, "/"))
    if (message === undefined) return expect((await plan()).forecast.peak).toBeLessThan(2)
    const error = await caught(plan)
    expect([error.code, error.message, error.at]).toEqual(["FC_VOLUME_EXCLUSIVE", message, "specs.web.volumes.data"])
    expect(error.remedy).toContain('{ path: "/srv/data", access: "shared" }')
  })

  it("may be shared, and is then for any number", async () => {
    const { fleets } = project({ data: shared }, { strategy: blueGreen(), count: 3 })
    const plan = await planFleet(testBench(), fleets.web, await bundle(fleets.web.spec, "/"))
    expect(plan.forecast.created).toBe(3)
  })

  it("is let go before the old release takes it back", async () => {
    const world = makeWorld()
    const { fleets } = project({ data: "/srv/data" })
    const apply = async (version: number) =>
      rollOut(world.controller(), fleets.web, {
        bundle: await bundle(withVolumes({ data: "/srv/data" }, version), "/"),
      })
    await apply(1)
    world.sick.add(2)
    const error = await caught(() => apply(2))
    expect(error.code).toBe("FC_ROLLOUT_REVERTED")
    expect(await world.seen()).toEqual(["web-r1-1:1:ready"])
    expect(world.sins).toEqual([])
  })
})

describe("a release", () => {
  const digestOf = async (volumes: Parameters<typeof withVolumes>[0]) =>
    (await bundle(withVolumes(volumes), "/")).digest
  it("is the same however a volume is written, and whether or not it is protected", async () => {
    const plain = await digestOf({ data: "/srv/data" })
    expect(await digestOf({ data: { path: "/srv/data" } })).toBe(plain)
    expect(await digestOf({ data: { path: "/srv/data", access: "exclusive", protect: true } })).toBe(plain)
    expect(await digestOf({ data: shared })).not.toBe(plain)
  })
})

describe("protection", () => {
  const data = { path: "/srv/data", protect: true } as const

  it("outlives the line that declared it, and ends when that is said twice", async () => {
    const bench = testBench()
    const before = project({ data, cache: "/srv/cache" })
    await bench.engine(before.fleets.web).create({
      name: "web-r1-1",
      from: { base: rootOf(before.fleets.web.spec) },
      fleet: "web",
      volumes: before.fleets.web.spec.volumes,
      scratch: [],
    })
    expect(await rememberProtection(bench, before.fleets.web)).toEqual(["data"])
    expect(await rememberProtection(bench, before.fleets.web)).toEqual([])
    const look = async (now: Project) =>
      (await listVolumes({ ...bench, project: now })).map((volume) => [
        volume.name,
        volume.protected,
        volume.orphaned,
        volume.usedBy,
      ])
    const without = project({})
    const none = defineProject({
      name: "project",
      fleets: { api: fleet(withVolumes({}), { on: local({ count: 1 }), by: replace({ strategy: rolling() }) }) },
    })
    const users = ["web-r1-1"]
    expect(await look(before)).toEqual([
      ["data", true, false, users],
      ["cache", false, false, users],
    ])
    for (const now of [without, none])
      expect(await look(now)).toEqual([
        ["data", true, true, users],
        ["cache", false, true, users],
      ])
    const error = await caught(() => unprotectVolume({ ...bench, project: before }, "web/data"))
    expect([error.code, error.at]).toEqual(["FC_VOLUME_PROTECTED", "web/data"])
    expect(await unprotectVolume({ ...bench, project: without }, "data")).toBe("web/data")
    expect((await look(without))[0]).toEqual(["data", false, true, users])
    expect((await caught(() => unprotectVolume(bench, "web/cache"))).code).toBe("FC_VOLUME_UNKNOWN")
  })

  it("covers a volume of each machine in place", async () => {
    const pets = fleet(withVolumes({ data, uploads: shared }), {
      on: local({ machines: 2 }),
      by: inPlace({ strategy: rolling() }),
    })
    const both = defineProject({ name: "project", fleets: { pets } })
    const bench = { ...testBench(), project: both }
    const { provision } = await import("../../src/core/machines.ts")
    const [named] = Object.values(both.fleets)
    if (named === undefined) throw new Error("no fleet")
    await provision(bench, named)
    expect((await listVolumes(bench)).map((volume) => [volume.name, volume.protected, volume.orphaned])).toEqual([
      ["pets-1.data", true, false],
      ["uploads", false, false],
      ["pets-2.data", true, false],
    ])
  })
})

describe("the volumes that are to be deleted", () => {
  const volume = (fleetName: string, name: string, more: Partial<VolumeStatus> = {}): VolumeStatus => ({
    fleet: fleetName,
    name,
    engine: "memory",
    path: "",
    usedBy: [],
    protected: false,
    orphaned: false,
    ...more,
  })
  const all = [
    volume("web", "data"),
    volume("api", "data"),
    volume("api", "logs", { usedBy: ["api-r1-1"] }),
    volume("web", "kept", { protected: true }),
  ]

  it.each([
    ["web/data", undefined, ["web/data"]],
    ["data", "FC_VOLUME_UNKNOWN", []],
    ["nothing", "FC_VOLUME_UNKNOWN", []],
    ["kept", "FC_VOLUME_PROTECTED", []],
    ["logs", "FC_VOLUME_IN_USE", []],
  ] as const)("%s: %s", (name, code, chosen) => {
    const choose = () => chooseVolumes(all, [name], () => false)
    if (code === undefined) expect(choose().map((each) => `${each.fleet}/${each.name}`)).toEqual(chosen)
    else expect(choose).toThrow(expect.objectContaining({ code }))
  })

  it("may be of instances that leave first", async () => {
    const world = makeWorld()
    const { fleets, ...own } = project({ data: "/srv/data" })
    const bench = { ...world.controller(), project: { ...own, fleets } }
    await rollOut(bench, fleets.web, { bundle: await bundle(fleets.web.spec, "/") })
    const chosen = chooseVolumes(await listVolumes(bench), ["data"], () => true)
    await destroyFleet(bench, fleets.web)
    expect((await listVolumes(bench)).map(({ name }) => name)).toEqual(["data"])
    await deleteVolumes(bench, chosen)
    expect([await listVolumes(bench), (await bench.kinds()).at(-1)]).toEqual([[], "volume.deleted"])
  })
})
