import type { Change } from "../../contract/index.ts"
import type { CausedChange, FleetPlan, MachinePlan, ReleaseDifference, ResourceDifference } from "../../core/index.ts"
import type { Output } from "../output.ts"
import { renderDiff } from "./diff.ts"
import { renderIrreversible, renderPackages } from "./packages.ts"
import { printable } from "./printable.ts"

type Paint = Output["paint"]

/** What apply would do to a fleet, as people read it: machines that would do the same are shown once. */
export const renderPlan = (plan: FleetPlan, paint: Paint): string => {
  const way = plan.delivery === "in-place" ? "in place" : "by replacement"
  const head = `${paint("bold", plan.fleet)}  ${way}, ${plan.strategy}  ${paint("dim", releaseChange(plan))}`
  const limits = plan.limit === undefined ? [] : [`  ${paint("yellow", describeLimit(plan.limit))}`]
  const notes = [...renderInstances(plan, paint), ...renderNotes(plan, paint)]
  if (plan.empty) return [head, ...limits, `  ${paint("green", "nothing to do")}`, ...notes].join("\n")
  const body = plan.delivery === "in-place" ? renderMachines(plan, paint) : renderReplacement(plan, paint)
  return [head, ...limits, ...renderBase(plan, paint), ...body, ...notes].join("\n")
}

/** Below all that is described; nothing converges a machine to another one. */
const renderBase = ({ baseChange, machines }: FleetPlan, paint: Paint): readonly string[] => {
  if (baseChange === undefined) return []
  const staying = machines.map(({ machine }) => machine).join(", ")
  return [
    `  ${paint("yellow", "~")} base  ${baseChange.from} → ${baseChange.to}`,
    ...(staying === "" ? [] : [`      ${paint("dim", `made before, and so not of it: ${staying}`)}`]),
  ]
}

/** A fleet that was scaled, or is to be, says so wherever it is planned; and what takes longer than usual. */
const renderInstances = ({ fleet, size, bakes }: FleetPlan, paint: Paint): readonly string[] => [
  ...(size === undefined || size.to === size.configured
    ? []
    : [
        `  ${paint("yellow", "!")} scaled to ${size.to}; the configuration says ${size.configured}, and counts again once that is changed, or: fireclay scale ${fleet} ${size.configured}`,
      ]),
  ...(bakes === true ? [`  ${paint("yellow", "!")} its image is not kept any more: it is baked again first`] : []),
  ...(size?.to === 0 ? [`  ${paint("yellow", "!")} without instances nothing serves`] : []),
]

/** What was foreseen and is no error. Machines that it concerns alike share a line. */
const renderNotes = ({ machines }: FleetPlan, paint: Paint): readonly string[] => {
  const all = machines.flatMap(({ machine, notes }) => notes.map((note) => ({ machine, note })))
  return [...Map.groupBy(all, ({ note }) => note)].map(
    ([note, where]) =>
      `  ${paint("yellow", "!")} ${where.map(({ machine }) => machine).join(", ")}: ${printable(note)}`,
  )
}

const namedAtMost = 6

const describeLimit = ({ machines, resources }: NonNullable<FleetPlan["limit"]>): string => {
  const list = (names: readonly string[]): string => {
    const more = names.length - namedAtMost
    return `${names.slice(0, namedAtMost).join(", ")}${more > 0 ? ` and ${more} more` : ""}`
  }
  const what = resources === null ? [] : [list(resources)]
  return `limited to ${[...what, ...(machines === null ? [] : [list(machines)])].join(" on ")}`
}

/** One line for all fleets. */
export const renderSummary = (plans: readonly FleetPlan[], paint: Paint): string => {
  const busy = plans.filter(({ empty }) => !empty)
  if (busy.length === 0) return paint("green", "Nothing to do: every fleet is at its release.")
  const count = (pick: (plan: FleetPlan) => number): number => busy.reduce((sum, plan) => sum + pick(plan), 0)
  const parts = [
    [count(({ machines }) => machines.filter(({ steps }) => steps.length > 0).length), "to change"],
    [count(({ missing }) => missing.length), "to start"],
    [count(({ forecast }) => forecast.created), "to create"],
    [count(({ forecast }) => forecast.retired), "to retire"],
  ] as const
  const said = parts.filter(([number]) => number > 0).map(([number, what]) => `${number} ${what}`)
  const nothing = busy.every(({ from, to }) => from === to)
    ? "the log is brought up to date, and nothing on the machines changes"
    : "a new release, and nothing on the machines changes"
  return `${paint("bold", "Plan:")} ${said.join(", ") || nothing}.`
}

const releaseChange = ({ from, to, limit }: FleetPlan): string => {
  if (limit !== undefined) return from === undefined ? "no release yet" : `release ${from} stays in force`
  if (from === undefined) return `first release, ${to}`
  return from === to ? `release ${to}` : `release ${from} → ${to}`
}

const renderMachines = (plan: FleetPlan, paint: Paint): readonly string[] => {
  const groups = Map.groupBy(
    plan.machines.filter(({ steps }) => steps.length > 0),
    ({ differences, owes, irreversible, packages }) => JSON.stringify([differences, owes, irreversible, packages]),
  )
  const same = plan.machines.filter(({ steps }) => steps.length === 0).map(({ machine }) => machine)
  const fresh =
    plan.missing.length === 0
      ? []
      : [
          `  ${paint("green", "+")} ${plan.missing.join(", ")}  ${paint("dim", `would be made from the ${plan.base === undefined ? "base" : `image of ${plan.base}`}, then:`)}`,
        ]
  return [
    ...fresh,
    ...(plan.missing.length > 0 && plan.machines.length === 0
      ? plan.release
          .filter(({ origin, action }) => origin === undefined || action !== "create")
          .map((difference) => `      ${sign(difference.action, paint)} ${difference.id}${from(difference, paint)}`)
      : []),
    ...[...groups.values()].flatMap((machines) => renderGroup(machines, paint)),
    ...(same.length === 0 ? [] : [`  ${paint("dim", `= ${same.join(", ")}  no resource differs`)}`]),
  ]
}

const renderGroup = (machines: readonly MachinePlan[], paint: Paint): readonly string[] => {
  const [first] = machines
  if (first === undefined) return []
  return [
    `  ${paint("yellow", "~")} ${machines.map(({ machine }) => machine).join(", ")}`,
    ...first.differences.flatMap((difference) => renderDifference(difference, paint)),
    ...first.owes.map(
      ({ resource, because }) =>
        `      ${paint("yellow", "!")} ${resource}  ${paint("dim", `is left out, and will owe its reaction to ${because.join(", ")}`)}`,
    ),
    ...renderPackages(first.packages, paint),
    ...renderIrreversible(first.irreversible, paint),
  ]
}

/** Where all of a resource drifted, that stands beside its name; otherwise beside what did. */
export const renderDifference = (difference: ResourceDifference, paint: Paint): readonly string[] => {
  const { action, id, changes } = difference
  const drifted = paint("magenta", "  drifted")
  const all = changes.length > 0 && changes.every(({ cause }) => cause === "drift")
  if (isPatch(difference)) return [`${renderPatch(difference, paint)}${all ? drifted : ""}`]
  const [purged, others] = [true, false].map((is) => changes.filter(({ property }) => (property === "purge") === is))
  return [
    `      ${sign(action, paint)} ${id}${from(difference, paint)}${all ? drifted : ""}`,
    ...(others ?? []).flatMap((change) => renderChange(change, paint, !all && change.cause === "drift" ? drifted : "")),
    ...renderPurged(purged ?? [], paint),
  ]
}

/** Of many patches each is a line. */
const isPatch = ({ id }: Pick<ReleaseDifference, "id">): boolean => id.startsWith("patch:")
const renderPatch = ({ action, id, changes: [change] }: ReleaseDifference, paint: Paint): string => {
  const before = change?.from == null ? "" : `${show(change.from)} → `
  return `      ${sign(action, paint)} ${id}  ${before}${show(change?.to ?? null)}`
}

const from = ({ origin }: Pick<ResourceDifference, "origin">, paint: Paint): string =>
  origin === undefined ? "" : paint("dim", `  from base ${origin}`)

const purgedAtMost = 20

/** Each path that a purge takes, and of very many the first. */
const renderPurged = (changes: readonly Change[], paint: Paint): readonly string[] => {
  const more = changes.length - purgedAtMost
  return [
    ...changes.slice(0, purgedAtMost).map(({ from }) => `          ${paint("red", "-")} ${show(from)}`),
    ...(more > 0 ? [paint("dim", `          and ${more} more; --json names all`)] : []),
  ]
}

const renderReplacement = (plan: FleetPlan, paint: Paint): readonly string[] => {
  const { created, retired, peak, leastServing, seconds, mixedSeconds, waitsForPerson } = plan.forecast
  const mixed = mixedSeconds > 0 ? `, both releases serving for ${mixedSeconds.toFixed(1)} s` : ""
  const waits = waitsForPerson ? ", and what it waits for somebody" : ""
  const { size } = plan
  const same = plan.from === undefined || size === undefined || size.from === size.to
  return [
    ...(same ? [] : [`  ${size.from} → ${size.to} instances`]),
    `  ${paint("green", `+ ${created}`)} to create, ${paint("red", `- ${retired}`)} to retire  ${paint("dim", `at most ${peak} at a time, at least ${leastServing} serving`)}`,
    `  ${paint("dim", `about ${seconds.toFixed(1)} s${mixed}${waits}`)}`,
    ...plan.release.flatMap((difference) => renderReleased(difference, paint)),
  ]
}

const renderReleased = (difference: ReleaseDifference, paint: Paint): readonly string[] =>
  isPatch(difference)
    ? [renderPatch(difference, paint)]
    : [
        `      ${sign(difference.action, paint)} ${difference.id}${from(difference, paint)}`,
        ...difference.changes.flatMap((change) => renderChange(change, paint)),
      ]

const sign = (action: ResourceDifference["action"], paint: Paint): string =>
  ({ create: paint("green", "+"), change: paint("yellow", "~"), remove: paint("red", "-") })[action]

const longestLine = 100

const renderChange = (
  { property, from, to, owedSince }: Change & Pick<CausedChange, "owedSince">,
  paint: Paint,
  mark = "",
): readonly string[] => {
  const isText = (text: string | null): text is string => text?.includes("\n") ?? false
  if (from !== null && to !== null && (isText(from) || isText(to)))
    return [
      ...(mark === "" ? [] : [`          ${paint("dim", `${property}:`)}${mark}`]),
      ...renderDiff(from, to, "          ", paint),
    ]
  if (from === null && isText(to)) return [paint("dim", `          ${countLines(to)}`) + mark]
  if (owedSince !== undefined)
    return [`          ${paint("dim", `${property}:`)} owed since ${formatTime(owedSince)} for ${show(to)}`]
  const arrow = from === null ? show(to) : `${show(from)} → ${show(to)}`
  return [`          ${paint("dim", `${property}:`)} ${arrow}${mark}`]
}

const countLines = (text: string): string => {
  const count = text.trimEnd().split("\n").length
  return count === 1 ? "1 line" : `${count} lines`
}

/** To the minute, in UTC as the log has it. */
const formatTime = (iso: string): string => `${iso.slice(0, 16).replace("T", " ")} UTC`

const show = (text: string | null): string => {
  if (text === null) return "none"
  return printable(text.length > longestLine ? `${text.slice(0, longestLine)}…` : text)
}
