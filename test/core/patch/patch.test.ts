import { afterEach, beforeEach, describe, expect, it } from "vitest"
import type { PatchSet, Resource } from "../../../src/contract/index.ts"
import { createRelease, readFleet } from "../../../src/core/ledger.ts"
import { planPatch } from "../../../src/core/patch/patch.ts"
import { patchesOf, withPatches } from "../../../src/core/patch/released.ts"
import { type Bundle, bundle } from "../../../src/core/release.ts"
import { rollOut } from "../../../src/core/rollout/rollout.ts"
import { pkg } from "../../../src/resources/index.ts"
import { spec } from "../../../src/spec/index.ts"
import { caught } from "../../support/catch.ts"
import { type InPlaceWorld, makeInPlaceWorld, specOf } from "../in-place-fixture.ts"

let world: InPlaceWorld
beforeEach(async () => {
  world = await makeInPlaceWorld(3)
})
afterEach(() => world.dispose())

/** As if it had been delivered, or had been on its way when it was stopped, or its controller died. */
const logRelease = async (
  made: Bundle,
  kind: "rollout.finished" | "rollout.stopped" | "rollout.moves",
): Promise<void> => {
  const { number } = await createRelease(world.store, await readFleet(world.store, "web"), made)
  const body = { rollout: `r${number}`, from: null, to: number, versions: {} }
  await world.store.append([
    { fleet: "web", kind: "rollout.started", body },
    { fleet: "web", kind, body },
  ])
}
const release = (...resources: readonly Resource[]): Promise<Bundle> => bundle(spec("web", { resources }), "/")

describe("a patch", () => {
  beforeEach(async () => {
    const tool = "printf 'tool\\t1\\tinstall\\tinstalled\\n'"
    for (const shell of world.shells) await shell.program("dpkg-query", tool)
  })

  const plan = (set: PatchSet, left: readonly string[] = []) =>
    planPatch(world.controller(), world.fleet(), set, new Set(left))
  const setOf = async (...words: Parameters<typeof plan>) => patchesOf((await plan(...words)).bundle.manifest)

  it("is of what was delivered: FC_RELEASE_UNKNOWN where nothing was", async () => {
    expect(await caught(() => setOf({ first: "2" }))).toMatchObject({ code: "FC_RELEASE_UNKNOWN" })
  })

  it("comes on top of those before, in the release in force", async () => {
    await logRelease(withPatches(await release(), { first: "1", second: "1" }), "rollout.finished")
    expect(await setOf({ second: "2", third: "1" })).toEqual({ first: "1", second: "2", third: "1" })
  })

  it("says what it leaves to the spec", async () => {
    await logRelease(await release(pkg("tool", { version: "1" })), "rollout.finished")
    const { pinned, bundle: made } = await plan({ tool: "2", first: "2" })
    expect([pinned, patchesOf(made.manifest)]).toEqual([["tool"], { first: "2" }])
  })

  it.each([
    ["was stopped", "rollout.stopped"],
    ["died", "rollout.moves"],
  ] as const)("takes up those of one that %s, but for what is left out now", async (_, kind) => {
    await logRelease(await release(), "rollout.finished")
    await logRelease(withPatches(await release(), { first: "1", second: "1" }), kind)
    expect(await setOf({ third: "1" })).toEqual({ first: "1", second: "1", third: "1" })
    expect(await setOf({ third: "1" }, ["second"])).toEqual({ first: "1", third: "1" })
  })

  it("waits for the end of a rollout to something else: FC_PATCH", async () => {
    await logRelease(await release(), "rollout.finished")
    await logRelease(await release(pkg("tool")), "rollout.stopped")
    expect(await caught(() => setOf({ first: "1" }))).toMatchObject({ code: "FC_PATCH" })
  })
})

describe("a rollout whose time is up", () => {
  it("stops between two machines: what is done stays, and all serve", async () => {
    await world.apply(1)
    const start = Date.now()
    let patched = 0
    const bench = world.controller()
    const late = {
      ...bench,
      now: () => start + patched * 600_000,
      probe: async (target: Parameters<typeof bench.probe>[0]) => {
        if (target.health.path === "/v2") patched += 1
        return bench.probe(target)
      },
    }
    const want = { bundle: await bundle(specOf(2), "/"), untilMs: start + 500_000 }
    const error = await caught(() => rollOut(late, world.fleet(), want))
    expect(error).toMatchObject({ code: "FC_ROLLOUT_PARTIAL", cause: { code: "FC_PATCH_CLOSED" } })
    expect(await world.versions()).toEqual(["2", "1", "1"])
    expect(await world.serving()).toEqual(["web1", "web2", "web3"])
    expect((await readFleet(world.store, "web")).stopped).toMatchObject({ to: 2 })
    await world.apply(2)
    expect(await world.versions()).toEqual(["2", "2", "2"])
  })

  it("does not begin at all where not even the first fits", async () => {
    await world.apply(1)
    const want = { bundle: await bundle(specOf(2), "/"), untilMs: Date.now() - 1 }
    expect(await caught(() => rollOut(world.controller(), world.fleet(), want))).toMatchObject({
      cause: { code: "FC_PATCH_CLOSED" },
    })
    expect(await world.versions()).toEqual(["1", "1", "1"])
  })
})
