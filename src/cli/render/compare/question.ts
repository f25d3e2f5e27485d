import type { Answer, Answers, Measure, Question } from "../../../core/compare/answers.ts"
import { type Comparison, faults } from "../../../core/compare/document.ts"
import { capital } from "../../../core/compare/words.ts"
import { type Html, html } from "../page/html.ts"
import { type Table, tableOf } from "../page/table.ts"
import { barChart } from "./bars.ts"
import { curves } from "./curve.ts"
import { differenceIn, figure, figureWithSpread, isTelling } from "./figures.ts"
import { driftTable, faultTable } from "./outcomes.ts"

/** `deployment-time`. */
export const slugOf = (question: Question): string => question.toLowerCase().replaceAll(" ", "-")

/** All that was found out about one question: charts, and the same figures as a table. */
export const questionSection = (answer: Answer, comparison: Comparison, answers: Answers): Html => {
  const { question, verdict, measures } = answer
  const own = ownPart(question, comparison, answers)
  const isMeasured = own !== undefined || measures.length > 0
  return html`<section id="${slugOf(question)}" aria-labelledby="title-${slugOf(question)}">
<h2 id="title-${slugOf(question)}">${question}</h2>
${
  isMeasured
    ? html`${verdict.map((sentence) => html`<p>${sentence}</p>\n`)}
${own}
${measuresOf(question, measures, comparison)}`
    : notMeasured(question, comparison)
}
</section>\n`
}

const ownPart = (question: Question, comparison: Comparison, answers: Answers): Html | undefined => {
  if (question === "Scalability") return curves(comparison, answers)
  if (question === "What goes wrong" && comparison.faults.length > 0) return tableOf(faultTable(comparison))
  if (question === "Drift" && comparison.drift.length > 0) return tableOf(driftTable(comparison))
  return undefined
}

/** Why, where that was said. */
const notMeasured = (question: Question, { skipped }: Comparison): Html => {
  const topics = [question, ...(otherTopics[question] ?? [])]
  const reasons = skipped.filter(({ what }) =>
    topics.some((topic) => what.toLowerCase().startsWith(topic.toLowerCase())),
  )
  return reasons.length === 0
    ? html`<p class="soft">It was not measured.</p>`
    : html`<p class="soft">It was not measured:</p><ul class="soft">${reasons.map(({ what, why }) => html`<li>${what}: ${why}</li>`)}</ul>`
}

/** What else is said of what belongs to a question. */
const otherTopics: { readonly [question in Question]?: readonly string[] } = {
  "Deployment time": ["the update"],
  "Resource use": ["the update"],
  "Error rate": ["the update"],
  "What goes wrong": faults,
}

const measuresOf = (question: Question, measures: readonly Measure[], { ways }: Comparison): Html | undefined => {
  if (measures.length === 0) return undefined
  const names = ways.map(({ name }) => name)
  const figured = measures.map((measure, index) => ({ measure, id: `${slugOf(question)}-${index}` }))
  const [telling, others] = [true, false].map((wanted) =>
    figured.filter(({ measure }) => isTelling(measure) === wanted),
  )
  return html`${chartGroups(telling ?? [], names)}
${
  others === undefined || others.length === 0
    ? undefined
    : html`<details class="more"><summary>${question}: ${others.length} more, without a difference that matters</summary>${chartGroups(others, names)}</details>`
}
<details><summary>${question} as a table</summary>${tableOf(measureTable(question, measures, names))}</details>`
}

interface Figured {
  readonly id: string
  readonly measure: Measure
}

/** `update, until …`: what stands before the comma becomes a heading. */
const chartGroups = (figured: readonly Figured[], names: readonly string[]): Html => {
  const groups = [...Map.groupBy(figured, ({ measure: { name } }) => name.slice(0, Math.max(0, name.indexOf(", "))))]
  return html`${groups.map(
    ([group, own]) => html`${group === "" ? undefined : html`<h3>${capital(group)}</h3>`}
<div class="charts">
${own.map((each) => measureFigure(each, group, names))}
</div>`,
  )}`
}

const measureFigure = ({ id, measure }: Figured, group: string, names: readonly string[]): Html => {
  const { name, difference, spreads } = measure
  const title = titled(group === "" ? name : name.slice(group.length + 2))
  return html`<figure aria-labelledby="${id}-name"><figcaption id="${id}-name"><b>${title}</b> <span class="difference${difference.clear ? "" : " none"}">${differenceIn(measure)}</span></figcaption>
${spreads.length === 0 ? html`<p class="soft">There are no figures.</p>` : barChart(id, measure, names)}
</figure>\n`
}

/** `p99` is written small. */
const titled = (name: string): string => (/^p\d/.test(name) ? name : capital(name))

const measureTable = (question: Question, measures: readonly Measure[], names: readonly string[]): Table => ({
  caption: `${question}: median, lowest to highest, and each run`,
  head: ["measure", ...names, "difference"],
  rows: measures.map((measure) => [
    measure.name,
    ...names.map((way) => {
      const { spreads, unit } = measure
      const spread = spreads.find((each) => each.way === way)
      if (spread === undefined) return "–"
      const runs = spread.runs.length < 2 ? "" : `: ${spread.runs.map((run) => figure(run, unit)).join(", ")}`
      return `${figureWithSpread(spread, unit)}${runs}`
    }),
    differenceIn(measure),
  ]),
  none: "Nothing was measured.",
})
