import type { FleetComparison, Unlike, UnlikeGroup } from "../../core/index.ts"
import type { Output } from "../output.ts"
import { renderError } from "./error.ts"
import { printable } from "./printable.ts"
import { table } from "./table.ts"

type Paint = Output["paint"]

/** What most machines have, and who has it otherwise: under one heading what the same machines have otherwise. */
export const renderComparison = (compared: FleetComparison, paint: Paint): string => {
  const { fleet, machines, unlike, problems } = compared
  return [
    `${paint("bold", fleet)}  ${headOf(compared)}`,
    ...problems.flatMap(({ machine, problem }) => [`  ${paint("red", "✗")} ${machine}`, renderError(problem, paint)]),
    ...(unlike.length === 0 && machines.length > 1 ? [`  ${paint("green", "✓")} all alike`] : []),
    ...bySides(unlike).flatMap(([heading, rows]) => [
      `  ${paint("yellow", "≠")} ${paint("bold", heading)}`,
      ...renderRows(rows),
    ]),
  ].join("\n")
}

const headOf = ({ machines, compared, ignored }: FleetComparison): string => {
  const [only, ...others] = machines
  if (only === undefined) return "no machine could be looked at"
  return others.length === 0
    ? `only ${only}: there is nothing to hold it against`
    : `${machines.length} machines, ${compared} things of each compared${ignored === 0 ? "" : `, ignored by rules: ${ignored}`}`
}

/** Who has it otherwise, as a heading. Where as many have this as that, there is no `otherwise`. */
const headingOf = ({ groups }: Unlike): string => {
  const [most, ...others] = groups.map(({ machines }) => machines)
  const isMost = others.every((machines) => machines.length < (most?.length ?? 0))
  return isMost
    ? `${others.flat().join(", ")}  unlike ${some(most ?? [])}`
    : groups.map(({ machines }) => some(machines)).join(" | ")
}

const some = (machines: readonly string[]): string =>
  machines.length > 4 ? `${machines.length} others` : machines.join(", ")

const bySides = (unlike: readonly Unlike[]): readonly (readonly [string, readonly Unlike[]])[] => {
  const sides = new Map<string, Unlike[]>()
  for (const each of unlike) {
    const heading = headingOf(each)
    const rows = sides.get(heading)
    if (rows === undefined) sides.set(heading, [each])
    else rows.push(each)
  }
  return [...sides]
}

const renderRows = (all: readonly Unlike[]): readonly string[] => {
  const rows = all.map(({ kind, what, groups, note, package: owned }) => {
    const total = groups.reduce((sum, { machines }) => sum + machines.length, 0)
    return [
      `      ${kind}`,
      printable(what),
      groups.map((group) => printable(tell(group, total))).join("; "),
      [note, owned === undefined ? undefined : `of ${owned}`].filter((word) => word !== undefined).join("  "),
    ]
  })
  return table(["", "", "", ""], rows).split("\n").slice(1)
}

const tell = ({ machines, has }: UnlikeGroup, total: number): string => {
  const who = machines.length === 1 ? machines[0] : `${machines.length} of ${total}`
  return has === undefined ? `${who}: not there` : has === "" ? `${who}: there` : `${who}: ${has}`
}
