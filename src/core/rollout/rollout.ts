import { randomBytes } from "node:crypto"
import { FireclayError, type Fleet, isFireclayError, type Json } from "../../contract/index.ts"
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
import type { Crew, Target } from "./crew.ts"
import { drive } from "./drive.ts"
import { inPlaceCrew, type Shown } from "./in-place.ts"
import { replaceCrew } from "./replace.ts"

export interface RolloutResult {
  readonly fleet: string
  readonly release: number
  readonly from: number | undefined
  readonly moves: number
  /** Instances that were made. */
  readonly created: number
  readonly seconds: number
  /** Release of each member at the end. */
  readonly versions: { readonly [member: string]: number | null }
}

/** What to roll out: the configuration as it stands, or an earlier release. */
export type RolloutWant = ({ readonly bundle: Bundle } | { readonly release: number }) & {
  /** The plans that somebody saw and agreed to; what differs from them is refused. */
  readonly shown?: Shown
}

/**
 * Takes a fleet to a release. Whatever fails, everything this rollout touched is taken back.
 *
 * @throws FireclayError FC_ROLLOUT_FAILED with what failed as its cause and the version map as its details
 */
export const rollOut = async (outer: Workbench, fleet: Fleet, want: RolloutWant): Promise<RolloutResult> =>
  withLease(outer, fleet.name, await describeWant(outer, fleet, want), async (bench) => {
    const record = await readFleet(bench.store, fleet.name)
    await settleMachines(bench, fleet)
    const target = await chooseTarget(bench, record, want)
    const crew = await openCrew(bench, fleet, record, target, want.shown ?? new Map())
    const log = rolloutLog(bench, fleet, record, target)
    await log("rollout.started", { delivery: fleet.by.delivery, strategy: fleet.by.strategy.name })
    const startedAt = bench.now()
    try {
      const driven = await drive(bench, fleet, crew, target.release.number, (asked) =>
        log("rollout.moves", { moves: asked as unknown as Json }),
      )
      await crew.tidy()
      await log("rollout.finished", { seconds: (bench.now() - startedAt) / 1000 })
      return {
        fleet: fleet.name,
        release: target.release.number,
        from: record.current,
        ...driven,
        seconds: (bench.now() - startedAt) / 1000,
        versions: await versionMap(crew),
      }
    } catch (error) {
      // Another controller has the fleet now: what was begun is its business.
      if (isTakenOver(error)) throw error
      await bench.lease.ensure()
      throw await leadBack(bench, fleet, record, target, crew, error)
    }
  })

/** Ends what a controller that died left open on the machines of a fleet, so that a plan sees them at rest. */
export const recoverFleet = async (bench: Workbench, fleet: Fleet): Promise<void> => {
  const { open } = await readFleet(bench.store, fleet.name)
  if (open === undefined) return
  bench.progress({ fleet: fleet.name, doing: "ending what a cut-off rollout left open" })
  await withLease(bench, fleet.name, `ending a rollout of ${fleet.name} that was cut off`, (leased) =>
    settleMachines(leased, fleet),
  )
}

type Log = (kind: string, body?: { readonly [key: string]: Json }) => Promise<void>

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
  await Promise.all(machines.filter(({ exists }) => exists).map(({ machine }) => settle(machine, settler)))
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

/** Undoes what was touched, writes down what came of it, and gives the error that says all this. */
const leadBack = async (
  bench: LeasedBench,
  fleet: Fleet,
  record: FleetRecord,
  target: Target,
  crew: Crew,
  error: unknown,
): Promise<FireclayError> => {
  const log = rolloutLog(bench, fleet, record, target)
  const cause = isFireclayError(error) ? error : undefined
  const because = {
    code: cause?.code ?? "unknown",
    message: bench.secrets.redact(error instanceof Error ? error.message : String(error)),
  }
  bench.progress({ fleet: fleet.name, doing: "failed; undoing" })
  try {
    await crew.revert()
    await log("rollout.reverted", { to: record.current ?? null, failed: target.release.number, ...because })
  } catch (revertError) {
    const second = bench.secrets.redact(revertError instanceof Error ? revertError.message : String(revertError))
    await log("rollout.failed", { ...because, revert: second })
    return describeFailure(
      fleet,
      `${because.message}; undoing failed too: ${second}`,
      await versionMap(crew).catch(() => ({})),
      error,
      false,
    )
  }
  const back = record.current === undefined ? "nothing of it stays" : `release ${record.current} is in force`
  return describeFailure(fleet, `${because.message}; ${back}`, await versionMap(crew).catch(() => ({})), error, true)
}

/** Not a failure of what was rolled out: they keep their code. */
const ownOutcome: ReadonlySet<string> = new Set(["FC_CANCELLED", "FC_PLAN_STALE"])

const describeFailure = (
  fleet: Fleet,
  message: string,
  versions: RolloutResult["versions"],
  cause: unknown,
  reverted: boolean,
): FireclayError => {
  const inner = isFireclayError(cause) ? cause : undefined
  const map = Object.entries(versions).map(
    ([member, release]) => `${member}: ${release === null ? "no release" : `release ${release}`}`,
  )
  const own = reverted ? "FC_ROLLOUT_REVERTED" : "FC_ROLLOUT_FAILED"
  return new FireclayError(inner !== undefined && ownOutcome.has(inner.code) ? inner.code : own, message, {
    at: inner?.at ?? `fleets.${fleet.name}`,
    remedy: inner?.remedy ?? `fireclay status ${fleet.name}`,
    details: [...(inner?.details ?? []), ...map],
    cause,
  })
}

const versionMap = async (crew: Crew): Promise<RolloutResult["versions"]> =>
  Object.fromEntries((await crew.members()).map(({ id, release }) => [id, release ?? null]))
