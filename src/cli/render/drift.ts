import { type Evidence, type Finding, type FleetDrift, hasDrifted, type MachineDrift } from "../../core/index.ts"
import type { Output } from "../output.ts"
import { bytes } from "./bytes.ts"
import { renderError } from "./error.ts"
import { renderDifference } from "./plan.ts"
import { printable } from "./printable.ts"
import { table } from "./table.ts"

type Paint = Output["paint"]

/** Machine by machine: what was described and is otherwise, then what nobody asked for. */
export const renderDrift = ({ fleet, release, machines, expired }: FleetDrift, paint: Paint): string => {
  const head = `${paint("bold", fleet)}  ${release === undefined ? "nothing was delivered yet" : `release ${release}`}`
  const clean = machines.filter((machine) => !hasDrifted(machine) && machine.problem === undefined)
  const others = machines.filter((machine) => !clean.includes(machine))
  return [
    head,
    ...others.flatMap((machine) => renderMachine(machine, paint)),
    ...(clean.length === 0
      ? []
      : [`  ${paint("green", "✓")} ${clean.map(({ machine }) => machine).join(", ")}  as delivered${besides(clean)}`]),
    ...withoutBaseline(machines, paint),
    ...hiddenByRules(machines),
    ...expired.map(
      ({ reason, until }) =>
        `  ${paint("yellow", "!")} the rule "${reason}" ended with ${until} and does nothing any more`,
    ),
  ].join("\n")
}

const hiddenByRules = (machines: readonly MachineDrift[]): readonly string[] => {
  const reasons = Map.groupBy(
    machines.flatMap(({ machine, ignored }) => ignored.map((each) => ({ machine, ...each }))),
    ({ rule }) => rule.reason,
  )
  return [...reasons].map(([reason, all]) => {
    const count = all.reduce((sum, { findings }) => sum + findings.length, 0)
    return `    ignored: ${count} by rule "${reason}" (${[...new Set(all.map(({ machine }) => machine))].join(", ")})`
  })
}

/** Where what was written on instances that went lies now. */
export const describeEvidence = (evidence: readonly Evidence[], paint: Paint): string =>
  evidence
    .map(({ machine, place, digest }) =>
      place === undefined
        ? `  ${machine}  nothing could be kept of it`
        : `  ${machine}  kept in ${place}  ${paint("dim", digest ?? "")}`,
    )
    .join("\n")

const renderMachine = (drift: MachineDrift, paint: Paint): readonly string[] => {
  const { machine, declared, undeclared, problem } = drift
  if (problem !== undefined) return [`  ${paint("red", "✗")} ${machine}`, renderError(problem, paint)]
  return [
    `  ${paint("yellow", "~")} ${machine}${besides([drift])}`,
    ...(declared.length === 0 ? [] : [`    ${paint("bold", "not as described")}`]),
    ...declared.flatMap((difference) => renderDifference(difference, paint)),
    ...(undeclared.length === 0 ? [] : [`    ${paint("bold", "nobody asked for")}`]),
    ...renderFindings(undeclared, paint),
  ]
}

const signs = { added: ["green", "+"], changed: ["yellow", "~"], removed: ["red", "-"] } as const

const sign = (change: Finding["change"], paint: Paint): string => {
  const [color, mark] = signs[change]
  return paint(color, mark)
}

const renderFindings = (findings: readonly Finding[], paint: Paint): readonly string[] => {
  if (findings.length === 0) return []
  const rows = findings.map(({ kind, what, change, details, owner, size, at, package: owned }) => [
    `      ${sign(change, paint)} ${kind}`,
    printable(what),
    printable(details.join(", ")),
    [
      owner,
      size === undefined ? undefined : bytes(size),
      at?.slice(0, 19).replace("T", " "),
      owned === undefined ? undefined : `of ${owned}`,
    ]
      .filter((word) => word !== undefined)
      .join("  "),
  ])
  return table(["", "", "", ""], rows).split("\n").slice(1)
}

const besides = (machines: readonly MachineDrift[]): string => {
  const sum = (of: (machine: MachineDrift) => number): number => machines.reduce((total, each) => total + of(each), 0)
  const parts = [
    [sum(({ data }) => data), "of data"],
    [sum(({ varied }) => varied), "that vary by nature"],
  ] as const
  const said = parts.filter(([count]) => count > 0).map(([count, what]) => `${count} ${what}`)
  return said.length === 0 ? "" : `  (changes not counted: ${said.join(", ")})`
}

const withoutBaseline = (machines: readonly MachineDrift[], paint: Paint): readonly string[] => {
  const names = machines
    .filter(({ since, problem }) => since === undefined && problem === undefined)
    .map(({ machine }) => machine)
  return names.length === 0
    ? []
    : [
        `  ${paint("yellow", "!")} ${names.join(", ")}: no baseline yet, so only what is described was compared; the next apply that changes something takes one`,
      ]
}
