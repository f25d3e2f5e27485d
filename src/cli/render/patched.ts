import type { PatchedMachine } from "../../core/index.ts"
import type { Output } from "../output.ts"
import { printable } from "./printable.ts"

/** What a patch did, machine by machine. Machines on which it did the same share their lines. */
export const renderPatched = (machines: readonly PatchedMachine[], paint: Output["paint"]): string => {
  const groups = Map.groupBy(machines, ({ machine: _, ...rest }) => JSON.stringify(rest))
  return [...groups.values()].flatMap((same) => renderGroup(same, paint)).join("\n")
}

const renderGroup = (machines: readonly PatchedMachine[], paint: Output["paint"]): readonly string[] => {
  const [first] = machines
  if (first === undefined) return []
  const { moves, restarted, stale, keptFiles, rebooted, undone } = first
  const names = machines.map(({ machine }) => machine).join(", ")
  const warn = (text: string): string => `      ${paint("yellow", "!")} ${printable(text)}`
  return [
    `  ${undone ? `${paint("red", "✗")} ${names}  was taken back` : `${paint("green", "✓")} ${names}`}${rebooted ? "  rebooted" : ""}`,
    ...moves.map(({ name, from, to }) => `      ${name}  ${from ?? "none"} → ${to ?? "none"}`),
    ...(restarted.length === 0 ? [] : [`      restarted: ${restarted.join(", ")}`]),
    ...(stale.length === 0 || rebooted ? [] : [warn(`still run what was replaced: ${stale.join(", ")}`)]),
    ...keptFiles.map((path) => warn(`kept as it is on the machine: ${path}; the new one lies beside it`)),
  ]
}
