import fc from "fast-check"
import type { Fleet, StrategyFor } from "../../src/contract/index.ts"
import { isFireclayError } from "../../src/contract/index.ts"
import { countOf } from "../../src/core/fleet-size.ts"
import { readFleet } from "../../src/core/ledger.ts"
import { toldKind } from "../../src/core/rollout/diary.ts"
import { type RolloutWant, rollOut } from "../../src/core/rollout/rollout.ts"
import { fleet, local, replace } from "../../src/spec/index.ts"
import {
  allAtOnce,
  type Batch,
  blueGreen,
  canary,
  errorRate,
  immutable,
  rolling,
  rollingWithAdditionalBatch,
} from "../../src/strategies/index.ts"
import { webBundle, webSpec } from "../core/rollout-fixture.ts"
import { nameFleet } from "../support/fleet.ts"
import { lifeUntil } from "../support/mortal.ts"
import { type Fault, makeWorld, type Timings, type World } from "./world.ts"

/** A strategy with options by chance, and how many serve at every moment of a rollout by it. */
interface Policy {
  readonly strategy: StrategyFor<"replace">
  readonly leastServing: (size: number) => number
}

/** One rollout, with all that happens to it. */
export interface Case {
  readonly size: number
  readonly policy: Policy
  readonly timings: Timings
  readonly faults: readonly Fault[]
  /** Effects that each controller lives for; the last one lives on. */
  readonly deaths: readonly number[]
  /** What is wrong with the new release. */
  readonly release: "good" | "sick" | "answers badly"
  readonly watchMs: number
}

const batch: fc.Arbitrary<Batch> = fc.constantFrom<Batch>(1, 2, 4, "25%", "50%", "100%")
const pause = fc.constantFrom("0s", "2s")
const all = (size: number): number => size

/** Each strategy by its name. */
export const policies: { readonly [name: string]: fc.Arbitrary<Policy> } = {
  "all-at-once": fc.constant({ strategy: allAtOnce(), leastServing: () => 0 }),
  rolling: fc.tuple(batch, pause, fc.option(batch, { nil: undefined })).map(([of, rest, most]) => ({
    strategy: rolling({ batch: of, pause: rest, ...(most === undefined ? {} : { maxUnavailable: most }) }),
    leastServing: (size) => size - Math.min(atATime(of, size), most === undefined ? size : atATime(most, size)),
  })),
  "rolling-with-additional-batch": fc.tuple(batch, pause).map(([of, rest]) => ({
    strategy: rollingWithAdditionalBatch({ batch: of, pause: rest }),
    leastServing: all,
  })),
  immutable: fc.tuple(fc.integer({ min: 1, max: 3 }), pause).map(([first, together]) => ({
    strategy: immutable({ first, together }),
    leastServing: all,
  })),
  "blue-green": fc.tuple(fc.constantFrom("0s", "1h"), fc.constantFrom("auto", "3s")).map(([keep, promote]) => ({
    strategy: blueGreen({ keep, promote: promote as "auto" }),
    leastServing: all,
  })),
  canary: fc.tuple(fc.boolean(), fc.constantFrom(5, 30, 60)).map(([compares, weight]) => ({
    strategy: canary({
      steps: [
        { weight, for: "2s" },
        { weight: 80, for: "1s" },
      ],
      every: "1s",
      gates: [compares ? errorRate({ atMost: "50%", aboveBaseline: "1%" }) : errorRate()],
    }),
    leastServing: all,
  })),
}

const fault: fc.Arbitrary<Fault> = fc.oneof(
  fc.record({ kind: fc.constantFrom("instance dies", "instance falls sick"), atMs: fc.nat(8_000), pick: fc.nat(9) }),
  fc.record({ kind: fc.constant("nothing starts" as const), atMs: fc.nat(8_000), forMs: fc.nat(5_000) }),
)

export const caseOf = (policy: fc.Arbitrary<Policy>): fc.Arbitrary<Case> =>
  fc.record({
    size: fc.integer({ min: 1, max: 6 }),
    policy,
    timings: fc.record({ createMs: fc.nat(3_000), healthyAfterMs: fc.nat(900), inFlightMs: fc.nat(1_500) }),
    faults: fc.oneof(
      { weight: 2, arbitrary: fc.constant([]) },
      { weight: 3, arbitrary: fc.array(fault, { maxLength: 3 }) },
    ),
    deaths: fc.oneof(
      { weight: 2, arbitrary: fc.constant([]) },
      { weight: 3, arbitrary: fc.array(fc.integer({ min: 1, max: 160 }), { maxLength: 2 }) },
    ),
    release: fc.constantFrom("good" as const, "good" as const, "sick" as const, "answers badly" as const),
    watchMs: fc.constantFrom(0, 0, 2_500),
  })

/** Rolls out, through all that happens, and answers what was against the rules; nothing: it is as it should be. */
export const simulate = async (which: Case): Promise<readonly string[]> => {
  const world = makeWorld(which.timings)
  try {
    const target = fleetOf(which)
    await rollOut(world.controller(), fleetOf({ ...which, policy: plain }), { bundle: await webBundle(1) })
    if (which.release === "sick") world.sick.add(2)
    if (which.release === "answers badly") world.bad.add(2)
    world.promise(which.policy.leastServing(which.size))
    world.suffer(which.faults)
    const outcome = await throughDeaths(world, target, which.deaths, { bundle: await webBundle(2) })
    const wrong = [...world.sins, ...judgeOutcome(which, outcome)]
    // Whatever happened: the next run, undisturbed, ends right.
    await world.clock.sleep(60_000)
    world.sick.delete(2)
    world.bad.delete(2)
    const version = outcome === "done" ? 2 : 1
    await rollOut(world.controller(), fleetOf({ ...which, policy: plain }), { bundle: await webBundle(version) })
    const seen = await world.seen()
    const expected = Array(which.size).fill(`${version === 2 ? 2 : 1}:ready`)
    const rest = seen.filter((line) => !line.endsWith(":drain"))
    return rest.map((line) => line.split(":")[1]).join() === expected.map(() => "ready").join()
      ? wrong
      : [...wrong, `the next run ended with ${seen.join(" ")}`]
  } finally {
    world.clock.stop()
  }
}

/** What nothing can be said against: for what is not looked at. */
export const plain: Policy = { strategy: rollingWithAdditionalBatch({ batch: "100%" }), leastServing: all }

export const fleetOf = ({ size, policy, watchMs }: Case): Fleet =>
  nameFleet(
    fleet(webSpec(1), {
      on: local({ count: size }),
      by: replace({ strategy: policy.strategy, drain: "1s", ramp: "1s", watch: `${watchMs}ms` }),
      listen: 8080,
    }),
  )

const atATime = (of: Batch, size: number): number =>
  Math.max(1, countOf({ on: { kind: "local", makes: "instances", count: size } } as Fleet, of))

/** Somebody who looks every ten minutes, and has what still waits led back. */
const watchOver = async ({ clock, store }: World): Promise<void> => {
  for (let looks = 0; looks < 100; looks += 1) {
    await clock.sleep(600_000)
    const { open } = await readFleet(store, "web")
    if (open === undefined) continue
    const said = (await store.events({ fleet: "web", kind: toldKind })).length
    const word = said > 5 ? "promote-full" : "abort"
    await store.append([{ fleet: "web", kind: toldKind, body: { rollout: open.id, word } }])
  }
}

/** How a rollout ended: with the new release, with the old one, or in a way that it has no excuse for. */
export const throughDeaths = async (
  world: World,
  target: Fleet,
  deaths: readonly number[],
  want: RolloutWant,
): Promise<string> => {
  void watchOver(world)
  for (const moment of deaths) {
    const life = lifeUntil(moment)
    const ended = await Promise.race([
      life.died.then(() => "died"),
      outcomeOf(() => rollOut(world.controller(life), target, want)),
    ])
    if (ended !== "died") return ended
  }
  return outcomeOf(() => rollOut(world.controller(), target, want))
}

const outcomeOf = async (work: () => Promise<unknown>): Promise<string> => {
  try {
    await work()
    return "done"
  } catch (error) {
    return isFireclayError(error) ? `${error.code}: ${error.message}` : `unexpected: ${String(error)}`
  }
}

const judgeOutcome = ({ release, faults, policy }: Case, outcome: string): readonly string[] => {
  const isCanary = policy.strategy.name === "canary"
  if (outcome === "done") {
    if (release === "sick") return ["a release that is not healthy was rolled out"]
    // What serves may break before the first step: then the new release is better than none.
    if (release === "answers badly" && isCanary && faults.length === 0)
      return ["a release that answers badly came through the gates"]
    return []
  }
  if (outcome.startsWith("FC_ROLLOUT_REVERTED"))
    return release === "good" && faults.length === 0 ? [`it went back without a reason: ${outcome}`] : []
  // Where nothing starts, or what serves breaks, going back may fail too; that is told.
  return outcome.startsWith("FC_ROLLOUT_FAILED") && faults.length > 0 ? [] : [outcome]
}
