import fc from "fast-check"
import { sizingOf } from "../../src/core/fleet-size.ts"
import { readFleet } from "../../src/core/ledger.ts"
import { rollOut } from "../../src/core/rollout/rollout.ts"
import { webBundle } from "../core/rollout-fixture.ts"
import { type Case, caseOf, fleetOf, plain, throughDeaths } from "./simulate.ts"
import { makeWorld } from "./world.ts"

/** A fleet that is scaled, with all that happens to it. */
export type ScaleCase = Case & { readonly to: number }

export const scaleOf = (policy: Parameters<typeof caseOf>[0]): fc.Arbitrary<ScaleCase> =>
  fc
    .tuple(caseOf(policy), fc.integer({ min: 0, max: 6 }))
    .map(([which, to]) => ({ ...which, release: "good" as const, to }))

/** Scales, through all that happens, and answers what was against the rules; nothing: it is as it should be. */
export const simulateScale = async (which: ScaleCase): Promise<readonly string[]> => {
  const world = makeWorld(which.timings)
  try {
    const fleet = fleetOf(which)
    await rollOut(world.controller(), fleetOf({ ...which, policy: plain }), { bundle: await webBundle(1) })
    // Whatever the strategy: nothing of the release leaves but what is too much.
    world.promise(Math.min(which.size, which.to))
    world.suffer(which.faults)
    const outcome = await throughDeaths(world, fleet, which.deaths, { scale: which.to })
    const wrong = [...world.sins, ...judge(which, outcome)]
    const record = await readFleet(world.store, "web")
    const size = sizingOf(fleet, record)?.size
    // A controller may have died after all was done: the one that follows has nothing to take back.
    const finished = await world.store.events({ fleet: "web", kind: "rollout.finished" })
    const expected = finished.length > 1 ? which.to : which.size
    if (outcome === "done" && finished.length < 2) wrong.push("it was done, and the log does not say so")
    if (size !== expected) wrong.push(`it is to have ${size} instances, after: ${outcome}`)
    if (record.releases.length !== 1) wrong.push("a release was made")
    // Whatever happened: the next run, undisturbed, ends right.
    await world.clock.sleep(60_000)
    await rollOut(world.controller(), fleetOf({ ...which, policy: plain }), { bundle: await webBundle(1) })
    const seen = await world.seen()
    return seen.join() === Array(expected).fill("1:ready").join()
      ? wrong
      : [...wrong, `the next run ended with ${seen.join(" ")}`]
  } finally {
    world.clock.stop()
  }
}

const judge = ({ faults }: ScaleCase, outcome: string): readonly string[] =>
  outcome === "done" || (faults.length > 0 && /^FC_ROLLOUT_(REVERTED|FAILED)/.test(outcome)) ? [] : [outcome]
