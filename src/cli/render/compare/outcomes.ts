import type { Comparison, FaultTrial, HandChange } from "../../../core/compare/document.ts"
import { spreadOf } from "../../../core/compare/statistics.ts"
import type { Table } from "../page/table.ts"
import { count, figure, figureWithSpread } from "./figures.ts"

/** What became of each fault, all rounds of a way in one row. */
export const faultTable = ({ faults, ways }: Comparison): Table => ({
  caption: "Faults on purpose, and what came of them",
  head: ["what went wrong", "way", "safe again after", "requests lost", "longest gap", "state afterwards", "needed"],
  rows: [...Map.groupBy(faults, ({ fault }) => fault)].flatMap(([fault, trials]) =>
    ways.flatMap(({ name }) => {
      const own = trials.filter(({ way }) => way === name)
      return own.length === 0 ? [] : [faultRow(fault, name, own)]
    }),
  ),
  none: "No fault was tried.",
})

const faultRow = (fault: string, way: string, trials: readonly FaultTrial[]): Table["rows"][number] => {
  const lost = trials.reduce((sum, { failed }) => sum + failed, 0)
  const sent = trials.reduce((sum, trial) => sum + trial.sent, 0)
  const lostWords = `${count(lost)} of ${count(sent)}`
  const safe = spreadOf(trials.map(({ safeAfterSeconds }) => safeAfterSeconds))
  const states = tally(trials.map(({ state }) => state))
  return [
    fault,
    way,
    safe === undefined ? "–" : figureWithSpread(safe, "s"),
    lost === 0 ? lostWords : { bad: lostWords },
    figure(Math.max(...trials.map(({ longestGapMs }) => longestGapMs)), "ms"),
    trials.every(({ sound }) => sound) ? states : { bad: states },
    tally(trials.map(({ needed }) => needed)),
  ]
}

/** `nothing`, or where rounds differ `nothing (4), fireclay apply (1)`. */
const tally = (words: readonly string[]): string => {
  const groups = [...Map.groupBy(words, (word) => word)]
  return groups.map(([word, all]) => (groups.length === 1 ? word : `${word} (${all.length})`)).join(", ")
}

const outcomes: { readonly [outcome in HandChange["outcome"]]: string } = {
  refused: "could not be made",
  gone: "gone",
  left: "still there",
}

/** Each change by hand, and what the next delivery left of it. */
export const driftTable = ({ drift, ways }: Comparison): Table => ({
  caption: "Changes by hand, and what was left of them after the next delivery",
  head: ["changed by hand", ...ways.map(({ name }) => name)],
  rows: [...Map.groupBy(drift, ({ what }) => what)].map(([what, all]) => [
    what,
    ...ways.map(({ name }) => {
      const own = all.filter(({ way }) => way === name).map(({ outcome }) => outcome)
      const words = tally(own.map((outcome) => outcomes[outcome]))
      return own.includes("left") ? { bad: words } : words || "–"
    }),
  ]),
  none: "Nothing was changed by hand.",
})
