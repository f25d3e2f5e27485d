import type { Fleet, Machine, Step } from "../../contract/index.ts"
import { type Converged, converge, refuseStale, refuseUnfit } from "../converge.ts"
import { nothingMeant } from "../drift/meant.ts"
import { rulesOf } from "../drift/rules.ts"
import { type Site as BaselineSite, markBeginning, startBaseline } from "../drift/survey.ts"
import type { LeasedBench } from "../lease.ts"
import { type FleetRecord, loadBundle, releaseOf } from "../ledger.ts"
import type { Limit } from "../limit.ts"
import { logPatch, logRestart, logUndone } from "../patch/report.ts"
import { restartMachine } from "../patch/restart.ts"
import type { MachinePlan, Mending, Sight } from "../plan/types.ts"
import { planMachine } from "../plan.ts"
import type { Manifest } from "../release.ts"
import { undoTransaction } from "../transaction/transaction.ts"
import type { Target } from "./crew.ts"
import { healthGate } from "./gate.ts"
import { defaultProgressMs } from "./stall.ts"
import { backendOf, type Traffic } from "./traffic.ts"

/** What the plans that were shown had seen, by machine. */
export type Shown = ReadonlyMap<string, Sight>

/** Looks at a machine, and says what is to be taken back there. */
export type MendMachine = (machine: Machine) => Promise<Mending | undefined>

/** What a crew in place works with. */
export interface Site {
  readonly bench: LeasedBench
  readonly fleet: Fleet
  readonly record: FleetRecord
  /** In a limited run its release is a number that no release has: what is to be reached is none. */
  readonly target: Target
  readonly limit?: Limit
  /** What else is to be done to each machine, and it is no release's: what nobody described is taken back. */
  readonly mend?: MendMachine
  /** Machines that ask for it are started anew while they take no requests. */
  readonly restarts?: boolean
  readonly shown: Shown
  readonly traffic: Traffic
  readonly machines: ReadonlyMap<string, Machine>
  /** What was seen of machines that have not been updated since. */
  readonly looks: Map<string, Look>
  /** Machines that fetch packages, or have: settled when they are at hand. */
  readonly fetching: Map<string, Promise<void>>
}

/** A look at a machine, and when it was: milliseconds on the clock of `performance.now()`. */
interface Look {
  readonly plan: MachinePlan
  readonly atMs: number
}

/** So long a look counts as one of now. What other controllers do in the meantime the machine itself refuses. */
const freshMs = 2_000

export const machineAt = ({ machines }: Site, id: string): Machine => {
  const machine = machines.get(id)
  if (machine === undefined) throw new TypeError(`no machine ${id}`)
  return machine
}

/** Looks at a machine, before any is changed: one that is not fit, or no longer as it was shown, ends it all. */
export const lookAt = async (site: Site, id: string): Promise<MachinePlan> => {
  const { bench, fleet, shown } = site
  const machine = machineAt(site, id)
  const plan = await planAt(site, machine)
  refuseUnfit(bench, fleet, plan)
  await refuseStale(machine, plan, shown.get(id))
  site.looks.set(id, { plan, atMs: performance.now() })
  return plan
}

const planAt = async ({ target, bench, limit, mend }: Site, machine: Machine): Promise<MachinePlan> => {
  const plan = await planMachine(machine, target.bundle, bench.types, { only: limit?.only })
  const mending = await mend?.(machine)
  return mending === undefined ? plan : { ...plan, mending }
}

/** Converges a machine to the target, or leaves it where it was. */
export const update = async (site: Site, id: string): Promise<Converged> => {
  const { bench, fleet, target, limit, shown } = site
  const machine = machineAt(site, id)
  const look = site.looks.get(id)
  site.looks.delete(id)
  const plan = look !== undefined && performance.now() - look.atMs < freshMs ? look.plan : await planAt(site, machine)
  if (plan.steps.some(reachesFurther)) await rememberThings(site, machine)
  const converged = await converge(bench, machine, {
    fleet,
    ...target,
    limit,
    shown: shown.get(id),
    plan,
    verify: async () => {
      await target.task?.(machine)
      await healthGate(bench, machine, target.bundle.manifest, bench.signal)
    },
  })
  const { changed, steps, meant } = converged
  await logPatch(bench, fleet, machine, converged)
  if (changed && site.mend === undefined) await takeBaseline(site, machine, steps.some(reachesFurther), meant)
  return converged
}

/** What had drifted before a change stays drift after it. */
const rememberThings = async ({ bench, fleet, target, mend }: Site, machine: Machine): Promise<void> => {
  if (bench.baselines !== true || mend !== undefined) return
  await markBeginning(baselineOf(fleet, bench, target, machine))
}

/** From now on it counts as drift where the machine differs from what it is now. */
const takeBaseline = async (
  { bench, fleet, target }: Site,
  machine: Machine,
  all: boolean,
  meant = nothingMeant,
): Promise<void> => {
  if (bench.baselines !== true) return
  await startBaseline(baselineOf(fleet, bench, target, machine), all, { meant })
}

const baselineOf = (fleet: Fleet, bench: LeasedBench, target: Target, machine: Machine): BaselineSite => ({
  machine,
  data: target.bundle.manifest,
  watch: rulesOf(fleet.spec, bench.now()).watch,
})

/** It may change what is no file: accounts, packages, ports. */
const reachesFurther = ({ do: verb }: Step): boolean => !ofFiles.has(verb)

const ofFiles: ReadonlySet<string> = new Set<Step["do"]>([
  "write-file",
  "make-directory",
  "make-link",
  "set-ownership",
  "remove-path",
])

/** Starts a machine anew that takes no requests, and sees that it is well with the release. */
export const startAnew = async (site: Site, id: string): Promise<void> => {
  const { bench, fleet, target } = site
  const machine = machineAt(site, id)
  // Within the time in which a rollout has to get any further.
  await restartMachine(bench, fleet, machine, 0.9 * (fleet.by.progressMs ?? defaultProgressMs))
  await healthGate(bench, machine, target.bundle.manifest, bench.signal)
  await logRestart(bench, fleet, id)
}

/** Takes back, exactly, what a transaction of this run did. What others had put in its way is kept, and told. */
export const takeBack = async (site: Site, id: string, transaction: string): Promise<void> => {
  const { bench, fleet } = site
  await rememberThings(site, machineAt(site, id))
  const { kept } = await undoTransaction(machineAt(site, id), transaction, bench.lease.epoch)
  await logUndone(bench, fleet, id, transaction)
  for (const place of kept) bench.progress({ fleet: fleet.name, member: id, doing: `kept ${place}` })
  // What was not taken back for good is as much drift as before.
  if (site.mend === undefined) await takeBaseline(site, machineAt(site, id), true)
}

/** Once it is well with the release that it is back on, a machine takes requests again. */
export const serveAgain = async (site: Site, id: string, release: number): Promise<void> => {
  const { bench, fleet, record } = site
  const { manifest } = await loadBundle(bench.store, releaseOf(record, release))
  await healthGate(bench, machineAt(site, id), manifest)
  await admit(site, id, manifest)
  bench.progress({ fleet: fleet.name, member: id, doing: `back on release ${release}`, done: true })
}

/** Where it is only a router asks. */
export const admit = async (site: Site, id: string, manifest: Manifest): Promise<void> => {
  const address = site.fleet.listen === undefined ? "" : await machineAt(site, id).address()
  return site.traffic.admit([backendOf(id, address, manifest)])
}

/** Reverts machine by machine, the last one first. One that cannot be brought back keeps none of the others from it. */
export const revertEach = async ({ machines }: Site, revert: (id: string) => Promise<void>): Promise<void> => {
  const failures: unknown[] = []
  for (const id of [...machines.keys()].toReversed()) await revert(id).catch((error: unknown) => failures.push(error))
  if (failures.length > 0) throw failures[0]
}
