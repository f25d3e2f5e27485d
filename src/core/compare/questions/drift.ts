import type { Answer, Measure } from "../answers.ts"
import type { Comparison, HandChange } from "../document.ts"
import { measureOf } from "../measure.ts"
import { countedDifference } from "../statistics.ts"
import { namesOf } from "../told.ts"
import { capital, wordFigure, wordList } from "../words.ts"

/** What became of changes by hand. Each was made once on each: this is counted, not drawn. */
export const answerDrift = (comparison: Comparison): Answer => {
  const { ways, drift } = comparison
  const counted = (name: string, ...outcomes: readonly HandChange["outcome"][]): Measure | undefined =>
    measureOf(
      comparison,
      { name, unit: "changes" },
      (way) => {
        const these = handChanges(comparison, way)
        return these.length === 0 ? [] : [these.filter(({ outcome }) => outcomes.includes(outcome)).length]
      },
      countedDifference,
    )
  const measures = [
    counted("changes by hand that could be made", "gone", "left"),
    counted("changes by hand that are left after the next delivery", "left"),
  ].filter((measure) => measure !== undefined)
  const nameOf = namesOf(ways)
  const verdict = drift.length === 0 ? ["Not measured."] : sayDrift(comparison, nameOf)
  return { question: "Drift", verdict, measures }
}

export const handChanges = ({ drift }: Pick<Comparison, "drift">, way: string): readonly HandChange[] =>
  drift.filter((change) => change.way === way)

const sayDrift = (comparison: Comparison, nameOf: (way: string) => string): readonly string[] => {
  const outcomes = comparison.ways.flatMap(({ name }) => {
    const these = handChanges(comparison, name)
    if (these.length === 0) return []
    const whatOf = (outcome: HandChange["outcome"]) =>
      these.flatMap((one) => (one.outcome === outcome ? [one.what] : []))
    return [
      { name: nameOf(name), all: these.length, left: whatOf("left"), gone: whatOf("gone"), refused: whatOf("refused") },
    ]
  })
  const counts = outcomes.map(({ name, all, left, gone, refused }) => {
    const parts = [`${left.length} left after the next delivery`, `${gone.length} gone`, `${refused.length} refused`]
    return `${capital(name)}, of ${wordFigure(all, "changes")} by hand: ${wordList(parts)}.`
  })
  const isSame =
    outcomes.length > 1 &&
    new Set(outcomes.map(({ left, gone, refused }) => JSON.stringify([left, gone, refused]))).size === 1
  return [
    ...counts,
    ...outcomes.flatMap(({ name, left }) => (left.length === 0 ? [] : [`Left ${name}: ${wordList(left)}.`])),
    ...(isSame ? ["No clear difference."] : []),
  ]
}
