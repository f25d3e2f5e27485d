import { randomBytes } from "node:crypto"
import { FireclayError, type Fleet, isFireclayError, type Json, type StrategyWant } from "../../contract/index.ts"
import { bake } from "../bake.ts"
import { inSize, sizingOf } from "../fleet-size.ts"
import { forgetImages } from "../images.ts"
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
  type Sizing,
} from "../ledger.ts"
import { fleetMachines } from "../machines.ts"
import { refuseLate } from "../patch/time.ts"
import type { Bundle } from "../release.ts"
import { openBundle } from "../seal.ts"
import { settle } from "../transaction/settle.ts"
import type { Workbench } from "../workbench.ts"
import type { Crew, Target, Versions } from "./crew.ts"
import { type Diary, openDiary } from "./diary.ts"
import { type Drifted, driftedBody, strategyToReplace } from "./drifted.ts"
import { drive } from "./drive.ts"
import { inPlaceCrew } from "./in-place.ts"
import { type Ending, type Log, leadBack, partial } from "./outcome.ts"
import { releaseTask } from "./release-task.ts"
import { replaceCrew } from "./replace.ts"
import { releaseToScale } from "./scale.ts"
import type { MendMachine, Shown } from "./site.ts"
import { openStall, type Stall, withStall } from "./stall.ts"
import { noRollout, takeOver } from "./tell.ts"

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
  /** Members at the same time, at most. */
  readonly peak: number
  /** How long two releases served side by side. */
  readonly mixedSeconds: number
  /** Instances of the release before, which stay aside for a quick way back. */
  readonly kept: readonly string[]
}

/** What to roll out: the configuration as it stands, an earlier release, or more or fewer instances. */
export type RolloutWant = (
  | { readonly bundle: Bundle }
  | { readonly release: number }
  /** As many instances of the release in force; with `takeOver`, of the one that the other rollout is on its way to. */
  | { readonly scale: number }
) & {
  /** The plans that somebody saw and agreed to; what differs from them is refused. */
  readonly shown?: Shown
  /** Another rollout of the fleet that is under way is told to stop, and this goes on from where it stands. */
  readonly takeOver?: boolean
  /** What nobody described is taken back too: this is no way to a release, but back to the one in force. */
  readonly mend?: MendMachine
  /** It goes back to a release on purpose: what is left is not to be gone back to. */
  readonly back?: boolean
  /** By replacement: instances that clean ones of the release in force take the place of. */
  readonly drifted?: Drifted
  /** In place: machines that ask for it are started anew while they take no requests. */
  readonly restarts?: boolean
  /** No batch begins that would not come to its end by then: milliseconds since 1970. */
  readonly untilMs?: number | undefined
}

/**
 * Takes a fleet to a release. Whatever fails, everything this rollout touched is taken back, unless the fleet says
 * otherwise.
 *
 * @throws FireclayError FC_ROLLOUT_REVERTED, FC_ROLLOUT_PARTIAL and FC_ROLLOUT_FAILED with what failed as their cause
 *   and the version map in their details
 */
export const rollOut = async (outer: Workbench, fleet: Fleet, want: RolloutWant): Promise<RolloutResult> => {
  if (want.takeOver === true) await takeOver(outer, fleet)
  return withLease(outer, fleet.name, await describeWant(outer, fleet, want), async (bench) => {
    const ending = await openEnding(bench, fleet, want)
    const result = await deliver(ending, want).catch(async (error: unknown) => {
      // Another controller has the fleet now, or will have: what was begun is its business.
      if (isTakenOver(error) || isYielded(error)) throw error
      await bench.lease.ensure()
      throw await leadBack(ending, error)
    })
    const left = partial(ending, result.versions)
    if (left !== undefined) throw left
    return result
  })
}

/** A rollout that is about to begin, or to go on. */
const openEnding = async (held: LeasedBench, given: Fleet, want: RolloutWant): Promise<Opened> => {
  const stall = openStall(given)
  const bench = withStall(held, stall)
  const record = await readFleet(bench.store, given.name)
  await settleMachines(bench, given)
  const chosen = await chooseTarget(bench, given, record, want)
  const sizing = sizingOf(given, record, "scale" in want ? want.scale : undefined)
  const fleet = inSize(given, sizing)
  const rollout = idOfOpen(record, chosen.release, sizing) ?? randomBytes(6).toString("hex")
  const drifted = new Map([...(record.open?.drifted ?? []), ...(want.drifted ?? [])])
  const log = rolloutLog(bench, fleet, record, chosen, rollout)
  const target = { ...chosen, task: await releaseTask(bench, record, chosen, rollout, log) }
  const crew = await openCrew(bench, fleet, record, { ...target, drifted }, want)
  const replaces = drifted.size > 0 && chosen.release.number === record.current
  const strategy = replaces ? strategyToReplace(fleet.by.strategy) : fleet.by.strategy
  const { delivery } = fleet.by
  const mends = want.mend === undefined ? {} : { mends: true }
  await log("rollout.started", { delivery, strategy: strategy.name, ...mends, ...sizing, ...driftedBody(drifted) })
  const diary = await openDiary(bench, fleet.name, rollout)
  return { bench, fleet, record, crew, to: target.release.number, log, diary, stall, strategy }
}

/** The rollout that is gone on with. One that was to end with another number of instances of the same release is another. */
const idOfOpen = ({ open, current }: FleetRecord, { number }: Release, sizing: Sizing | undefined) =>
  open?.to === number && (open.to !== current || open.sizing?.size === sizing?.size) ? open.id : undefined

type Opened = Ending & { readonly diary: Diary; readonly stall: Stall; readonly strategy: StrategyWant }

/**
 * Leads a rollout back whose controller is no more, as that one would have done.
 *
 * @throws FireclayError FC_ROLLOUT_NONE, FC_LEASE_HELD, FC_ROLLOUT_FAILED
 */
export const abortRollout = (outer: Workbench, fleet: Fleet): Promise<Versions> =>
  withLease(outer, fleet.name, `abort a rollout of ${fleet.name}`, async (bench) => {
    const { open } = await readFleet(bench.store, fleet.name)
    if (open === undefined) throw noRollout(fleet)
    const ending = await openEnding(bench, fleet, { release: open.to })
    const error = new FireclayError("FC_ROLLOUT_ABORTED", "somebody said: abort", { at: `fleets.${fleet.name}` })
    const told = await leadBack(ending, error)
    if (told.code !== "FC_ROLLOUT_REVERTED") throw told
    return ending.crew.versions()
  })

const deliver = async (ending: Opened, want: RolloutWant): Promise<RolloutResult> => {
  const { bench, fleet, record, crew, to, log, diary, stall, strategy } = ending
  const startedAt = bench.now()
  const { pace, mixedMs, ...driven } = await drive({
    ...{ bench, crew, target: to, diary, stall, pace: record.pace },
    fleet: { ...fleet, by: { ...fleet.by, strategy } },
    onMoves: (asked) => log("rollout.moves", { moves: asked as unknown as Json }),
    ...inForceOf(record, to, bench.now()),
    watchMs: fleet.by.watchMs ?? 0,
    refuseBatch: () => refuseLate(fleet, record, bench.now(), want.untilMs),
  })
  await crew.tidy()
  const kept = new Set(driven.kept)
  const versions = Object.fromEntries(Object.entries(await crew.versions()).filter(([member]) => !kept.has(member)))
  refuseNothingDone(ending, versions)
  const seconds = (bench.now() - startedAt) / 1000
  const back = want.back === true ? { back: true } : {}
  await log("rollout.finished", { seconds, versions, pace: { ...pace }, ...back })
  if (record.current !== to) await forget(bench, fleet)
  return {
    fleet: fleet.name,
    release: to,
    from: record.current,
    ...driven,
    seconds,
    versions,
    mixedSeconds: mixedMs / 1000,
  }
}

/** What the fleet's history no longer reaches. That it cannot be removed now is no failure of the rollout: the next one tries again. */
const forget = async (bench: LeasedBench, fleet: Fleet): Promise<void> => {
  if (fleet.by.delivery !== "replace") return
  try {
    const images = await forgetImages(bench, fleet)
    if (images.length > 0)
      bench.progress({ fleet: fleet.name, doing: `removed ${images.length} images of releases beyond its history` })
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    bench.progress({ fleet: fleet.name, doing: `images beyond its history could not be removed: ${why}` })
  }
}

/** Since when the release is in force, if it is. */
export const inForceOf = (record: FleetRecord, release: number, nowMs: number): { readonly inForceMs?: number } =>
  record.current === release && record.since !== undefined ? { inForceMs: nowMs - Date.parse(record.since) } : {}

const isYielded = (error: unknown): boolean => isFireclayError(error) && error.code === "FC_ROLLOUT_YIELDED"

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

const rolloutLog = (bench: Workbench, fleet: Fleet, record: FleetRecord, target: Target, rollout: string): Log => {
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
  if (want.drifted !== undefined) return `replace drifted instances of ${fleet.name}`
  if (want.mend !== undefined) return `put ${fleet.name} right`
  if ("release" in want) return `rollback ${fleet.name}, release ${want.release}`
  if ("scale" in want) return `scale ${fleet.name} to ${want.scale}`
  const record = await readFleet(bench.store, fleet.name)
  const number = knownRelease(record, want.bundle.digest)?.number ?? nextNumber(record)
  return `apply ${fleet.name}, release ${number}`
}

/** The release in force if nothing changed, the one a dead controller was on its way to, or a new one. */
const chooseTarget = async (
  bench: Workbench,
  fleet: Fleet,
  record: FleetRecord,
  want: RolloutWant,
): Promise<Target> => {
  if (!("bundle" in want)) {
    const number = "release" in want ? want.release : releaseToScale(fleet, record, want.takeOver === true)
    const release = releaseOf(record, number)
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
  target: Target & { readonly drifted: Drifted },
  want: RolloutWant,
): Promise<Crew> => {
  if (fleet.by.delivery === "in-place") return inPlaceCrew(bench, fleet, record, target, want)
  const { image } = await bake(bench, fleet.name, target.bundle)
  return replaceCrew(bench, fleet, record, { ...target, image: image.digest }, target.drifted)
}
