import type { AuditReport, DriftLife, FleetAudit, FleetUpdate, MachineAudit } from "../../../core/index.ts"
import { type Html, html } from "../page/html.ts"
import { renderPage } from "../page/page.ts"
import { section, shortTime, type Table, tableOf } from "../page/table.ts"
import { machineSection } from "./machine.ts"

/** An audit as one file that needs nothing else. */
export const renderReport = (report: AuditReport, version: string): string =>
  renderPage({
    title: `Audit of ${report.project}, ${shortTime(report.at)}`,
    header: html`<h1>Audit of ${report.project}</h1>
<p class="soft">As of ${shortTime(report.at)} UTC, made by ${report.who} with Fireclay ${version}. Times are UTC.</p>`,
    main: html`${tiles(report)}
${contents(report)}
${logSection(report)}
${report.fleets.map(fleetSection)}`,
  })

const tiles = ({ fleets, log }: AuditReport): Html => {
  const machines = fleets.flatMap((fleet) => fleet.machines)
  const open = fleets.flatMap(({ drift }) => drift).filter(({ became }) => became === "still there").length
  const updates = fleets.flatMap((fleet) => ("taken" in fleet.updates ? fleet.updates.taken : [])).length
  const rows: readonly (readonly [string | number, string])[] = [
    [fleets.length, "fleets"],
    [machines.length, "machines"],
    [open, "drifted and still there"],
    [updates, "known updates"],
    [log.faults.length === 0 ? "whole" : "edited", `log of ${log.events} events`],
  ]
  return html`<ul class="tiles">${rows.map(([figure, what]) => html`<li><b>${figure}</b>${what}</li>`)}</ul>`
}

const contents = ({ fleets }: AuditReport): Html => html`<nav aria-label="Contents"><ul>
<li><a href="#log">The log</a></li>
${fleets.map(({ fleet }) => html`<li><a href="#fleet-${fleet}">Fleet ${fleet}</a></li>`)}
</ul></nav>`

const logSection = ({
  log: { events, files, faults, anchor },
}: AuditReport): Html => html`<section id="log" aria-labelledby="log-title">
<h2 id="log-title">The log</h2>
${
  faults.length === 0
    ? html`<p class="good">${events} events and ${files} files of releases are as they were written, as far as their hashes reach.</p>`
    : html`<p class="bad">The log is not what was written:</p><ul>${faults.map((fault) => html`<li class="bad">${fault}</li>`)}</ul>`
}
${anchor === undefined ? undefined : html`<p>Its end, to keep elsewhere and to check against later (<code>fireclay audit verify --anchor</code>): <code>${anchor}</code></p>`}
</section>`

const fleetSection = (audited: FleetAudit): Html => {
  const { fleet, delivery, machines } = audited
  return html`<section id="fleet-${fleet}" aria-labelledby="title-${fleet}">
<h2 id="title-${fleet}">Fleet ${fleet}</h2>
<p class="soft">Delivered ${delivery === "in-place" ? "in place" : "by replacement"} to ${machines.length} ${machines.length === 1 ? "machine" : "machines"}.</p>
${section("Releases", tableOf(releases(audited)))}
${section("Rollouts and what came of them", tableOf(rollouts(audited)))}
${section("Drift, and what became of it", tableOf(drift(audited)))}
${section("Known updates", updates(audited))}
${machines.map((machine: MachineAudit) => machineSection(machine))}
</section>`
}

const releases = ({ fleet, releases: all }: FleetAudit): Table => ({
  caption: `Releases of ${fleet}, the newest first`,
  head: ["release", "made", "by", "in force since", "by", "digest"],
  rows: all
    .toReversed()
    .map(({ number, digest, createdAt, createdBy, inForce }) => [
      String(number),
      { time: createdAt },
      createdBy,
      inForce === undefined ? "" : { time: inForce.since },
      inForce?.by ?? "",
      { code: digest.replace("sha256:", "").slice(0, 16) },
    ]),
  none: "No release was ever made.",
})

const rollouts = ({ fleet, rollouts: all }: FleetAudit): Table => ({
  caption: `Rollouts of ${fleet}, the newest first`,
  head: ["when", "who", "what"],
  rows: all.toReversed().map(({ at, who, what, failed }) => [{ time: at }, who, failed ? { bad: what } : what]),
  none: "Nothing was ever rolled out.",
})

const outcomes: { readonly [became in DriftLife["became"]]: string } = {
  "still there": "still there",
  gone: "gone, and nobody said how",
  fixed: "put right",
  adopted: "taken into the description",
  replaced: "its machine was replaced by a clean one",
  delivered: "gone with a later delivery",
  seen: "seen when it happened",
}

const drift = ({ fleet, drift: all }: FleetAudit): Table => ({
  caption: `What was found on machines of ${fleet}, the newest first`,
  head: ["found", "machine", "what", "became of it", "when", "who"],
  rows: all
    .toReversed()
    .map(({ foundAt, machine, what, became, at, who }) => [
      { time: foundAt },
      machine,
      what,
      became === "still there" ? { bad: outcomes[became] } : outcomes[became],
      at === undefined ? "" : { time: at },
      who ?? "",
    ]),
  none: "Nothing was ever found that differed from what was delivered.",
})

const updates = ({ fleet, updates: found }: FleetAudit): Html =>
  "unknown" in found
    ? html`<p class="warn">Not known: ${found.unknown}. <code>fireclay patch ${fleet} --list</code> asks again.</p>`
    : tableOf({
        caption: `Packages of ${fleet} that the machines' own sources have newer`,
        head: ["package", "newer", "security", "known since", "on", "held back because"],
        rows: [
          ...found.taken.map((update) => updateRow(update, "")),
          ...found.heldBack.map((update) => updateRow(update, update.reason)),
        ],
        none: "None: every package is as new as its sources have it.",
      })

const updateRow = ({ name, version, security, since, machines }: FleetUpdate, held: string): Table["rows"][number] => [
  name,
  version,
  security ? { bad: "yes" } : "",
  since === undefined ? "" : { time: since },
  Object.entries(machines)
    .map(([machine, has]) => `${machine} (${has})`)
    .join(", "),
  held,
]
