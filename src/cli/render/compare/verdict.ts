import type { Answers } from "../../../core/compare/answers.ts"
import type { Comparison } from "../../../core/compare/document.ts"
import { capital } from "../../../core/compare/words.ts"
import { type Html, html } from "../page/html.ts"
import { choices, shortVerdict, standing } from "./choices.ts"
import { slugOf } from "./question.ts"

/** An answer to each question, in words, before any figure. */
export const verdicts = ({ answers }: Answers): Html => html`<div class="verdicts">
${answers.map(
  ({ question, verdict }) => html`<section aria-labelledby="short-${slugOf(question)}">
<h3 id="short-${slugOf(question)}"><a href="#${slugOf(question)}">${question}</a></h3>
${verdict.length === 0 ? html`<p class="soft">Not measured.</p>` : verdict.slice(0, shortVerdict).map((sentence) => html`<p>${sentence}</p>`)}
${verdict.length > shortVerdict ? html`<p class="soft">More is said below.</p>` : undefined}
</section>\n`,
)}</div>`

/** What to do, why, and every rule that was asked. */
export const recommendation = ({ recommendation: { choice, because, rules } }: Answers): Html =>
  html`<section class="advice" aria-labelledby="advice-title">
<h3 id="advice-title">Recommendation</h3>
<p class="choice">${choices[choice]}</p>
${because.map((sentence) => html`<p>${sentence}</p>`)}
<h4>The rules, in the order in which they are asked</h4>
<ol class="rules">${rules.map(
    (rule) =>
      html`<li${rule.decided ? html` class="decided"` : undefined}>${rule.rule} <span class="saw">${capital(rule.saw)}.</span> <span class="${rule.held ? "good" : "soft"}">${standing(rule)}</span></li>\n`,
  )}</ol>
</section>`

/** So that nobody takes for an answer what was never asked. */
export const skippedList = ({ skipped }: Comparison): Html | undefined =>
  skipped.length === 0
    ? undefined
    : html`<h3>What was not measured</h3>
<ul>${skipped.map(({ what, why }) => html`<li><b>${what}</b>: ${why}</li>`)}</ul>`
