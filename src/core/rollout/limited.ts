import type { FireclayError, Fleet, Json } from "../../contract/index.ts"
import { isTakenOver, type LeasedBench, withLease } from "../lease.ts"
import { nextNumber, readFleet } from "../ledger.ts"
import type { Limit } from "../limit.ts"
import { fleetMachines, provision } from "../machines.ts"
import type { Bundle } from "../release.ts"
import { openBundle } from "../seal.ts"
import type { Workbench } from "../workbench.ts"
import { passingDiary } from "./diary.ts"
import { drive } from "./drive.ts"
import { LimitedCrew } from "./limited-crew.ts"
import { becauseOf, failure } from "./outcome.ts"
import { settleMachines } from "./rollout.ts"
import type { Shown } from "./site.ts"
import { openStall, withStall } from "./stall.ts"
import { openTraffic } from "./traffic.ts"

export interface LimitedWant {
  readonly bundle: Bundle
  readonly limit: Limit
  /** What the plans that were shown had seen, by machine. */
  readonly shown?: Shown
}

export interface LimitedResult {
  readonly fleet: string
  readonly limited: true
  /** Machines that were changed. */
  readonly changed: readonly string[]
  readonly seconds: number
}

/**
 * Converges some machines of a fleet in place, or all of them to some of its resources: by the fleet's own policy, with
 * the same transaction, health gate and undo as a rollout. It is no release: what is in force stays in force.
 *
 * @throws FireclayError FC_ROLLOUT_REVERTED, FC_ROLLOUT_FAILED, FC_PLAN_STALE, FC_LEASE_HELD
 */
export const applyLimited = (outer: Workbench, fleet: Fleet, want: LimitedWant): Promise<LimitedResult> =>
  withLease(outer, fleet.name, `limited run on ${fleet.name}`, async (bench) => {
    const startedAt = bench.now()
    await settleMachines(bench, fleet)
    const { machines, only } = want.limit
    const log = async (kind: string, body: { readonly [key: string]: Json }): Promise<void> => {
      const fixed = { machines: asList(machines), resources: asList(only), digest: want.bundle.digest }
      await bench.store.append([{ fleet: fleet.name, kind, body: { ...fixed, ...body } }])
    }
    const { crew, number } = await openCrew(bench, fleet, want)
    try {
      const stall = openStall(fleet)
      const diary = passingDiary(bench.now)
      await drive({
        bench: withStall(bench, stall),
        fleet,
        crew,
        target: number,
        diary,
        stall,
        onMoves: async () => undefined,
      })
    } catch (error) {
      // Another controller has the fleet now: what was begun is its business.
      if (isTakenOver(error)) throw error
      await bench.lease.ensure()
      throw await leadBack(bench, fleet, crew, error, log)
    }
    const [changed, seconds] = [crew.changed(), (bench.now() - startedAt) / 1000]
    await log("limited.applied", { changed, seconds })
    return { fleet: fleet.name, limited: true, changed, seconds }
  })

const asList = (set: ReadonlySet<string> | undefined): Json => (set === undefined ? null : [...set])

const openCrew = async (bench: LeasedBench, fleet: Fleet, { bundle: closed, limit, shown }: LimitedWant) => {
  const bundle = await openBundle(bench.secrets, closed)
  const record = await readFleet(bench.store, fleet.name)
  await provision(bench, fleet, limit.machines)
  const number = nextNumber(record)
  const release = { number, digest: bundle.digest, manifest: bundle.manifest, createdAt: "" }
  const all = await fleetMachines(bench, fleet)
  const crew = new LimitedCrew({
    bench,
    fleet,
    record,
    target: { release, bundle },
    limit,
    shown: shown ?? new Map(),
    traffic: await openTraffic(bench, fleet),
    looks: new Map(),
    fetching: new Map(),
    machines: new Map(
      all.filter(({ name }) => limit.machines?.has(name) !== false).map(({ name, machine }) => [name, machine]),
    ),
  })
  return { crew, number }
}

type Log = (kind: string, body: { readonly [key: string]: Json }) => Promise<void>

/** Undoes what was changed, writes down what came of it, and gives the error that says all this. */
const leadBack = async (
  bench: LeasedBench,
  fleet: Fleet,
  crew: LimitedCrew,
  error: unknown,
  log: Log,
): Promise<FireclayError> => {
  const because = becauseOf(bench, error)
  bench.progress({ fleet: fleet.name, doing: "failed; undoing" })
  try {
    await crew.revert()
  } catch (second) {
    const revert = becauseOf(bench, second).message
    await log("limited.failed", { ...because, revert })
    return failure(fleet, "FC_ROLLOUT_FAILED", `${because.message}; undoing failed too: ${revert}`, {}, error)
  }
  await log("limited.reverted", because)
  return failure(fleet, "FC_ROLLOUT_REVERTED", `${because.message}; every machine is where it was`, {}, error)
}
