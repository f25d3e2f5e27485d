import type { Answers } from "../../../core/compare/answers.ts"
import type { Comparison } from "../../../core/compare/document.ts"
import { type Html, html } from "../page/html.ts"
import { renderPage } from "../page/page.ts"
import { shortTime } from "../page/table.ts"
import { count } from "./figures.ts"
import { methodSection, surroundings } from "./method-section.ts"
import { questionSection, slugOf } from "./question.ts"
import { rawDocument, rawSection } from "./raw.ts"
import { chartStyle } from "./style.ts"
import { patterns } from "./svg.ts"
import { timelines } from "./timeline.ts"
import { recommendation, skippedList, verdicts } from "./verdict.ts"

/** A comparison and what it says as one file that needs nothing else: charts, tables, method and raw numbers. */
export const renderComparison = (comparison: Comparison, answers: Answers): string => {
  const { project, spec, from, to } = comparison
  return renderPage({
    title: `${spec} of ${project}, ${from} → ${to}: in place or by replacement`,
    style: chartStyle,
    header: header(comparison),
    main: html`${patterns}
${contents(answers)}
<section id="verdict" aria-labelledby="verdict-title">
<h2 id="verdict-title">What the measurements say</h2>
${verdicts(answers)}
${recommendation(answers)}
${skippedList(comparison)}
</section>
<section id="answered" aria-labelledby="answered-title">
<h2 id="answered-title">What answered during the update</h2>
${timelines(comparison) ?? html`<p class="soft">No update was measured.</p>`}
</section>
${answers.answers.map((answer) => questionSection(answer, comparison, answers))}
${methodSection}
${surroundings(comparison)}
${rawSection(comparison)}`,
    rest: rawDocument(comparison),
  })
}

const header = ({
  project,
  spec,
  from,
  to,
  ways,
  runs,
  size,
  ratePerSecond,
  startedAt,
  version,
  commit,
}: Comparison): Html =>
  html`<h1>${spec}: ${from} → ${to}</h1>
<p>One update of <b>${spec}</b> of project <b>${project}</b>, delivered ${ways.length === 1 ? "one way" : `${ways.length} ways`}: ${ways.map(({ name }) => name).join("; ")}.
${runs === 1 ? "One run" : `${runs} runs`} each, ${size === 1 ? "1 machine" : `${size} machines`}, ${count(ratePerSecond)} requests a second all the while.</p>
<p class="soft">${shortTime(startedAt)} UTC, Fireclay ${version}${commit === undefined ? "" : `, commit ${shortCommit(commit)}`}</p>`

/** `f7e74f80c2de-dirty`. */
const shortCommit = (commit: string): string => commit.replace(/^([0-9a-f]{12})[0-9a-f]+/, "$1")

const contents = ({ answers }: Answers): Html => html`<nav aria-label="Contents"><ul class="contents">
<li><a href="#verdict">What the measurements say</a></li>
<li><a href="#answered">What answered during the update</a></li>
${answers.map(({ question }) => html`<li><a href="#${slugOf(question)}">${question}</a></li>`)}
<li><a href="#method">Method</a></li>
<li><a href="#surroundings">Where it was measured</a></li>
<li><a href="#raw">Raw numbers</a></li>
</ul></nav>`
