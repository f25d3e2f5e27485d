import type { Difference, Spread } from "../answers.ts"
import { differenceOf, spreadOf } from "../statistics.ts"
import { type Count, rateDifference, shareDifference } from "./chance.ts"
import { type FleetLife, isFailure, monthMs } from "./life.ts"
import type { LivedRollout } from "./rollouts.ts"

/** One figure of each fleet. */
export interface LifeMeasure {
  readonly name: MeasureName
  readonly unit: "s" | "share" | "per machine and month"
  /** In the order of the fleets; a fleet of which the log does not tell it is not in it. */
  readonly figures: readonly LifeFigure[]
  /** Each fleet with each that comes after it. */
  readonly pairs: readonly LifePair[]
}

export type LifeFigure =
  | ({ readonly fleet: string } & Spread)
  /** `of`: rollouts; of a rate, months of machines. */
  | {
      readonly fleet: string
      readonly unit: "share" | "per machine and month"
      readonly count: number
      readonly of: number
      readonly rate: number
      /** In the log for less than a week: what happened in days says nothing of months. */
      readonly young?: true
    }

export interface LifePair {
  readonly fleets: readonly [string, string]
  readonly difference: Difference
}

export const measureNames = [
  "update",
  "update, building the image included",
  "going back",
  "rollouts that failed",
  "drift found",
  "drift, until it was gone",
  "after a failed rollout, until one finished",
  "not well, until it was well again",
  "machines patched",
] as const
export type MeasureName = (typeof measureNames)[number]

/** Pure: what there is to compare. What of no fleet is known is left out. */
export const measureLives = (lives: readonly FleetLife[]): readonly LifeMeasure[] => [
  ...seconds("update", lives, (life) => updatesOf(life).map(({ seconds = 0 }) => seconds)),
  ...seconds("update, building the image included", lives, (life) =>
    updatesOf(life).map(({ seconds = 0, buildSeconds = 0 }) => seconds + buildSeconds),
  ),
  ...seconds("going back", lives, ({ rollouts }) => timed(rollouts, "back").map(({ seconds = 0 }) => seconds)),
  ...counts("rollouts that failed", "share", lives, (life) => {
    const ended = endedOf(life)
    return { count: ended.filter(({ outcome }) => isFailure(outcome)).length, of: ended.length }
  }),
  ...counts("drift found", "per machine and month", lives, (life) =>
    life.lookedOnDays === 0 ? undefined : { count: occasionsOf(life), of: life.machineMonths },
  ),
  ...seconds("drift, until it was gone", lives, ({ repairs }) => repairs.drift),
  ...seconds("after a failed rollout, until one finished", lives, ({ repairs }) => repairs.rollouts),
  ...seconds("not well, until it was well again", lives, ({ repairs }) => repairs.unwell),
  ...counts("machines patched", "per machine and month", lives, ({ patches, machineMonths }) => ({
    count: patches.machines,
    of: machineMonths,
  })),
]

/** To a release that was not in force, to their end, without waiting for people. */
export const updatesOf = ({ rollouts }: FleetLife): readonly LivedRollout[] => timed(rollouts, "update")

const timed = (rollouts: readonly LivedRollout[], kind: LivedRollout["kind"]): readonly LivedRollout[] =>
  rollouts.filter((each) => each.kind === kind && each.outcome === "finished" && !each.waited)

/** Those that came to an end of their own, one way or the other. */
export const endedOf = ({ rollouts }: FleetLife): readonly LivedRollout[] =>
  rollouts.filter(({ outcome }) => outcome === "finished" || isFailure(outcome))

/** One change by hand is often many findings: what was found on a machine at the same time counts once. */
export const occasionsOf = ({ drift }: FleetLife): number =>
  new Set(drift.map(({ machine, foundAt }) => `${machine} ${foundAt}`)).size

/** How it went long ago says less of how it goes, and the exact test is for few runs. */
const newest = 50

const seconds = (
  name: MeasureName,
  lives: readonly FleetLife[],
  of: (life: FleetLife) => readonly number[],
): readonly LifeMeasure[] => {
  const figures = lives.flatMap((life) => {
    const spread = spreadOf(of(life).slice(-newest))
    return spread === undefined ? [] : [{ fleet: life.fleet, ...spread }]
  })
  const pairs = pairsOf(figures, (left, right) =>
    differenceOf(
      [left, right].map(({ fleet, ...spread }) => ({ way: fleet, ...spread })),
      "s",
    ),
  )
  return figures.length === 0 ? [] : [{ name, unit: "s", figures, pairs }]
}

const counts = (
  name: MeasureName,
  unit: "share" | "per machine and month",
  lives: readonly FleetLife[],
  of: (life: FleetLife) => Omit<Count, "way"> | undefined,
): readonly LifeMeasure[] => {
  const figures = lives.flatMap((life) => {
    const counted = of(life)
    return counted === undefined || counted.of === 0
      ? []
      : [{ fleet: life.fleet, unit, ...counted, rate: counted.count / counted.of, ...youth(life) }]
  })
  if (figures.every(({ count }) => count === 0) && name === "machines patched") return []
  const pairs = pairsOf(figures, (left, right) => {
    if (unit === "share") return shareDifference({ way: left.fleet, ...left }, { way: right.fleet, ...right })
    if (left.young === true || right.young === true) return { clear: false, why: "few" }
    return rateDifference({ way: left.fleet, ...left }, { way: right.fleet, ...right })
  })
  return figures.length === 0 ? [] : [{ name, unit, figures, pairs }]
}

const youth = ({ since, until }: FleetLife): { readonly young?: true } =>
  Date.parse(until) - Date.parse(since) < weekMs ? { young: true } : {}

const weekMs = monthMs * (7 / 30)

const pairsOf = <T extends { readonly fleet: string }>(
  figures: readonly T[],
  differenceOf: (left: T, right: T) => Difference,
): readonly LifePair[] =>
  figures.flatMap((left, index) =>
    figures
      .slice(index + 1)
      .map((right) => ({ fleets: [left.fleet, right.fleet] as const, difference: differenceOf(left, right) })),
  )
