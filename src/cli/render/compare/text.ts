import type { Answers, Measure } from "../../../core/compare/answers.ts"
import type { Comparison } from "../../../core/compare/document.ts"
import type { Output } from "../../output.ts"
import { printable } from "../printable.ts"
import { table } from "../table.ts"
import { choices, shortVerdict } from "./choices.ts"
import { count, differenceIn, figureWithSpread, isTelling } from "./figures.ts"

type Paint = Output["paint"]

/** The figures of each way beside each other, what they say of each question, and what to do. */
export const renderComparisonText = (comparison: Comparison, answers: Answers, paint: Paint): string =>
  [
    head(comparison, paint),
    ...legend(comparison, paint),
    "",
    figures(comparison, answers, paint),
    "",
    ...verdicts(answers, paint),
    ...skipped(comparison, paint),
    ...recommendation(answers, paint),
  ].join("\n")

const head = ({ spec, from, to, size, ratePerSecond, runs }: Comparison, paint: Paint): string => {
  const settings = `${size} ${size === 1 ? "machine" : "machines"}, ${count(ratePerSecond)} requests a second, ${runs} ${runs === 1 ? "run" : "runs"} each`
  return `${paint("bold", printable(spec))}  ${printable(from)} → ${printable(to)}  ${paint("dim", settings)}`
}

/** Names of ways are long: in the table a letter stands for each. */
const letterOf = (index: number): string => String.fromCharCode(65 + index)

const legend = ({ ways }: Comparison, paint: Paint): readonly string[] =>
  ways.map(({ name }, index) => `  ${paint("cyan", letterOf(index))}  ${printable(name)}`)

/** What differs, or may; of the rest there is a report. */
const figures = (comparison: Comparison, { answers }: Answers, paint: Paint): string => {
  const names = comparison.ways.map(({ name }) => name)
  const letter = (way: string): string => letterOf(names.indexOf(way))
  const rows = answers.flatMap(({ question, measures }) => {
    const telling = measures.filter(isTelling)
    return telling.length === 0
      ? []
      : [[paint("bold", question)], ...telling.map((measure) => row(measure, names, { letter, paint }))]
  })
  const others = answers.flatMap(({ measures }) => measures).filter((measure) => !isTelling(measure)).length
  const rest = `${count(others)} more ${others === 1 ? "figure is" : "figures are"} without a difference that matters; the report has all of them (-o)`
  return [
    rows.length === 0
      ? "Nothing was measured that differs."
      : table(["", ...names.map(letter), "which has less"], rows),
    ...(others === 0 ? [] : [paint("dim", `  ${rest}`)]),
  ].join("\n")
}

const row = (
  measure: Measure,
  names: readonly string[],
  { letter, paint }: { readonly letter: (way: string) => string; readonly paint: Paint },
): readonly string[] => [
  `  ${printable(measure.name)}`,
  ...names.map((way) => {
    const spread = measure.spreads.find((each) => each.way === way)
    return spread === undefined ? "–" : figureWithSpread(spread, measure.unit)
  }),
  paint(measure.difference.clear ? "green" : "dim", differenceIn(measure, letter)),
]

const verdicts = ({ answers }: Answers, paint: Paint): readonly string[] =>
  answers.flatMap(({ question, verdict }) => [
    paint("bold", question),
    ...(verdict.length === 0 ? ["not measured"] : verdict.slice(0, shortVerdict)).map(
      (sentence) => `  ${printable(sentence)}`,
    ),
  ])

const skipped = ({ skipped: all }: Comparison, paint: Paint): readonly string[] =>
  all.length === 0
    ? []
    : [
        paint("bold", "Not measured"),
        ...all.map(({ what, why }) => `  ${paint("yellow", "–")} ${printable(what)}: ${printable(why)}`),
      ]

const recommendation = ({ recommendation: { choice, because } }: Answers, paint: Paint): readonly string[] => [
  "",
  `${paint("bold", "Recommendation")}  ${paint("green", choices[choice])}`,
  ...because.map((sentence) => `  ${printable(sentence)}`),
]
