import type { Comparison, Trial } from "../../../core/compare/document.ts"
import { type Html, html } from "../page/html.ts"
import { type Table, tableOf } from "../page/table.ts"
import { count } from "./figures.ts"

/** Every number, so that nobody has to believe what was made of them. */
export const rawSection = (comparison: Comparison): Html => {
  const tables = [
    ["Deployment time", timeTable(comparison)],
    ["Requests", requestTable(comparison)],
    ["Latency", latencyTable(comparison)],
    ["Resource use", useTable(comparison)],
    ["Faults", faultTable(comparison)],
    ["Scale", scaleTable(comparison)],
  ] as const
  return html`<section id="raw" aria-labelledby="raw-title">
<h2 id="raw-title">Raw numbers</h2>
<p class="on-paper">They are in the file that this was printed from.</p>
${tables.map(([title, table]) => html`<details><summary>${title}: ${count(table.rows.length)} ${table.rows.length === 1 ? "row" : "rows"}</summary>${tableOf(table)}</details>\n`)}
<p class="soft">All of it, what answered when among it, is also in this file as JSON, in the element <code>#comparison</code>; <code>fireclay compare --json</code> prints the same.</p>
</section>`
}

/** As data that a browser does not run. Nothing in it can end its element. */
export const rawDocument = (comparison: Comparison): Html => {
  const json = JSON.stringify(comparison).replaceAll(
    /[<>&\u007f-\u009f\u2028\u2029\u200b-\u200f\u202a-\u202e\u2066-\u2069]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  )
  return html`<script type="application/json" id="comparison">${{ html: json }}</script>`
}

const own = ["way", "change", "round"]

const ownCells = ({ way, change, round }: Trial): readonly string[] => [way, change, String(round)]

const number = (value: number | undefined): string =>
  value === undefined ? "–" : value.toLocaleString("en-US", { maximumFractionDigits: 3 })

const timeTable = ({ trials }: Comparison): Table => ({
  caption: "Seconds of each run",
  head: [...own, "began", "build", "first answer", "all answers", "rollout over", "both served"],
  rows: trials.map((trial) => [
    ...ownCells(trial),
    { time: trial.startedAt },
    number(trial.seconds.build),
    number(trial.seconds.first),
    number(trial.seconds.all),
    number(trial.seconds.total),
    number(trial.requests.mixedSeconds),
  ]),
  none: "No run was made.",
})

const requestTable = ({ trials }: Comparison): Table => ({
  caption: "Requests of each run",
  head: [...own, "sent", "failed", "why", "slow", "longest gap, ms", "generator late, ms"],
  rows: trials.map((trial) => [
    ...ownCells(trial),
    number(trial.requests.sent),
    number(trial.requests.failed),
    Object.entries(trial.requests.reasons)
      .map(([reason, times]) => `${reason}: ${count(times)}`)
      .join(", "),
    number(trial.requests.slow),
    number(trial.requests.longestGapMs),
    number(trial.requests.lateMs),
  ]),
  none: "No run was made.",
})

const phases = ["before", "during", "after"] as const
const percentiles = ["p50", "p99", "p999"] as const

const latencyTable = ({ trials }: Comparison): Table => ({
  caption: "Latency of each run, in ms",
  head: [...own, ...phases.flatMap((phase) => ["p50", "p99", "p99.9"].map((name) => `${phase} ${name}`))],
  rows: trials.map((trial) => [
    ...ownCells(trial),
    ...phases.flatMap((phase) => percentiles.map((name) => number(trial.requests.latencyMs[phase][name]))),
  ]),
  none: "No run was made.",
})

const useTable = ({ trials }: Comparison): Table => ({
  caption: "Resource use of each run",
  head: [
    ...own,
    "fleet CPU, s",
    "fleet memory, B",
    "written, B",
    "kept, B",
    "network, B",
    "extra machine s",
    "controller CPU, s",
    "controller memory, B",
  ],
  rows: trials.map((trial) => {
    const { fleet, controller } = trial.use
    return [
      ...ownCells(trial),
      ...[
        fleet.cpuSeconds,
        fleet.peakMemoryBytes,
        fleet.diskWrittenBytes,
        fleet.diskKeptBytes,
        fleet.networkBytes,
        fleet.extraMachineSeconds,
        controller.cpuSeconds,
        controller.peakMemoryBytes,
      ].map(number),
    ]
  }),
  none: "No run was made.",
})

const faultTable = ({ faults }: Comparison): Table => ({
  caption: "Each fault",
  head: ["way", "fault", "round", "safe after, s", "sent", "failed", "longest gap, ms", "state", "sound", "needed"],
  rows: faults.map((trial) => [
    trial.way,
    trial.fault,
    String(trial.round),
    number(trial.safeAfterSeconds),
    number(trial.sent),
    number(trial.failed),
    number(trial.longestGapMs),
    trial.state,
    trial.sound ? "yes" : { bad: "no" },
    trial.needed,
  ]),
  none: "No fault was tried.",
})

const scaleTable = ({ scale }: Comparison): Table => ({
  caption: "Each size",
  head: ["way", "what", "machines", "round", "seconds"],
  rows: scale.map(({ way, what, size, round, seconds }) => [way, what, String(size), String(round), number(seconds)]),
  none: "No other size was tried.",
})
