import type { ComparedLives, FleetLife } from "../../core/index.ts"
import { choiceOf, kinds, livesTable, outcomes, period, tellPairs, time, timesNote } from "./lives-rows.ts"
import { type Html, html } from "./page/html.ts"
import { renderPage } from "./page/page.ts"
import { section, shortTime, type Table, tableOf } from "./page/table.ts"

/** What fleets have lived through, as one file that needs nothing else. */
export const renderLivesPage = (compared: ComparedLives, project: string, version: string): string => {
  const names = compared.fleets.map(({ fleet }) => fleet).join(", ")
  return renderPage({
    title: `${names} of ${project}, compared`,
    header: html`<h1>${names}, compared by what they have lived through</h1>
<p class="soft">From the event log of ${project}, as of ${shortTime(compared.at)} UTC, with Fireclay ${version}. Times are UTC.</p>`,
    main: html`<section aria-labelledby="figures">
<h2 id="figures">Side by side</h2>
${compared.fleets.map((life) => html`<p><b>${life.fleet}</b>: ${period(life)}</p>`)}
${figures(compared)}
</section>
<section aria-labelledby="advice">
<h2 id="advice">What to do</h2>
${compared.recommendations.map(advice)}
</section>
<section aria-labelledby="rollouts">
<h2 id="rollouts">Rollouts</h2>
${compared.fleets.map((life) => tableOf(rolloutTable(life)))}
</section>`,
  })
}

const figures = (compared: ComparedLives): Html => {
  const { heads, rows } = livesTable(compared)
  const filled = rows.map((row) => heads.map((_, column) => row[column]?.replace(/^ +/, "of them ") ?? ""))
  return html`${tableOf({ caption: `Of times: ${timesNote.slice("of times: ".length)}`, head: heads, rows: filled, none: "" })}
${tellPairs(compared).map(([fleets, told]) => html`<p>${fleets}: ${told}</p>`)}`
}

const advice = ({ fleet, choice, because, rules }: ComparedLives["recommendations"][number]): Html => {
  const rows = rules.map(({ rule, saw, held, decided }): Table["rows"][number] => [
    rule,
    saw,
    decided ? "it held, and decided" : held ? "it held" : "no",
  ])
  return section(
    `${fleet}: ${choiceOf(choice)}`,
    html`${because.map((sentence) => html`<p>${sentence}</p>`)}
${tableOf({ caption: "The rules, in the order in which they are asked", head: ["rule", "what it saw", "held"], rows, none: "" })}`,
  )
}

const rolloutTable = ({ fleet, rollouts }: FleetLife): Table => ({
  caption: `Rollouts of ${fleet}, oldest first`,
  head: ["began", "kind", "release", "took", "image built in", "what came of it"],
  rows: rollouts.map(({ startedAt, kind, to, seconds, buildSeconds, outcome }) => [
    { time: startedAt },
    wordOf(kinds, kind),
    String(to),
    seconds === undefined ? "–" : time(seconds),
    buildSeconds === undefined ? "–" : time(buildSeconds),
    wordOf(outcomes, outcome),
  ]),
  none: "None.",
})

const wordOf = <K extends string>(words: readonly (readonly [K, string])[], key: K): string =>
  words.find(([each]) => each === key)?.[1] ?? key
