import type { Delivery, Fleet, Member } from "../contract/index.ts"
import { refuseBaked } from "./bake.ts"
import { type BaseChange, baseChange, originsIn } from "./base.ts"
import { isInForce, refuseUnfit } from "./converge.ts"
import { inSize, sizeOf, sizingOf } from "./fleet-size.ts"
import { type Forecast, forecast } from "./forecast.ts"
import { foreseePackages } from "./foresee/packages.ts"
import { hasImage } from "./images.ts"
import { type FleetRecord, knownRelease, loadBundle, nextNumber, readFleet, releaseOf, type Sizing } from "./ledger.ts"
import type { Limit } from "./limit.ts"
import { fleetMachines } from "./machines.ts"
import { compareBundles, type ReleaseDifference } from "./plan/compare.ts"
import type { MachinePlan, Sight } from "./plan/types.ts"
import { planMachine } from "./plan.ts"
import { refuseMore } from "./process.ts"
import { withoutSecrets } from "./redact.ts"
import type { Bundle, Manifest } from "./release.ts"
import { isBaseline } from "./rollout/instances.ts"
import { inForceOf } from "./rollout/rollout.ts"
import { openBundle } from "./seal.ts"
import { sideBySide } from "./side-by-side.ts"
import { refuseSurge } from "./volumes.ts"
import type { Workbench } from "./workbench.ts"

/** What `apply` would do to one fleet. */
export interface FleetPlan {
  readonly fleet: string
  readonly delivery: Delivery
  readonly strategy: string
  /** Release in force. */
  readonly from: number | undefined
  /** Number that the release has or would get. */
  readonly to: number
  /** What changed in the description since the release in force. */
  readonly release: readonly ReleaseDifference[]
  /** In place: each machine that exists. */
  readonly machines: readonly MachinePlan[]
  /** In place: local machines that would be made or started first. */
  readonly missing: readonly string[]
  /** The spec whose image such machines are made from; absent: there is none below. */
  readonly base?: string
  /** By replacement: how many instances there are and will be. */
  readonly size?: PlannedSize
  /** By replacement, back to an earlier release: its image is not kept any more, and is baked again first. */
  readonly bakes?: true
  /** What lies below all specs became another since the release in force. Machines that exist keep theirs. */
  readonly baseChange?: BaseChange
  readonly forecast: Forecast
  /** Nothing would be done. */
  readonly empty: boolean
  /** What of the fleet it is about: such a run is no release. Absent: all of it. */
  readonly limit?: PlannedLimit
}

export interface PlannedSize {
  /** Instances of the release in force. */
  readonly from: number
  readonly to: number
  /** What the configuration says. Where that is another number, the fleet was scaled. */
  readonly configured: number
}

/** Names of machines and ids of resources; `null`: all. */
export interface PlannedLimit {
  readonly machines: readonly string[] | null
  readonly resources: readonly string[] | null
}

export interface FleetPlanOptions {
  /** An earlier release to go back to. */
  readonly release?: number
  /** So many instances, whatever there are and the configuration says. */
  readonly scale?: number
  readonly limit?: Limit | undefined
}

/**
 * Looks at a fleet and says what `apply` would do, or `rollback` to an earlier release. Changes nothing.
 *
 * @throws FireclayError FC_MACHINE_UNREACHABLE, FC_OBSERVE, FC_SECRET_MISSING, FC_SECRET_FILE, FC_SECRET_BAKED, FC_VOLUME_EXCLUSIVE
 */
export const planFleet = async (
  bench: Workbench,
  given: Fleet,
  closed: Bundle,
  { release, scale, limit }: FleetPlanOptions = {},
): Promise<FleetPlan> => {
  if (given.by.delivery === "replace") {
    refuseBaked(closed)
    refuseMore(given, closed.manifest)
  }
  const bundle = await openBundle(bench.secrets, closed)
  const { redact } = bench.secrets
  const base = bundle.manifest.below?.at(-1)?.spec
  const record = await readFleet(bench.store, given.name)
  const sizing = sizingOf(given, record, scale)
  const fleet = inSize(given, sizing)
  const inForce = record.current === undefined ? undefined : releaseOf(record, record.current).manifest
  const withOrigin = originIn(inForce, bundle.manifest)
  // Servers that exist were made from none.
  const changedBase = fleet.on.kind === "ssh" ? undefined : baseChange(inForce, bundle.manifest)
  const to = release ?? knownRelease(record, bundle.digest)?.number ?? nextNumber(record)
  const { machines, missing, members } =
    fleet.by.delivery === "in-place"
      ? await lookInPlace(bench, fleet, bundle, to, limit)
      : await lookReplace(bench, fleet)
  const strategy = bench.strategies.get(fleet.by.strategy.name)
  if (strategy === undefined) throw new TypeError(`no strategy ${fleet.by.strategy.name}`)
  const foreseen = forecast(strategy, fleet.by.strategy.options, {
    delivery: fleet.by.delivery,
    target: to,
    size: sizeOf(fleet),
    members,
    pace: record.pace,
    watchMs: fleet.by.watchMs,
    ...inForceOf(record, to, bench.now()),
  })
  refuseSurge(bench, fleet, bundle.manifest.volumes)
  return {
    fleet: fleet.name,
    delivery: fleet.by.delivery,
    strategy: fleet.by.strategy.name,
    from: record.current,
    to,
    release: (await compareReleases(bench, record, bundle))
      .filter(({ id }) => limit?.only?.has(id) !== false)
      .map((difference) => withOrigin(withoutSecrets(difference, redact))),
    machines: machines.map((plan) => ({
      ...plan,
      differences: plan.differences.map((difference) => withOrigin(withoutSecrets(difference, redact))),
    })),
    missing,
    ...(base === undefined ? {} : { base }),
    ...(release === undefined || sizing === undefined || (await hasImage(bench, fleet.name, bundle.digest))
      ? {}
      : { bakes: true }),
    ...(sizing === undefined ? {} : { size: plannedSize(members, record, sizing) }),
    ...(changedBase === undefined ? {} : { baseChange: changedBase }),
    forecast: foreseen,
    ...(limit === undefined
      ? { empty: missing.length === 0 && foreseen.rounds === 0 && isAtRest(record, to, sizing) }
      : { empty: missing.length + machines.flatMap(({ steps }) => steps).length === 0, limit: describeLimit(limit) }),
  }
}

/** The log says already what it would say then. */
const isAtRest = (record: FleetRecord, to: number, sizing: Sizing | undefined): boolean =>
  record.current === to &&
  record.open === undefined &&
  (record.sizing === undefined ||
    (record.sizing.size === sizing?.size && record.sizing.configured === sizing.configured))

const plannedSize = (members: readonly Member[], { current }: FleetRecord, sizing: Sizing): PlannedSize => ({
  from: members.filter(({ release, id }) => release !== undefined && release === current && !isBaseline(id)).length,
  to: sizing.size,
  configured: sizing.configured,
})

/** Says of a difference which base it comes from, if it does. */
const originIn = (before: Manifest | undefined, now: Manifest) => {
  const origins = originsIn(before, now)
  return <T extends { readonly id: string }>(difference: T): T & { readonly origin?: string } => {
    const origin = origins.get(difference.id)
    return origin === undefined ? difference : { ...difference, origin }
  }
}

const describeLimit = ({ machines, only }: Limit): PlannedLimit => ({
  machines: machines === undefined ? null : [...machines],
  resources: only === undefined ? null : [...only],
})

/** What was seen, by machine: an apply that is given it refuses what nobody saw. */
export const sightsOf = (plan: FleetPlan): ReadonlyMap<string, Sight> =>
  new Map(plan.machines.map(({ machine, sight }) => [machine, sight]))

interface Look {
  readonly machines: readonly MachinePlan[]
  readonly missing: readonly string[]
  readonly members: readonly Member[]
}

const lookInPlace = async (
  bench: Workbench,
  fleet: Fleet,
  bundle: Bundle,
  to: number,
  limit: Limit | undefined,
): Promise<Look> => {
  const all = (await fleetMachines(bench, fleet)).filter(({ name }) => limit?.machines?.has(name) !== false)
  const present = all.filter(({ exists }) => exists)
  const looked = await sideBySide(
    present,
    async ({ machine }) => [machine, await planMachine(machine, bundle, bench.types, { only: limit?.only })] as const,
  )
  for (const [, plan] of looked) refuseUnfit(bench, fleet, plan)
  const machines = await Promise.all(looked.map(([machine, plan]) => foreseePackages(machine, plan, bundle)))
  const phases = new Map((await bench.router(fleet)?.peek())?.map(({ id, state }) => [id, state]))
  const routed = fleet.listen !== undefined
  const members = all.map(({ name }): Member => {
    const plan = machines.find(({ machine }) => machine === name)
    const inForce = plan !== undefined && isInForce(plan, { number: to, digest: bundle.digest })
    const there = limit === undefined ? inForce : plan?.steps.length === 0
    const older = plan?.from === to ? undefined : plan?.from
    const phase = routed
      ? phases.get(name) === "ready"
        ? "serving"
        : "idle"
      : plan?.from === undefined
        ? "idle"
        : "serving"
    return { id: name, release: there ? to : older, phase }
  })
  return { machines, missing: all.filter(({ exists }) => !exists).map(({ name }) => name), members }
}

const lookReplace = async (bench: Workbench, fleet: Fleet): Promise<Look> => {
  const instances = (await bench.engine(fleet).list()).filter(
    (instance) => instance.fleet === fleet.name && instance.running,
  )
  const phases = new Map((await bench.router(fleet)?.peek())?.map(({ id, state }) => [id, state]))
  const members = instances.map(({ name, release }): Member => {
    const serves = fleet.listen === undefined || phases.get(name) === "ready"
    return { id: name, release, phase: serves ? "serving" : "idle" }
  })
  return { machines: [], missing: [], members }
}

const compareReleases = async (
  bench: Workbench,
  record: FleetRecord,
  bundle: Bundle,
): Promise<readonly ReleaseDifference[]> => {
  const current = record.current === undefined ? undefined : releaseOf(record, record.current)
  if (current?.digest === bundle.digest) return []
  return compareBundles(current === undefined ? undefined : await loadBundle(bench.store, current), bundle)
}
