import { afterEach, beforeEach, describe, expect, it, vi } from "vitest"
import { sizingOf } from "../../src/core/fleet-size.ts"
import { readFleet } from "../../src/core/ledger.ts"
import { abortRollout, rollOut } from "../../src/core/rollout/rollout.ts"
import { lifeUntil } from "../support/mortal.ts"
import { apply, makeWorld, type Policy, policies, type World, webFleet } from "./rollout-fixture.ts"

// A dead controller's lease is renewed by nobody, and its timers must not outlive the test.
beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] })
})
afterEach(() => {
  vi.useRealTimers()
})

const states = async (world: World): Promise<readonly string[]> =>
  (await world.seen()).map((line) => line.replace(/.*?:/, ""))

interface Scale {
  readonly policy: Policy
  readonly before: number
  readonly after: number
}

/** Plays a scale through with a death at each moment; what follows answers how many there are to be then. */
const everyDeath = async (
  { policy, before, after }: Scale,
  then: (world: World, moment: number) => Promise<number>,
): Promise<number> => {
  for (let moment = 1; ; moment += 1) {
    const world = makeWorld()
    await apply(world, policy, 1, before)
    const life = lifeUntil(moment)
    const ended = rollOut(world.controller(life), webFleet(policy, before), { scale: after })
    const died = await Promise.race([ended.then(() => false), life.died.then(() => true)])
    const count = await then(world, moment)
    expect([moment, await states(world)]).toEqual([moment, Array(count).fill("1:ready")])
    expect([moment, (await world.router.list()).length, world.sins]).toEqual([moment, count, []])
    const record = await readFleet(world.store, "web")
    expect([moment, record.open, record.releases.length]).toEqual([moment, undefined, 1])
    expect([moment, await world.store.verify()]).toEqual([moment, undefined])
    if (!died) return moment - 1
  }
}

const cases = (Object.keys(policies) as readonly Policy[]).flatMap((policy) => [
  { policy, before: 1, after: 3 },
  { policy, before: 3, after: 1 },
])

describe.each(cases)("a controller that dies while it scales, $policy from $before to $after", (which) => {
  const { policy, before, after } = which
  const given = webFleet(policy, before)

  it("is followed by an apply that goes on to the number that the log says, wherever it died", async () => {
    const wanted = new Set<number>()
    const moments = await everyDeath(which, async (world) => {
      const size = sizingOf(given, await readFleet(world.store, "web"))?.size ?? 0
      wanted.add(size)
      await apply(world, policy, 1, before)
      return size
    })
    expect([...wanted]).toEqual([before, after])
    expect(moments).toBeGreaterThan(20)
  }, 60_000)

  it("is followed by the same scale, or one to another number, wherever it died", async () => {
    await everyDeath(which, async (world, moment) => {
      const count = moment % 2 === 0 ? after : 2
      await rollOut(world.controller(), given, { scale: count })
      return count
    })
  }, 60_000)

  it("is followed by an abort that leaves as many as there were, wherever it died", async () => {
    await everyDeath(which, async (world) => {
      const record = await readFleet(world.store, "web")
      const size = sizingOf(given, { ...record, open: undefined })?.size ?? 0
      if (record.open !== undefined) await abortRollout(world.controller(), given)
      return size
    })
  }, 60_000)
})
