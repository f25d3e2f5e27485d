import {
  type DriftReason,
  type FireclayError,
  type Fleet,
  isFireclayError,
  type Json,
  type Machine,
} from "../../contract/index.ts"
import { canonical } from "../canonical.ts"
import { loadBundle, type Release, readFleet, releaseOf } from "../ledger.ts"
import { bundleFor } from "../machine-lists.ts"
import { fleetMachines } from "../machines.ts"
import type { ResourceDifference } from "../plan/types.ts"
import { planMachine } from "../plan.ts"
import type { Bundle } from "../release.ts"
import { openBundle } from "../seal.ts"
import { sideBySide } from "../side-by-side.ts"
import type { Workbench } from "../workbench.ts"
import { type Finding, judge } from "./judge.ts"
import { ownersOf } from "./owners.ts"
import { type Ignored, type RulesNow, rulesOf, withoutIgnored } from "./rules.ts"
import { survey } from "./survey.ts"

/** What differs on a machine from what was delivered to it. */
export interface MachineDrift {
  readonly machine: string
  /** Resources that are not as the release says. */
  readonly declared: readonly ResourceDifference[]
  /** What nothing of the release is about. */
  readonly undeclared: readonly Finding[]
  /** What of that rules of the spec hide: it is counted, and no drift. */
  readonly ignored: readonly Ignored[]
  /** Since when undeclared things count: ISO 8601. Absent: the machine has no baseline, and only what is declared was looked at. */
  readonly since?: string
  /** Changes of data, and of what varies by nature: they are counted, and no drift. */
  readonly data: number
  readonly varied: number
  /** It could not be looked at. */
  readonly problem?: FireclayError
}

export interface FleetDrift {
  readonly fleet: string
  /** Absent: nothing was delivered yet. */
  readonly release?: number
  readonly machines: readonly MachineDrift[]
  /** Rules of the spec that do nothing any more. */
  readonly expired: readonly DriftReason[]
}

export interface DriftWant {
  /** Read every file, whatever its times say. */
  readonly full?: boolean
}

/**
 * What is otherwise on the machines of a fleet than the release in force and their baselines say. Changes nothing on
 * them; what is new about it is written into the log.
 */
export const findDrift = async (bench: Workbench, fleet: Fleet, want: DriftWant = {}): Promise<FleetDrift> => {
  const record = await readFleet(bench.store, fleet.name)
  const rules = rulesOf(fleet.spec, bench.now())
  if (record.current === undefined) return { fleet: fleet.name, machines: [], expired: rules.expired }
  const release = releaseOf(record, record.current)
  const bundle = await openBundle(bench.secrets, await loadBundle(bench.store, release))
  const subjects = await subjectsOf(bench, fleet, release.number)
  const drifts = await sideBySide(subjects, async (subject) => {
    const member = subject.machine.name
    bench.progress({ fleet: fleet.name, member, doing: "looking" })
    const drift = await driftOf(bench, subject, bundle, { ...want, rules })
    bench.progress({ fleet: fleet.name, member, doing: "looked", done: true })
    return drift
  })
  await remember(bench, fleet, release, drifts)
  return { fleet: fleet.name, release: release.number, machines: drifts, expired: rules.expired }
}

export const hasDrifted = ({ declared, undeclared }: MachineDrift): boolean => declared.length + undeclared.length > 0

/** A machine to look at. */
export interface Subject {
  readonly machine: Machine
  /** Of an image: nothing that is described can change on it. */
  readonly instance: boolean
}

/** The machines of a fleet that can be looked at; instances only of the release that is meant. */
export const subjectsOf = async (bench: Workbench, fleet: Fleet, release?: number): Promise<readonly Subject[]> => {
  if (fleet.by.delivery === "in-place") {
    const machines = (await fleetMachines(bench, fleet)).filter(({ exists }) => exists)
    return machines.map(({ machine }) => ({ machine, instance: false }))
  }
  const engine = bench.engine(fleet)
  return (await engine.list())
    .filter((each) => each.fleet === fleet.name && each.running && (release === undefined || each.release === release))
    .map(({ name }) => ({ machine: engine.machine(name), instance: true }))
}

/** What differs on one machine from what was delivered to it. */
export const driftOf = async (
  bench: Workbench,
  { machine, instance }: Subject,
  bundle: Bundle,
  { full = false, rules }: DriftWant & { readonly rules: RulesNow },
): Promise<MachineDrift> => {
  const nothing = { machine: machine.name, declared: [], undeclared: [], ignored: [], data: 0, varied: 0 }
  try {
    const { manifest } = bundleFor(bundle, machine.name)
    const declared = instance ? [] : (await planMachine(machine, bundle, bench.types)).differences
    const surveyed = await survey({ machine, instance, data: manifest, watch: rules.watch }, { full })
    if (surveyed === undefined) return { ...nothing, declared }
    const { findings, data, varied } = judge(surveyed, manifest, { instance, rules })
    const told = withoutIgnored(await ownersOf(machine, findings), rules.ignore)
    return { ...nothing, declared, ...told, since: new Date(surveyed.takenMs).toISOString(), data, varied }
  } catch (error) {
    if (!isFireclayError(error) || error.code === "FC_CANCELLED") throw error
    return { ...nothing, problem: error }
  }
}

const [foundKind, lookedKind] = ["drift.found", "drift.looked"] as const

/** What is the same as the last time is not said again; that somebody looked is, once a day: else nothing found could be nobody looked. */
const remember = async (
  bench: Workbench,
  fleet: Fleet,
  release: Release,
  drifts: readonly MachineDrift[],
): Promise<void> => {
  const last = new Map(
    (await bench.store.events({ fleet: fleet.name, kind: foundKind })).map(({ body }) => [body.machine, body]),
  )
  const events = drifts
    .filter(({ problem }) => problem === undefined)
    .map((drift) => bodyOf(drift, release.number))
    .filter(
      (body) => canonical(body) !== canonical(last.get(body.machine) ?? { ...body, declared: [], undeclared: [] }),
    )
    .map((body) => ({ fleet: fleet.name, kind: foundKind, body }))
  const machines = drifts.filter(({ problem }) => problem === undefined).length
  const isNews = machines > 0 && !(await wasLookedAt(bench, fleet))
  const looked = isNews ? [{ fleet: fleet.name, kind: lookedKind, body: { machines } }] : []
  if (events.length + looked.length > 0) await bench.store.append([...events, ...looked])
}

const wasLookedAt = async ({ store, now }: Workbench, fleet: Fleet): Promise<boolean> => {
  const last = (await store.events({ fleet: fleet.name, kind: lookedKind })).at(-1)
  return last?.at.slice(0, 10) === new Date(now()).toISOString().slice(0, 10)
}

const bodyOf = ({ machine, declared, undeclared }: MachineDrift, release: number) => ({
  machine,
  release,
  declared: declared.map(({ id }) => id) as Json,
  undeclared: undeclared.map(({ kind, what, change }) => ({ kind, what, change })) as unknown as Json,
})
