import { type FleetStatus, type MemberStatus, statusOf } from "../../core/index.ts"
import { type Command, withProject } from "../command.ts"
import type { Output } from "../output.ts"
import { table } from "../render/table.ts"

/** What runs where, whether it is well, and what takes requests. */
export const status: Command<object> = (context, _options, ...names) =>
  withProject(context, names, async ({ bench, fleets, output }) => {
    const all = await Promise.all(fleets.map((fleet) => statusOf(bench, fleet)))
    output.print(all.map((fleet) => renderStatus(fleet, output.paint)).join("\n\n"))
    output.answer({ fleets: all })
    return 0
  })

const renderStatus = (fleet: FleetStatus, paint: Output["paint"]): string => {
  const release = fleet.current === undefined ? "no release yet" : `release ${fleet.current}`
  const port = fleet.listen === undefined ? "" : `, port ${fleet.listen}`
  const head = `${paint("bold", fleet.fleet)}  ${release}${port}${warning(fleet, paint)}`
  if (fleet.members.length === 0) return `${head}\n  no machines`
  const rows = fleet.members.map((member) => [
    `  ${member.name}`,
    member.release === undefined ? "–" : String(member.release),
    [stateOf(member, paint), ...notesOn(member).map((note) => paint("yellow", note))].join(", "),
    member.traffic ?? "–",
    String(member.inFlight),
    member.problem ?? member.address ?? "–",
  ])
  return `${head}\n${table(["  machine", "release", "state", "traffic", "in flight", "address"], rows)}`
}

const notesOn = ({ limited, owed = [] }: MemberStatus): readonly string[] => [
  ...(limited === undefined ? [] : ["changed by a limited run"]),
  ...(owed.length === 0 ? [] : [`${owed.join(" and ")} ${owed.length === 1 ? "owes" : "owe"} a reaction`]),
]

const warning = ({ interrupted, mixed }: FleetStatus, paint: Output["paint"]): string => {
  if (interrupted) return paint("yellow", "  a rollout was cut off: apply again")
  return mixed ? paint("yellow", "  machines are at different releases: apply again, or roll back") : ""
}

const stateOf = ({ running, healthy }: MemberStatus, paint: Output["paint"]): string => {
  if (!running) return paint("red", "not running")
  if (healthy === undefined) return "running"
  return healthy ? paint("green", "healthy") : paint("red", "unhealthy")
}
