import type { FleetPatch, FleetUpdate, HeldBack, MachinePatch } from "../../core/index.ts"
import type { Output } from "../output.ts"
import { bytes } from "./bytes.ts"
import { renderError } from "./error.ts"
import { printable } from "./printable.ts"
import { table } from "./table.ts"

type Paint = Output["paint"]

/** What would be taken, then what is held back and why, then what each machine has to say. */
export const renderPatch = (patch: FleetPatch, nowMs: number, paint: Paint): string => {
  const { fleet, release, taken, heldBack, machines, window } = patch
  const all = machines.map(({ machine }) => machine)
  const security = taken.filter((update) => update.security).length
  const count = taken.length === 0 ? "nothing to patch" : `${taken.length} to patch, ${security} of them for security`
  return [
    `${paint("bold", fleet)}  release ${release}  ${count}`,
    ...renderUpdates(taken, all, nowMs, paint),
    ...renderHeldBack(heldBack, nowMs, paint),
    ...renderMachines(machines, paint),
    ...renderWindow(window, paint),
  ].join("\n")
}

/** Where it is always open there is nothing to say. */
const renderWindow = ({ all, security }: FleetPatch["window"], paint: Paint): readonly string[] => {
  const describe = ({ isOpen, until, opens }: typeof all): string =>
    isOpen
      ? `the window is ${paint("green", "open")}${until === undefined ? "" : ` until ${minute(until)}`}`
      : `the window is ${paint("yellow", "closed")}${opens === undefined ? "" : ` and opens at ${minute(opens)}`}`
  if (all.isOpen && all.until === undefined) return []
  const differs = JSON.stringify(all) !== JSON.stringify(security)
  return [`  ${describe(all)}`, ...(differs ? [`  for security updates alone ${describe(security)}`] : [])]
}

const renderUpdates = (
  updates: readonly FleetUpdate[],
  all: readonly string[],
  nowMs: number,
  paint: Paint,
): readonly string[] => {
  if (updates.length === 0) return []
  const rows = updates.map((update) => [
    `  ${printable(update.name)}`,
    printable(`${[...new Set(Object.values(update.machines))].join(", ")} → ${update.version}`),
    update.security ? paint("red", "security") : "",
    printable(update.origin),
    ageOf(update, nowMs),
    machinesOf(update, all),
  ])
  return table(["  package", "version", "", "origin", "offered for", "machines"], rows).split("\n")
}

const machinesOf = ({ machines }: FleetUpdate, all: readonly string[]): string => {
  const names = Object.keys(machines)
  return names.length === all.length && names.length > 1 ? `all ${names.length}` : names.join(", ")
}

const renderHeldBack = (updates: readonly HeldBack[], nowMs: number, paint: Paint): readonly string[] => {
  if (updates.length === 0) return []
  const rows = updates.map((update) => [
    `    ${printable(update.name)}`,
    printable(update.version),
    ageOf(update, nowMs),
    printable(update.reason + (update.until === undefined ? "" : `, until ${minute(update.until)}`)),
  ])
  return [`  ${paint("bold", "held back")}`, ...table(["", "", "", ""], rows).split("\n").slice(1)]
}

/** What several machines say alike is said once. */
const renderMachines = (machines: readonly MachinePatch[], paint: Paint): readonly string[] => {
  const said = machines.flatMap((patch) => saysOf(patch).map((says) => ({ machine: patch.machine, ...says })))
  const alike = [...Map.groupBy(said, ({ text }) => text)].map(([text, all]) => {
    const sign = all[0]?.isGrave === true ? paint("yellow", "!") : " "
    return `  ${sign} ${all.map(({ machine }) => machine).join(", ")}: ${printable(text)}`
  })
  const failed = machines.flatMap(({ machine, problem }) =>
    problem === undefined ? [] : [`  ${paint("red", "✗")} ${machine}`, renderError(problem, paint)],
  )
  return [...alike, ...failed]
}

interface Says {
  readonly text: string
  /** Somebody has to do something about it. */
  readonly isGrave: boolean
}

const saysOf = ({ unrefreshed, restarts, reboot, foreseen }: MachinePatch): readonly Says[] => {
  const { along = [], lost = [], refused = [], downloadBytes = 0 } = foreseen ?? {}
  const comes = along.map(({ name, to }) => `${name} ${to}`)
  const plain = [
    ...(comes.length === 0 ? [] : [`new with it: ${listed(comes)}`]),
    ...(downloadBytes === 0 ? [] : [`fetches ${bytes(downloadBytes)}`]),
  ]
  const grave = [
    ...(lost.length === 0 ? [] : [`no way back, for the old files cannot be had any more: ${listed(lost)}`]),
    ...refused.map((reason) => `cannot be done as it is: ${reason}`),
    ...unrefreshed.map((reason) => `its lists are of an earlier day: ${reason}`),
    ...restarts.map(({ unit, files }) => `${unit} runs what was replaced: ${listed(files)}`),
    ...reboot.map((reason) => `has to be rebooted: ${reason}`),
  ]
  return [...plain.map((text) => ({ text, isGrave: false })), ...grave.map((text) => ({ text, isGrave: true }))]
}

const listed = (words: readonly string[]): string =>
  words.length > 4 ? `${words.slice(0, 4).join(", ")} and ${words.length - 4} more` : words.join(", ")

const dayMs = 86_400_000

const ageOf = ({ since }: FleetUpdate, nowMs: number): string => {
  if (since === undefined) return "unknown"
  const hours = Math.max(0, Math.floor((nowMs - Date.parse(since)) / 3_600_000))
  return hours < 48 ? `${hours} h` : `${Math.floor((nowMs - Date.parse(since)) / dayMs)} days`
}

const minute = (iso: string): string => `${iso.slice(0, 16).replace("T", " ")} UTC`
