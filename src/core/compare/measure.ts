import type { Measure } from "./answers.ts"
import type { Change, Comparison, Trial } from "./document.ts"
import { differenceOf, spreadOf } from "./statistics.ts"

type Ways = Pick<Comparison, "ways">

/** One figure of each way that has it; nothing where none has. */
export const measureOf = (
  { ways }: Ways,
  about: Pick<Measure, "name" | "unit">,
  runsOf: (way: string) => readonly number[],
  differ: (spreads: Measure["spreads"], unit: Measure["unit"]) => Measure["difference"] = differenceOf,
): Measure | undefined => {
  const spreads = ways.flatMap(({ name }) => {
    // A percentile of no requests is no number.
    const spread = spreadOf(runsOf(name).filter(Number.isFinite))
    return spread === undefined ? [] : [{ way: name, ...spread }]
  })
  return spreads.length === 0 ? undefined : { ...about, spreads, difference: differ(spreads, about.unit) }
}

/** What a change, delivered one way, was measured at in each round. */
export const trialRuns = (
  { trials }: Pick<Comparison, "trials">,
  way: string,
  change: Change,
  figure: (trial: Trial) => number | undefined,
): readonly number[] =>
  trials.flatMap((trial) => {
    const value = trial.way === way && trial.change === change ? figure(trial) : undefined
    return value === undefined ? [] : [value]
  })

/** With the time that an image took to bake, where one was. */
export const secondsWithBuild = ({ seconds }: Trial): number => (seconds.build ?? 0) + seconds.all

/** Requests that one way lost in each round, by all changes together. */
export const lostRuns = ({ trials }: Pick<Comparison, "trials">, way: string): readonly number[] => {
  const these = trials.filter((trial) => trial.way === way)
  return [...new Set(these.map(({ round }) => round))].map((round) =>
    sum(these.filter((trial) => trial.round === round).map(({ requests }) => requests.failed)),
  )
}

export const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0)
