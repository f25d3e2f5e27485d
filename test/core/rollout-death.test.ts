import { afterEach, beforeEach, describe, expect, it, vi } from "vitest"
import { readFleet, releaseOf } from "../../src/core/ledger.ts"
import { rollOut } from "../../src/core/rollout/rollout.ts"
import { caught } from "../support/catch.ts"
import { lifeUntil } from "../support/mortal.ts"
import { apply, makeWorld, type Policy, policies, type World, webBundle, webFleet } from "./rollout-fixture.ts"

// A dead controller's lease is renewed by nobody, and its timers must not outlive the test.
beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] })
})
afterEach(() => {
  vi.useRealTimers()
})

const all = Object.keys(policies) as readonly Policy[]

/** A world at release 1, in which a controller died at a moment of its way to release 2. False: it lived to the end. */
const deathAt = async (policy: Policy, moment: number, world: World): Promise<boolean> => {
  await apply(world, policy, 1)
  const life = lifeUntil(moment)
  const ended = rollOut(world.controller(life), webFleet(policy), { bundle: await webBundle(2) })
  return Promise.race([ended.then(() => false), life.died.then(() => true)])
}

/** Plays it through with a death at each moment. */
const everyDeath = async (
  policy: Policy,
  sick: readonly number[],
  then: (world: World, moment: number) => Promise<void>,
) => {
  for (let moment = 1; ; moment += 1) {
    const world = makeWorld()
    const died = await deathAt(policy, moment, world)
    for (const version of sick) world.sick.add(version)
    await then(world, moment)
    expect([moment, world.sins]).toEqual([moment, []])
    expect([moment, await world.store.verify()]).toEqual([moment, undefined])
    if (!died) return moment - 1
  }
}

const releases = async (world: World): Promise<readonly string[]> =>
  (await world.seen()).map((line) => line.replace(/^web-r\d+-\d+:/, ""))

describe.each(all)("a controller that dies on the way, %s", (policy) => {
  it("is followed by one that gets there, wherever it died", async () => {
    const moments = await everyDeath(policy, [], async (world, moment) => {
      const { release } = await apply(world, policy, 2)
      expect([moment, await releases(world)]).toEqual([moment, Array(3).fill(`${release}:ready`)])
      expect([moment, (await world.router.list()).length]).toEqual([moment, 3])
      const record = await readFleet(world.store, "web")
      expect([moment, record.current, record.open]).toEqual([moment, release, undefined])
      expect([moment, releaseOf(record, release).digest]).toEqual([moment, (await webBundle(2)).digest])
      // One that had not begun to roll out is not gone back to; from there on it is the same release.
      expect(release).toBe(record.releases.length)
    })
    expect(moments).toBeGreaterThan(20)
  }, 60_000)

  it("is followed by one that goes back to what the configuration says again, wherever it died", async () => {
    await everyDeath(policy, [], async (world, moment) => {
      const { current } = await readFleet(world.store, "web")
      await apply(world, policy, 1)
      const wanted = current === 2 ? 3 : 1
      expect([moment, await releases(world)]).toEqual([moment, Array(3).fill(`${wanted}:ready`)])
    })
  }, 60_000)

  it("is followed by one that fails and ends at the release that was in force, wherever it died", async () => {
    await everyDeath(policy, [3], async (world, moment) => {
      const { current } = await readFleet(world.store, "web")
      expect((await caught(() => apply(world, policy, 3))).code).toBe("FC_ROLLOUT_REVERTED")
      expect([moment, await releases(world)]).toEqual([moment, Array(3).fill(`${current}:ready`)])
      expect([moment, (await world.router.list()).length]).toEqual([moment, 3])
    })
  }, 60_000)
})
