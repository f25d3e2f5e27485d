import type { Fleet, Machine, Step } from "../../contract/index.ts"
import { type Converged, converge, refuseStale, refuseUnfit } from "../converge.ts"
import { startBaseline } from "../drift/survey.ts"
import type { LeasedBench } from "../lease.ts"
import { type FleetRecord, loadBundle, releaseOf } from "../ledger.ts"
import type { Limit } from "../limit.ts"
import type { MachinePlan, Sight } from "../plan/types.ts"
import { planMachine } from "../plan.ts"
import type { Manifest } from "../release.ts"
import { undoTransaction } from "../transaction/transaction.ts"
import type { Target } from "./crew.ts"
import { healthGate } from "./gate.ts"
import { backendOf, type Traffic } from "./traffic.ts"

/** What the plans that were shown had seen, by machine. */
export type Shown = ReadonlyMap<string, Sight>

/** What a crew in place works with. */
export interface Site {
  readonly bench: LeasedBench
  readonly fleet: Fleet
  readonly record: FleetRecord
  /** In a limited run its release is a number that no release has: what is to be reached is none. */
  readonly target: Target
  readonly limit?: Limit
  readonly shown: Shown
  readonly traffic: Traffic
  readonly machines: ReadonlyMap<string, Machine>
  /** What was seen of machines that have not been updated since. */
  readonly looks: Map<string, Look>
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
  const { target, bench, fleet, limit, shown } = site
  const machine = machineAt(site, id)
  const plan = await planMachine(machine, target.bundle, bench.types, { only: limit?.only })
  refuseUnfit(bench, fleet, plan)
  await refuseStale(machine, plan, shown.get(id))
  site.looks.set(id, { plan, atMs: performance.now() })
  return plan
}

/** Converges a machine to the target, or leaves it where it was. */
export const update = async (site: Site, id: string): Promise<Converged> => {
  const { bench, fleet, target, limit, shown } = site
  const machine = machineAt(site, id)
  const look = site.looks.get(id)
  site.looks.delete(id)
  const converged = await converge(bench, machine, {
    fleet,
    ...target,
    limit,
    shown: shown.get(id),
    plan: look !== undefined && performance.now() - look.atMs < freshMs ? look.plan : undefined,
    verify: async () => {
      await target.task?.(machine)
      await healthGate(bench, machine, target.bundle.manifest, bench.signal)
    },
  })
  if (converged.changed) await takeBaseline(site, machine, converged.steps.some(reachesFurther))
  return converged
}

/** From now on it counts as drift where the machine differs from what it is now. */
const takeBaseline = async ({ bench, target }: Site, machine: Machine, all: boolean): Promise<void> => {
  if (bench.baselines === true) await startBaseline({ machine, data: target.bundle.manifest }, all)
}

/** It may change what is no file: accounts, packages, ports. */
const reachesFurther = ({ do: verb }: Step): boolean => !ofFiles.has(verb)

const ofFiles: ReadonlySet<string> = new Set<Step["do"]>([
  "write-file",
  "make-directory",
  "make-link",
  "set-ownership",
  "remove-path",
])

/** Takes back, exactly, what a transaction of this run did. What others had put in its way is kept, and told. */
export const takeBack = async (site: Site, id: string, transaction: string): Promise<void> => {
  const { bench, fleet } = site
  const { kept } = await undoTransaction(machineAt(site, id), transaction, bench.lease.epoch)
  for (const place of kept) bench.progress({ fleet: fleet.name, member: id, doing: `kept ${place}` })
  await takeBaseline(site, machineAt(site, id), true)
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
