import type { FleetStatus, MemberStatus } from "../../core/index.ts"
import type { Output } from "../output.ts"
import { table } from "./table.ts"

type Paint = Output["paint"]

/** A fleet as it stands: what is in force, what goes on and what it waits for, then each machine. */
export const renderStatus = (fleet: FleetStatus, paint: Paint, nowMs: number): string => {
  const release = fleet.current === undefined ? "no release yet" : `release ${fleet.current}`
  const port = fleet.listen === undefined ? "" : `, port ${fleet.listen}`
  const head = `${paint("bold", fleet.fleet)}  ${release}${port}${sizeOf(fleet, paint)}${warning(fleet, paint)}`
  const lines = [head, ...rolloutLines(fleet, paint, nowMs), ...keptLines(fleet, paint, nowMs)]
  if (fleet.members.length === 0) return [...lines, "  no machines"].join("\n")
  const rows = fleet.members.map((member) => [
    `  ${member.name}`,
    member.release === undefined ? "–" : String(member.release),
    [stateOf(member, paint), ...notesOn(member).map((note) => paint("yellow", note))].join(", "),
    member.traffic ?? "–",
    String(member.inFlight),
    member.problem ?? member.address ?? "–",
  ])
  return [...lines, table(["  machine", "release", "state", "traffic", "in flight", "address"], rows)].join("\n")
}

const sizeOf = ({ size }: FleetStatus, paint: Paint): string => {
  if (size === undefined) return ""
  const count = `, ${size.wanted} ${size.wanted === 1 ? "instance" : "instances"}`
  if (size.wanted === size.configured) return count
  return `${count} ${paint("yellow", `(scaled: the configuration says ${size.configured})`)}`
}

const warning = ({ interrupted, mixed }: FleetStatus, paint: Paint): string => {
  if (interrupted) return paint("yellow", "  a rollout was cut off: apply again")
  return mixed ? paint("yellow", "  machines are at different releases: apply again, or roll back") : ""
}

const rolloutLines = ({ fleet, rollout }: FleetStatus, paint: Paint, nowMs: number): readonly string[] => {
  if (rollout === undefined) return []
  const { from, to, paused, driven, waits, hears } = rollout
  const way = from === null || from === to ? `release ${to}` : `release ${from} → ${to}`
  const doing = paused ? "paused" : waits === undefined ? (driven ? "under way" : "cut off") : waits.why
  const until = waits?.until === undefined || paused ? "" : `, ${untilThen(waits.until, nowMs)}`
  return [
    `  ${paint("cyan", "▸")} rollout, ${way}: ${doing}${until}`,
    `    ${paint("dim", `hears: ${hears.map((word) => commandOf(word, fleet)).join(", ")}`)}`,
  ]
}

const commandOf = (word: string, fleet: string): string =>
  word === "promote-full" ? `fireclay promote ${fleet} --full` : `fireclay ${word} ${fleet}`

const keptLines = ({ fleet, kept }: FleetStatus, paint: Paint, nowMs: number): readonly string[] => {
  if (kept === undefined) return []
  const what = kept.release === null ? "" : `release ${kept.release}: `
  const over = ", and the next apply or rollback removes them"
  return [
    `  ${paint("cyan", "▸")} kept aside, ${what}${kept.members.join(", ")}, ${untilThen(kept.until, nowMs, over)}; fireclay rollback ${fleet} switches back`,
  ]
}

/** `until 10:31:05 UTC (29 min)`, or what is so once that is over. */
const untilThen = (until: string, nowMs: number, over = ""): string => {
  const leftMs = Date.parse(until) - nowMs
  return leftMs <= 0 ? `the time is over${over}` : `until ${until.slice(11, 19)} UTC (${inWords(leftMs)})`
}

/** In the two largest units that are not nothing. */
export const inWords = (ms: number): string => {
  const seconds = Math.ceil(ms / 1_000)
  const parts = [
    [Math.floor(seconds / 86_400), "d"],
    [Math.floor(seconds / 3_600) % 24, "h"],
    [Math.floor(seconds / 60) % 60, "min"],
    [seconds % 60, "s"],
  ] as const
  const first = parts.findIndex(([count]) => count > 0)
  const said = parts.slice(first < 0 ? 3 : first, (first < 0 ? 3 : first) + 2).filter(([count]) => count > 0)
  return said.map(([count, unit]) => `${count} ${unit}`).join(" ") || "0 s"
}

const notesOn = ({ limited, owed = [] }: MemberStatus): readonly string[] => [
  ...(limited === undefined ? [] : ["changed by a limited run"]),
  ...(owed.length === 0 ? [] : [`${owed.join(" and ")} ${owed.length === 1 ? "owes" : "owe"} a reaction`]),
]

const stateOf = ({ running, healthy }: MemberStatus, paint: Paint): string => {
  if (!running) return paint("red", "not running")
  if (healthy === undefined) return "running"
  return healthy ? paint("green", "healthy") : paint("red", "unhealthy")
}
