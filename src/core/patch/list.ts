import {
  FireclayError,
  type Fleet,
  isFireclayError,
  type Json,
  type Machine,
  type PatchSet,
  type Update,
} from "../../contract/index.ts"
import { readFleet } from "../ledger.ts"
import { fleetMachines } from "../machines.ts"
import { sideBySide } from "../side-by-side.ts"
import type { Workbench } from "../workbench.ts"
import { type FleetWindow, fleetWindow } from "./fleet-window.ts"
import { findCulprits, foreseePatch, type PatchForesight } from "./foresee.ts"
import { earliest, lookForUpdates, type Outstanding } from "./look.ts"
import { choosePatches, type PatchChoice, type PatchWant } from "./policy.ts"
import type { WindowState } from "./window.ts"

/** What a run wants of a patch; what it does not say, the fleet does. */
export type PatchQuery = Pick<PatchWant, "security" | "minimumAgeMs" | "exclude">

/** What a patch would do on one machine. */
export interface MachinePatch {
  readonly machine: string
  /** Why its lists of what is offered are not of today; empty: they are. */
  readonly unrefreshed: readonly string[]
  readonly restarts: Outstanding["restarts"]
  readonly reboot: Outstanding["reboot"]
  /** What its package manager says of all that is taken. Absent: nothing is, or it was not asked. */
  readonly foreseen?: PatchForesight
  /** It could not be looked at. */
  readonly problem?: FireclayError
}

/** What is outstanding on a fleet. */
export interface FleetPatch extends PatchChoice {
  readonly fleet: string
  /** The release in force. */
  readonly release: number
  readonly window: FleetWindow
  readonly machines: readonly MachinePatch[]
}

/**
 * Looks at what could be newer on a fleet, and chooses one version for all its machines. By replacement one instance
 * speaks for all of its release. Changes nothing but lists of what is offered; versions that are seen for the first time
 * are written into the log, for that says how old they are.
 *
 * @throws FireclayError FC_RELEASE_UNKNOWN: nothing was delivered; FC_MACHINE_UNREACHABLE; what is wrong with one machine stands with it
 */
export const findPatches = async (bench: Workbench, fleet: Fleet, query: PatchQuery = {}): Promise<FleetPatch> => {
  const { current } = await readFleet(bench.store, fleet.name)
  if (current === undefined) throw undelivered(fleet.name)
  const window = await fleetWindow(bench, fleet)
  const looks = await sideBySide(await subjectsOf(bench, fleet, current), (machine) => look(bench, fleet, machine))
  const seen = await remember(
    bench,
    fleet.name,
    looks.flatMap(({ found }) => found?.updates ?? []),
  )
  const found = looks.flatMap((each) => (each.found === undefined ? [] : [dated(each.found, seen)]))
  const { choice, machines } = await settle(looks, found, wantOf(bench, fleet, query))
  return { fleet: fleet.name, release: current, window, machines, ...choice }
}

/** What of a fleet's outstanding updates is done, and when it may be. */
export interface ChosenPatch {
  readonly set: PatchSet
  /** Names that are offered and not taken. */
  readonly left: ReadonlySet<string>
  readonly window: WindowState
}

/**
 * Pure: what was chosen, and which window counts for it: security updates alone may have one of their own.
 *
 * @throws FireclayError what was wrong with a machine: where not all could be asked, nobody knows what is the same for all
 */
export const choiceOf = ({ machines, set, taken, heldBack, window }: FleetPatch): ChosenPatch => {
  const problem = machines.find((machine) => machine.problem !== undefined)?.problem
  if (problem !== undefined) throw problem
  const isSecurity = taken.length > 0 && taken.every(({ security }) => security)
  const left = new Set(heldBack.map(({ name }) => name))
  return { set, left, window: isSecurity ? window.security : window.all }
}

export const isOutstanding = ({ taken, heldBack }: PatchChoice): boolean => taken.length + heldBack.length > 0

/** There is no release to look at. */
export const undelivered = (fleet: string): FireclayError =>
  new FireclayError("FC_RELEASE_UNKNOWN", "nothing was delivered yet, so there is nothing to patch", {
    at: `fleets.${fleet}`,
    remedy: `fireclay apply ${fleet}`,
  })

interface Look {
  readonly machine: Machine
  readonly found?: Outstanding
  readonly problem?: FireclayError
}

const subjectsOf = async (bench: Workbench, fleet: Fleet, release: number): Promise<readonly Machine[]> => {
  if (fleet.by.delivery === "in-place")
    return (await fleetMachines(bench, fleet)).filter(({ exists }) => exists).map(({ machine }) => machine)
  const engine = bench.engine(fleet)
  const instance = (await engine.list()).find(
    (each) => each.fleet === fleet.name && each.running && each.release === release,
  )
  if (instance === undefined)
    throw new FireclayError("FC_MACHINE_UNREACHABLE", `no instance of release ${release} runs that could be asked`, {
      at: `fleets.${fleet.name}`,
      remedy: `start them: fireclay apply ${fleet.name}`,
    })
  return [engine.machine(instance.name)]
}

const look = async (bench: Workbench, fleet: Fleet, machine: Machine): Promise<Look> => {
  const tell = (doing: string, done = false): void =>
    bench.progress({ fleet: fleet.name, member: machine.name, doing, ...(done ? { done } : {}) })
  tell("asking its sources")
  try {
    return { machine, found: await lookForUpdates(machine) }
  } catch (error) {
    if (!isFireclayError(error) || error.code === "FC_CANCELLED") throw error
    return { machine, problem: error }
  } finally {
    tell("asked", true)
  }
}

const wantOf = (bench: Workbench, { patch }: Fleet, query: PatchQuery): PatchWant => ({
  nowMs: bench.now(),
  ...(patch?.minimumAgeMs === undefined ? {} : { minimumAgeMs: patch.minimumAgeMs }),
  ...(patch?.hold === undefined ? {} : { hold: patch.hold }),
  ...query,
})

const offeredKind = "patch.offered"

/** When each version was first seen, by name and version; those of now are added to the log. */
const remember = async (
  bench: Workbench,
  fleet: string,
  updates: readonly Update[],
): Promise<ReadonlyMap<string, string>> => {
  const events = await bench.store.events({ fleet, kind: offeredKind })
  const seen = new Map(
    events.toReversed().flatMap(({ at, body }) => (body.updates as readonly string[]).map((key) => [key, at] as const)),
  )
  const fresh = [...new Set(updates.map(keyOf))].filter((key) => !seen.has(key))
  if (fresh.length === 0) return seen
  const added = await bench.store.append([{ fleet, kind: offeredKind, body: { updates: fresh as Json } }])
  return new Map([...added.flatMap(({ at }) => fresh.map((key) => [key, at] as const)), ...seen])
}

const keyOf = ({ name, candidate }: Update): string => `${name} ${candidate}`

const dated = (found: Outstanding, seen: ReadonlyMap<string, string>): Outstanding => ({
  ...found,
  updates: found.updates.map((update) => ({
    ...update,
    ...earliest([update.since, update.sinceBy], [seen.get(keyOf(update)), "log"]),
  })),
})

/** Older versions may do where the newest would not; there are seldom more than two. */
const mostTries = 3

/** What would drag along what is held back, or remove something, is held back itself. */
const settle = async (looks: readonly Look[], offers: readonly Outstanding[], want: PatchWant): Promise<Settled> => {
  let settled: Settled | undefined
  let stricter = offers
  for (let tries = 0; tries < mostTries; tries += 1) {
    const choice = choosePatches(stricter, want)
    const machines = await sideBySide(looks, (each) => foresee(each, choice.set))
    settled = { choice, machines }
    const refusing = new Set(machines.filter(isRefusing).map(({ machine }) => machine))
    if (refusing.size === 0) break
    stricter = await sideBySide(stricter, async (each) => {
      const machine = looks.find((look) => look.machine.name === each.machine)?.machine
      if (machine === undefined || !refusing.has(each.machine)) return each
      return { ...each, keptBack: { ...each.keptBack, ...(await findCulprits(machine, each.installed, choice.set)) } }
    })
  }
  return settled as Settled
}

const isRefusing = ({ foreseen }: MachinePatch): boolean => foreseen !== undefined && foreseen.refused.length > 0

interface Settled {
  readonly choice: PatchChoice
  readonly machines: readonly MachinePatch[]
}

const foresee = async ({ machine, found, problem }: Look, set: PatchSet): Promise<MachinePatch> => {
  const { unrefreshed = [], restarts = [], reboot = [], installed = {} } = found ?? {}
  const foreseen = await foreseePatch(machine, installed, set)
  return {
    ...{ machine: machine.name, unrefreshed, restarts, reboot },
    ...(foreseen === undefined ? {} : { foreseen }),
    ...(problem === undefined ? {} : { problem }),
  }
}
