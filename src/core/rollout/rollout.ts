import { randomBytes } from "node:crypto"
import type { Fleet, Json } from "../../contract/index.ts"
import { bake } from "../bake.ts"
import { describeHolder, isTakenOver, type LeasedBench, withLease } from "../lease.ts"
import {
  createRelease,
  type FleetRecord,
  knownRelease,
  loadBundle,
  nextNumber,
  type Release,
  readFleet,
  releaseOf,
} from "../ledger.ts"
import { fleetMachines } from "../machines.ts"
import type { Bundle } from "../release.ts"
import { openBundle } from "../seal.ts"
import { settle } from "../transaction/settle.ts"
import type { Workbench } from "../workbench.ts"
import type { Crew, Target, Versions } from "./crew.ts"
import { drive } from "./drive.ts"
import { inPlaceCrew } from "./in-place.ts"
import { type Ending, type Log, leadBack, partial } from "./outcome.ts"
import { replaceCrew } from "./replace.ts"
import type { Shown } from "./site.ts"

export interface RolloutResult {
  readonly fleet: string
  readonly release: number
  readonly from: number | undefined
  readonly moves: number
  /** Instances that were made. */
  readonly created: number
  readonly seconds: number
  /** Release of each member at the end. */
  readonly versions: Versions
}

/** What to roll out: the configuration as it stands, or an earlier release. */
export type RolloutWant = ({ readonly bundle: Bundle } | { readonly release: number }) & {
  /** The plans that somebody saw and agreed to; what differs from them is refused. */
  readonly shown?: Shown
}

/**
 * Takes a fleet to a release. Whatever fails, everything this rollout touched is taken back, unless the fleet says
 * otherwise.
 *
 * @throws FireclayError FC_ROLLOUT_REVERTED, FC_ROLLOUT_PARTIAL and FC_ROLLOUT_FAILED with what failed as their cause
 *   and the version map in their details
 */
export const rollOut = async (outer: Workbench, fleet: Fleet, want: RolloutWant): Promise<RolloutResult> =>
  withLease(outer, fleet.name, await describeWant(outer, fleet, want), async (bench) => {
    const record = await readFleet(bench.store, fleet.name)
    await settleMachines(bench, fleet)
    const target = await chooseTarget(bench, record, want)
    const crew = await openCrew(bench, fleet, record, target, want.shown ?? new Map())
    const log = rolloutLog(bench, fleet, record, target)
    await log("rollout.started", { delivery: fleet.by.delivery, strategy: fleet.by.strategy.name })
    const ending: Ending = { bench, fleet, record, crew, to: target.release.number, log }
    const result = await deliver(ending).catch(async (error: unknown) => {
      // Another controller has the fleet now: what was begun is its business.
      if (isTakenOver(error)) throw error
      await bench.lease.ensure()
      throw await leadBack(ending, error)
    })
    const left = partial(ending, result.versions)
    if (left !== undefined) throw left
    return result
  })

const deliver = async (ending: Ending): Promise<RolloutResult> => {
  const { bench, fleet, record, crew, to, log } = ending
  const startedAt = bench.now()
  const driven = await drive(bench, fleet, crew, to, (asked) =>
    log("rollout.moves", { moves: asked as unknown as Json }),
  )
  await crew.tidy()
  const versions = await crew.versions()
  refuseNothingDone(ending, versions)
  const seconds = (bench.now() - startedAt) / 1000
  await log("rollout.finished", { seconds, versions })
  return { fleet: fleet.name, release: to, from: record.current, ...driven, seconds, versions }
}

/** However many may fail: where no machine has come to the release, it is not in force. */
const refuseNothingDone = ({ crew, to }: Ending, versions: Versions): void => {
  const [first] = crew.failures().values()
  if (first !== undefined && !Object.values(versions).includes(to)) throw first
}

/** Ends what a controller that died left open on the machines of a fleet, so that a plan sees them at rest. */
export const recoverFleet = async (bench: Workbench, fleet: Fleet): Promise<void> => {
  const { open } = await readFleet(bench.store, fleet.name)
  if (open === undefined) return
  bench.progress({ fleet: fleet.name, doing: "ending what a cut-off rollout left open" })
  await withLease(bench, fleet.name, `ending a rollout of ${fleet.name} that was cut off`, (leased) =>
    settleMachines(leased, fleet),
  )
}

const rolloutLog = (bench: Workbench, fleet: Fleet, record: FleetRecord, target: Target): Log => {
  const rollout = record.open?.to === target.release.number ? record.open.id : randomBytes(6).toString("hex")
  const fixed = { rollout, from: record.current ?? null, to: target.release.number }
  return async (kind, body = {}) => {
    await bench.store.append([{ fleet: fleet.name, kind, body: { ...fixed, ...body } }])
  }
}

/** What a controller that died left waiting on the machines is ended before anything is looked at. */
export const settleMachines = async (bench: LeasedBench, fleet: Fleet): Promise<void> => {
  if (fleet.by.delivery !== "in-place") return
  const machines = await fleetMachines(bench, fleet)
  const settler = { epoch: bench.lease.epoch, holder: describeHolder(bench.lease.holder) }
  const settled = await Promise.allSettled(
    machines.filter(({ exists }) => exists).map(({ machine }) => settle(machine, settler)),
  )
  // One that cannot be reached keeps none of the others from it.
  const failed = settled.find(({ status }) => status === "rejected")
  if (failed?.status === "rejected") throw failed.reason
}

/** For others to read: which release this will be. */
const describeWant = async (bench: Workbench, fleet: Fleet, want: RolloutWant): Promise<string> => {
  if ("release" in want) return `rollback ${fleet.name}, release ${want.release}`
  const record = await readFleet(bench.store, fleet.name)
  const number = knownRelease(record, want.bundle.digest)?.number ?? nextNumber(record)
  return `apply ${fleet.name}, release ${number}`
}

/** The release in force if nothing changed, the one a dead controller was on its way to, or a new one. */
const chooseTarget = async (bench: Workbench, record: FleetRecord, want: RolloutWant): Promise<Target> => {
  if ("release" in want) {
    const release = releaseOf(record, want.release)
    return { release, bundle: await openBundle(bench.secrets, await loadBundle(bench.store, release)) }
  }
  const known = knownRelease(record, want.bundle.digest)
  const release: Release = known ?? (await createRelease(bench.store, record, want.bundle))
  return { release, bundle: await openBundle(bench.secrets, want.bundle) }
}

const openCrew = async (
  bench: LeasedBench,
  fleet: Fleet,
  record: FleetRecord,
  target: Target,
  shown: Shown,
): Promise<Crew> => {
  if (fleet.by.delivery === "in-place") return inPlaceCrew(bench, fleet, record, target, shown)
  const { image } = await bake(bench, fleet.name, target.bundle)
  return replaceCrew(bench, fleet, record, target, image.digest)
}
