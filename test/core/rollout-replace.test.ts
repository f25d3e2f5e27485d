import { describe, expect, it } from "vitest"
import type { ProbeAnswer, ProbeTarget } from "../../src/contract/index.ts"
import { rollOut } from "../../src/core/rollout/rollout.ts"
import { memoryRouter } from "../../src/routers/index.ts"
import { caught } from "../support/catch.ts"
import { apply, makeWorld, type Policy, policies, webBundle, webFleet } from "./rollout-fixture.ts"

const ready = (release: number, ...numbers: readonly number[]): readonly string[] =>
  numbers.map((number) => `web-r${release}-${number}:${release}:ready`)

const all = Object.keys(policies) as readonly Policy[]

describe.each(all)("a rollout by replacement, %s", (policy) => {
  it("makes the first release serve", async () => {
    const world = makeWorld()
    const { seconds, moves, ...result } = await apply(world, policy, 1)
    expect(result).toEqual({
      peak: 3,
      mixedSeconds: 0,
      kept: [],
      fleet: "web",
      release: 1,
      from: undefined,
      created: 3,
      versions: { "web-r1-1": 1, "web-r1-2": 1, "web-r1-3": 1 },
    })
    expect(await world.seen()).toEqual(ready(1, 1, 2, 3))
    const kinds = await world.controller().kinds()
    expect([kinds.slice(0, 4), kinds.at(-1)]).toEqual([
      ["release.created", "image.baked", "image.built", "rollout.started"],
      "rollout.finished",
    ])
    expect(await world.store.verify()).toBeUndefined()
  })

  it("replaces it by the second, and never removes what takes requests", async () => {
    const world = makeWorld()
    await apply(world, policy, 1)
    const { from, release, created } = await apply(world, policy, 2)
    expect([from, release, created]).toEqual([1, 2, 3])
    expect(await world.seen()).toEqual(ready(2, 1, 2, 3))
    expect((await world.router.list()).map(({ id }) => id).toSorted()).toEqual(["web-r2-1", "web-r2-2", "web-r2-3"])
    expect(world.sins).toEqual([])
  })

  it("does nothing when nothing changed", async () => {
    const world = makeWorld()
    await apply(world, policy, 1)
    const before = await world.engine.list()
    const { release, created, moves } = await apply(world, policy, 1)
    expect([release, created, moves, await world.engine.list()]).toEqual([1, 0, 0, before])
  })

  it("does not wait for an instance that has ended", async () => {
    const world = makeWorld()
    await apply(world, policy, 1)
    const bench = world.controller()
    const dying = {
      ...bench,
      probe: async (target: ProbeTarget, signal?: AbortSignal): Promise<ProbeAnswer> => {
        if (target.health.path !== "/v2") return bench.probe(target, signal)
        const made = (await world.engine.list()).filter(({ release }) => release === 2)
        for (const { name } of made) await world.engine.stop(name)
        // As long as the rollout waits.
        await new Promise((resolve) => signal?.addEventListener("abort", resolve, { once: true }))
        return { healthy: false, lastError: "cancelled" }
      },
    }
    const error = await caught(async () => rollOut(dying, webFleet(policy), { bundle: await webBundle(2) }))
    expect(error.code).toBe("FC_ROLLOUT_REVERTED")
    expect(error.message).toMatch(/^web-r2-\d ended before it was healthy; release 1 is in force$/)
    expect((await world.seen()).filter((line) => line.endsWith(":1:ready"))).toHaveLength(3)
  })

  it("takes everything back when the new release is not healthy, and serves as before", async () => {
    const world = makeWorld()
    await apply(world, policy, 1)
    world.sick.add(2)
    const error = await caught(() => apply(world, policy, 2))
    expect(error.code).toBe("FC_ROLLOUT_REVERTED")
    expect(error.message).toMatch(/^web-r2-\d was not healthy within 1 s: refused; release 1 is in force$/)
    expect(error.details.map((line) => line.replace(/^web-r1-\d: /, ""))).toEqual([
      "release 1",
      "release 1",
      "release 1",
    ])
    expect(await world.seen()).toEqual(ready(1, 1, 2, 3))
    expect((await world.router.list()).map(({ id }) => id).toSorted()).toEqual(["web-r1-1", "web-r1-2", "web-r1-3"])
    expect((await world.controller().kinds()).at(-1)).toBe("rollout.reverted")
    expect(world.sins).toEqual([])
  })

  it("leaves nothing of a first release that is not healthy", async () => {
    const world = makeWorld()
    world.sick.add(1)
    const error = await caught(() => apply(world, policy, 1))
    expect([error.code, error.message]).toEqual([
      "FC_ROLLOUT_REVERTED",
      expect.stringMatching(/; nothing of it stays$/),
    ])
    expect([await world.seen(), await world.router.list()]).toEqual([[], []])
  })

  it("goes back to an earlier release by its number", async () => {
    const world = makeWorld()
    await apply(world, policy, 1)
    await apply(world, policy, 2)
    const { release, from } = await rollOut(world.controller(), webFleet(policy), { release: 1 })
    expect([release, from, await world.seen()]).toEqual([1, 2, ready(1, 1, 2, 3)])
    expect(world.sins).toEqual([])
  })

  it.each([
    [3, 2],
    [2, 4],
    [3, 0],
  ])("goes from %i instances to %i without a new release", async (before, after) => {
    const world = makeWorld()
    await apply(world, policy, 1, before)
    const { release, created } = await apply(world, policy, 1, after)
    expect([release, created]).toEqual([1, Math.max(0, after - before)])
    expect((await world.seen()).map((line) => line.replace(/.*?:/, ""))).toEqual(Array(after).fill("1:ready"))
    expect(world.sins).toEqual([])
  })

  it("makes up for an instance that died", async () => {
    const world = makeWorld()
    await apply(world, policy, 1)
    await world.engine.stop("web-r1-2")
    const { created } = await apply(world, policy, 1)
    expect([created, await world.seen()]).toEqual([1, ready(1, 1, 2, 3)])
  })

  it("stops between two rounds when it is cancelled, and takes back what it did", async () => {
    const world = makeWorld()
    await apply(world, policy, 1)
    const abort = new AbortController()
    const bench = { ...world.controller(), signal: abort.signal, progress: () => abort.abort() }
    const error = await caught(async () => rollOut(bench, webFleet(policy), { bundle: await webBundle(2) }))
    expect([error.code, await world.seen()]).toEqual(["FC_CANCELLED", ready(1, 1, 2, 3)])
  })

  it("says so when it cannot be taken back either", async () => {
    const world = makeWorld()
    await apply(world, policy, 1)
    world.sick.add(2)
    world.sick.add(1)
    const bench = world.controller()
    const engine = { ...world.engine, remove: () => Promise.reject(new Error("the disk is full")) }
    const error = await caught(async () =>
      rollOut({ ...bench, engine: () => engine }, webFleet(policy), { bundle: await webBundle(2) }),
    )
    expect([error.code, error.message]).toEqual([
      "FC_ROLLOUT_FAILED",
      expect.stringContaining("; undoing failed too: "),
    ])
    expect((await bench.kinds()).at(-1)).toBe("rollout.failed")
  })
})

describe("a rollout by replacement", () => {
  it("is refused while another controller works on the fleet", async () => {
    const world = makeWorld()
    const first = world.controller()
    const held = Promise.withResolvers<void>()
    const slow = { ...first, probe: () => held.promise.then(() => ({ healthy: true, afterMs: 1 }) as const) }
    const rolling = rollOut(slow, webFleet("blue-green"), { bundle: await webBundle(1) })
    const second = { ...world.controller(), isDead: () => false }
    const error = await caught(async () => rollOut(second, webFleet("blue-green"), { bundle: await webBundle(2) }))
    expect([error.code, error.at]).toEqual(["FC_LEASE_HELD", "fleets.web"])
    held.resolve()
    expect((await rolling).release).toBe(1)
    expect(await world.seen()).toEqual(ready(1, 1, 2, 3))
  })

  it("gives the lease back when it fails", async () => {
    const world = makeWorld()
    world.sick.add(1)
    await caught(() => apply(world, "blue-green", 1))
    const second = { ...world.controller(), isDead: () => false }
    expect((await rollOut(second, webFleet("blue-green"), { bundle: await webBundle(2) })).release).toBe(2)
  })

  it("removes an instance only once nothing is in flight on it", async () => {
    const inFlight = new Map<string, number>()
    const router = memoryRouter({
      inFlight: (id) => {
        const left = inFlight.get(id) ?? 0
        inFlight.set(id, Math.max(0, left - 1))
        return left
      },
    })
    const removed: (readonly [string, number | undefined])[] = []
    const world = makeWorld({
      ...router,
      remove: async (ids) => {
        for (const id of ids) removed.push([id, inFlight.get(id)])
        await router.remove(ids)
      },
    })
    await apply(world, "blue-green", 1)
    for (const number of [1, 2, 3]) inFlight.set(`web-r1-${number}`, 5)
    await apply(world, "blue-green", 2)
    expect(removed.toSorted()).toEqual([1, 2, 3].map((number) => [`web-r1-${number}`, 0]))
  })

  it("waits no longer than the deadline for what never ends", async () => {
    const world = makeWorld(memoryRouter({ inFlight: () => 1 }))
    const bundles = [await webBundle(1), await webBundle(2)]
    for (const each of bundles) await rollOut(world.controller(), webFleet("blue-green", 2, "60ms"), { bundle: each })
    expect(await world.seen()).toEqual(ready(2, 1, 2))
  })

  it("refuses a release that is not known", async () => {
    const error = await caught(() => rollOut(makeWorld().controller(), webFleet("rolling"), { release: 4 }))
    expect(error.code).toBe("FC_RELEASE_UNKNOWN")
  })
})
