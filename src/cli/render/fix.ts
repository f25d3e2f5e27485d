import { type Fixed, type FleetFix, hasDrifted, type MachineFix } from "../../core/index.ts"
import type { Output } from "../output.ts"
import { renderDrift } from "./drift.ts"
import { renderIrreversible, renderPackages } from "./packages.ts"
import { printable } from "./printable.ts"
import { table } from "./table.ts"

type Paint = Output["paint"]

/** What was found, and what would become of it. */
export const renderFix = ({ found, machines }: FleetFix, paint: Paint): string =>
  [renderDrift(found, paint), ...machines.flatMap((machine) => renderMachine(machine, paint))].join("\n")

const renderMachine = ({ machine, plan, mends, left }: MachineFix, paint: Paint): readonly string[] => [
  `  ${paint("bold", `to put ${machine} right`)}`,
  ...rowsOf([
    ...plan.differences.map(({ id }) => [paint("green", "as described"), "", id]),
    ...mends.map(({ doing, finding }) => [paint("green", doing), finding.kind, finding.what]),
  ]),
  ...renderLeft(left, paint),
  ...renderPackages(plan.packages, paint),
  ...renderIrreversible(plan.irreversible, paint),
]

const rowsOf = (rows: readonly (readonly string[])[]): readonly string[] =>
  rows.length === 0
    ? []
    : table(
        ["", "", ""],
        rows.map(([doing = "", kind = "", what = ""]) => [`      ${doing}`, kind, printable(what)]),
      )
        .split("\n")
        .slice(1)

const renderLeft = (left: MachineFix["left"], paint: Paint): readonly string[] =>
  left.map(
    ({ finding, why }) =>
      `      ${paint("yellow", "stays:")} ${finding.kind} ${printable(finding.what)}  ${paint("dim", printable(why))}`,
  )

/** What became of it: nothing that stays is left out. */
export const renderFixed = ({ fleet, release, machines }: Fixed, paint: Paint): string =>
  machines
    .map(({ machine, fixed, drift, left, kept }) => {
      const still = drift.declared.length + drift.undeclared.length
      const head = `${still === 0 ? paint("green", "✓") : paint("red", "✗")} ${paint("bold", fleet)}  ${machine}  release ${release}`
      const rest = `${fixed.length} put right${still === 0 ? "" : `, ${still} still otherwise`}`
      const known = new Map(left.map(({ finding, why }) => [finding.what, why]))
      return [
        `${head}  ${rest}`,
        ...drift.declared.map(({ id }) => `    ${paint("yellow", "~")} ${id}`),
        ...drift.undeclared.map(
          ({ kind, what }) =>
            `    ${paint("yellow", "~")} ${kind} ${printable(what)}  ${paint("dim", printable(known.get(what) ?? ""))}`,
        ),
        ...(fixed.length === 0
          ? []
          : [`    ${paint("dim", `what was displaced lies in ${kept} until the next change`)}`]),
      ].join("\n")
    })
    .join("\n")

/** Whether something stays otherwise than it was delivered. */
export const isUnfinished = ({ machines }: Fixed): boolean => machines.some(({ drift }) => hasDrifted(drift))
