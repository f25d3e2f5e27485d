import type { Delivery } from "../../contract/index.ts"
import type { Measure } from "./answers.ts"
import { type Change, type Comparison, type Fault, faults, type Trial, type Use, type Way } from "./document.ts"
import { lostRuns, measureOf, secondsWithBuild, sum, trialRuns } from "./measure.ts"
import { handChanges } from "./questions/drift.ts"
import { spreadOf } from "./statistics.ts"

/** One way to deliver in place and one by replacement, held against each other. */
export interface Sides {
  readonly inPlace: Side
  readonly replace: Side
  readonly hasExclusiveVolume: boolean
  readonly lost: Measure | undefined
  /** Of the update without what is built before it. */
  readonly deploy: Measure | undefined
  /** With what is built before it. */
  readonly built: { readonly [change in Change]: Measure | undefined }
  readonly safety: readonly { readonly fault: Fault; readonly measure: Measure }[]
  readonly use: readonly Measure[]
}

export interface Side {
  readonly delivery: Delivery
  readonly way: string
  readonly sent: number
  readonly lost: number
  readonly faults: number
  readonly unsound: number
  readonly handChanges: number
  readonly left: number
}

/** Nothing where only one of the two was compared. */
export const sidesOf = (comparison: Comparison): Sides | undefined => {
  const inPlace = bestOf(comparison, "in-place")
  const replace = bestOf(comparison, "replace")
  if (inPlace === undefined || replace === undefined) return undefined
  const ways = comparison.ways.filter(({ name }) => name === inPlace.way || name === replace.way)
  const measured = (unit: Measure["unit"], runsOf: (way: string) => readonly number[]): Measure | undefined =>
    measureOf({ ways }, { name: "", unit }, runsOf)
  const seconds = (change: Change, figure: (trial: Trial) => number) =>
    measured("s", (way) => trialRuns(comparison, way, change, figure))
  return {
    inPlace,
    replace,
    hasExclusiveVolume: comparison.hasExclusiveVolume === true,
    lost: measured("requests", (way) => lostRuns(comparison, way)),
    deploy: seconds("update", (trial) => trial.seconds.all),
    built: {
      update: seconds("update", secondsWithBuild),
      rollback: seconds("rollback", secondsWithBuild),
      file: seconds("file", secondsWithBuild),
      package: seconds("package", secondsWithBuild),
    },
    safety: faults.flatMap((fault) => {
      const measure = measured("s", (way) => safeSeconds(comparison, way, fault))
      return measure === undefined ? [] : [{ fault, measure }]
    }),
    use: uses.flatMap(
      ({ unit, of }) => measured(unit, (way) => trialRuns(comparison, way, "update", ({ use }) => of(use))) ?? [],
    ),
  }
}

/** Of several strategies the one that stands for its delivery: sound, then without loss, then fast. */
const bestOf = (comparison: Comparison, delivery: Delivery): Side | undefined => {
  const sides = comparison.ways
    .filter((way) => way.delivery === delivery)
    .map((way) => ({ side: sideOf(comparison, way), seconds: updateSeconds(comparison, way) }))
  const [best] = sides.sort(
    (left, right) =>
      left.side.unsound - right.side.unsound || left.side.lost - right.side.lost || left.seconds - right.seconds,
  )
  return best?.side
}

const sideOf = (comparison: Comparison, { name, delivery }: Way): Side => {
  const requests = comparison.trials.filter(({ way }) => way === name).map((trial) => trial.requests)
  const faultTrials = comparison.faults.filter(({ way }) => way === name)
  const changes = handChanges(comparison, name)
  return {
    delivery,
    way: name,
    sent: sum(requests.map(({ sent }) => sent)),
    lost: sum(requests.map(({ failed }) => failed)),
    faults: faultTrials.length,
    unsound: faultTrials.filter(({ sound }) => !sound).length,
    handChanges: changes.length,
    left: changes.filter(({ outcome }) => outcome === "left").length,
  }
}

const updateSeconds = (comparison: Comparison, { name }: Way): number =>
  spreadOf(trialRuns(comparison, name, "update", secondsWithBuild))?.median ?? 0

const safeSeconds = ({ faults: trials }: Comparison, way: string, fault: Fault): readonly number[] =>
  trials.flatMap((trial) => (trial.way === way && trial.fault === fault ? [trial.safeAfterSeconds] : []))

/** What costs: not what is written meanwhile and gone afterwards. */
const uses: readonly { readonly unit: Measure["unit"]; readonly of: (use: Use) => number }[] = [
  { unit: "s", of: ({ fleet, controller }) => fleet.cpuSeconds + controller.cpuSeconds },
  { unit: "B", of: ({ fleet, controller }) => fleet.peakMemoryBytes + controller.peakMemoryBytes },
  { unit: "B", of: ({ fleet }) => fleet.diskKeptBytes },
  { unit: "B", of: ({ fleet }) => fleet.networkBytes },
  { unit: "machine s", of: ({ fleet }) => fleet.extraMachineSeconds },
]
