import { describe, expect, it } from "vitest"
import { bake } from "../../src/core/bake.ts"
import { forgetImages, keptReleases, listImages, planPrune } from "../../src/core/images.ts"
import { byLastInForce, loadBundle, readFleet, releaseOf } from "../../src/core/ledger.ts"
import { planFleet } from "../../src/core/plan-fleet.ts"
import { rollOut } from "../../src/core/rollout/rollout.ts"
import type { Workbench } from "../../src/core/workbench.ts"
import { defineProject, fleet, local, replace } from "../../src/spec/index.ts"
import { blueGreen, rolling } from "../../src/strategies/index.ts"
import { nameFleet } from "../support/fleet.ts"
import { makeWorld, type World, webBundle, webSpec } from "./rollout-fixture.ts"

/** A project with a fleet that keeps so many releases, and what is done to it an hour later, when nothing is young any more. */
const projectOf = (history?: number, keep = "0s", images?: { readonly keep: number }) => {
  const strategy = keep === "0s" ? rolling() : blueGreen({ keep: keep as "1h" })
  const made = fleet(webSpec(1), {
    on: local({ count: 1 }),
    by: replace({ strategy, drain: "0s", ramp: "0s", ...(history === undefined ? {} : { history }) }),
    listen: 8080,
  })
  const project = defineProject({
    name: "project",
    fleets: { web: made },
    ...(images === undefined ? {} : { images }),
  })
  const web = nameFleet(made)
  const later = (world: World): Workbench => ({
    ...world.controller(),
    project,
    now: () => Date.now() + 3_600_000,
  })
  return { web, later }
}

const releaseAll = async (world: World, { web, later }: ReturnType<typeof projectOf>, count: number) => {
  const before = (await readFleet(world.store, "web")).releases.length
  for (let version = before + 1; version <= before + count; version += 1)
    await rollOut(later(world), web, { bundle: await webBundle(version) })
}

/** Numbers of the releases that have an image. */
const kept = async (world: World, { later }: ReturnType<typeof projectOf>): Promise<readonly number[]> =>
  (await listImages(later(world)))
    .flatMap(({ releases }) => releases.map(({ release }) => release))
    .toSorted((left, right) => left - right)

describe("the history of a fleet", () => {
  it("is as many images as it says, besides the one in force", async () => {
    const [world, short] = [makeWorld(), projectOf(2)]
    await releaseAll(world, short, 6)
    expect(await kept(world, short)).toEqual([4, 5, 6])
    expect((await readFleet(world.store, "web")).releases.length).toBe(6)
    expect(await world.store.verify()).toBeUndefined()
  })

  it("is ten releases long where the fleet does not say", async () => {
    const [world, plain] = [makeWorld(), projectOf()]
    await releaseAll(world, plain, 11)
    expect((await kept(world, plain)).length).toBe(11)
    await releaseAll(world, plain, 1)
    expect(await kept(world, plain)).toEqual([2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12])
  })

  it("loses nothing: a rollback beyond it says that it bakes, and does", async () => {
    const [world, short] = [makeWorld(), projectOf(1)]
    await releaseAll(world, short, 4)
    expect(await kept(world, short)).toEqual([3, 4])
    const { web, later } = short
    const record = await readFleet(world.store, "web")
    const planBack = async (to: number) =>
      planFleet(later(world), web, await loadBundle(world.store, releaseOf(record, to)), { release: to })
    expect([(await planBack(3)).bakes, (await planBack(1)).bakes]).toEqual([undefined, true])
    const { release } = await rollOut(later(world), web, { release: 1, back: true })
    expect([release, await world.seen()]).toEqual([1, ["web-r1-1:1:ready"]])
    // What was in force before is what somebody may want back, and not the one that was left on purpose.
    expect(await kept(world, short)).toEqual([1, 3])
    await releaseAll(world, short, 1)
    expect(await kept(world, short)).toEqual([1, 5])
  })

  it("keeps what an instance stands on, however old", async () => {
    const [world, short] = [makeWorld(), projectOf(1)]
    await releaseAll(world, short, 1)
    const from = { image: (await listImages(short.later(world)))[0]?.digest ?? "" }
    await world.engine.create({ name: "stray", fleet: "elsewhere", from, volumes: [], scratch: [] })
    await releaseAll(world, projectOf(1, "10h"), 3)
    expect(await kept(world, short)).toEqual([1, 3, 4])
  })

  it("keeps what a rollout that is under way comes from and goes to", async () => {
    const [world, short] = [makeWorld(), projectOf(1)]
    await releaseAll(world, short, 4)
    await bake(short.later(world), "web", await webBundle(1))
    await bake(short.later(world), "web", await webBundle(4))
    await world.store.append([{ fleet: "web", kind: "rollout.started", body: { rollout: "x", from: 4, to: 1 } }])
    await forgetImages(short.later(world), short.web)
    expect(await kept(world, short)).toEqual([1, 3, 4])
  })

  it("keeps an image that is another fleet's too", async () => {
    const [world, short] = [makeWorld(), projectOf(1)]
    const { web, later } = short
    const both = { ...later(world).project, fleets: { web, other: { ...web, name: "other", listen: 8090 } } }
    const bench = (): Workbench => ({ ...later(world), project: both })
    await rollOut(bench(), both.fleets.other, { bundle: await webBundle(1) })
    for (const version of [1, 2, 3, 4]) await rollOut(bench(), web, { bundle: await webBundle(version) })
    const images = await listImages(bench())
    expect(images.flatMap(({ releases }) => releases.map(({ fleet: of, release }) => `${of} ${release}`))).toEqual([
      "web 4",
      "web 3",
      "web 1",
      "other 1",
    ])
  })

  it("waits where somebody may be at work with what is young", async () => {
    const [world, short] = [makeWorld(), projectOf(1)]
    const { web, later } = short
    const now = (): Workbench => ({ ...later(world), now: Date.now })
    for (const version of [1, 2, 3]) await rollOut(now(), web, { bundle: await webBundle(version) })
    expect(await kept(world, short)).toEqual([1, 2, 3])
  })

  it("fails no rollout when an image cannot be removed", async () => {
    const [world, short] = [makeWorld(), projectOf(1)]
    const { web, later } = short
    await releaseAll(world, short, 2)
    const events: string[] = []
    const engine = { ...world.engine, removeImage: () => Promise.reject(new Error("the disk is read-only")) }
    const bench: Workbench = {
      ...later(world),
      engine: () => engine,
      progress: ({ doing }) => events.push(doing),
    }
    expect((await rollOut(bench, web, { bundle: await webBundle(3) })).release).toBe(3)
    expect(events).toContain("images beyond its history could not be removed: the disk is read-only")
    await releaseAll(world, short, 1)
    expect(await kept(world, short)).toEqual([3, 4])
  })

  it.each([
    [{ history: 3 }, 4],
    [{ images: { keep: 2 } }, 2],
    [{ history: 3, images: { keep: 2 } }, 4],
    [{}, 5],
  ])("%j: prune without a number keeps %i", async (given, count) => {
    const { later } = projectOf(
      "history" in given ? given.history : undefined,
      "0s",
      "images" in given ? given.images : undefined,
    )
    expect(keptReleases(later(makeWorld()))("web")).toBe(count)
  })

  it("is counted by when a release was last in force", async () => {
    const [world, long] = [makeWorld(), projectOf(9)]
    await releaseAll(world, long, 4)
    await rollOut(long.later(world), long.web, { release: 2 })
    const record = await readFleet(world.store, "web")
    expect(byLastInForce(record)).toEqual([2, 4, 3, 1])
    expect(byLastInForce({ ...record, rejected: new Set([4]) })).toEqual([2, 3, 1, 4])
    const { remove } = planPrune(await listImages(long.later(world)), { keep: () => 2 })
    expect(remove.flatMap(({ releases }) => releases.map(({ release }) => release))).toEqual([3, 1])
  })
})
