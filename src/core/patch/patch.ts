import { FireclayError, type Fleet, type PatchSet } from "../../contract/index.ts"
import { type FleetRecord, loadBundle, type Release, readFleet, releaseOf } from "../ledger.ts"
import { fleetMachines } from "../machines.ts"
import { type FleetPlan, planFleet, sightsOf } from "../plan-fleet.ts"
import type { Bundle } from "../release.ts"
import { type RolloutResult, rollOut } from "../rollout/rollout.ts"
import { sideBySide } from "../side-by-side.ts"
import type { Workbench } from "../workbench.ts"
import { undelivered } from "./list.ts"
import { patchesOf, pinnedIn, withPatches } from "./released.ts"
import { logForced, logInstances, type PatchedMachine, reportOf } from "./report.ts"
import { mustRestart } from "./restart.ts"
import type { PatchTime } from "./time.ts"

/** A patch, ready to be rolled out. */
export interface PlannedPatch {
  readonly plan: FleetPlan
  /** The release in force. */
  readonly before: Bundle
  /** The release in force with these patches, whatever the configuration says by now. */
  readonly bundle: Bundle
  /** Names that the spec itself says the version of, and that so stay. */
  readonly pinned: readonly string[]
  /** In place: machines that ask for a new start already. */
  readonly restarts: readonly string[]
}

/**
 * What it takes to bring a fleet to these versions, besides those that it was patched to before. Changes nothing.
 *
 * @param left names that are offered in another version, and are not to be taken to it
 * @throws FireclayError FC_RELEASE_UNKNOWN, FC_PATCH, and whatever a plan refuses
 */
export const planPatch = async (
  bench: Workbench,
  fleet: Fleet,
  set: PatchSet,
  left: ReadonlySet<string> = new Set(),
): Promise<PlannedPatch> => {
  const record = await readFleet(bench.store, fleet.name)
  const before = await loadBundle(bench.store, releaseToPatch(fleet, record))
  const begun = Object.entries(begunPatches(fleet, record, before)).filter(([name]) => !left.has(name))
  const bundle = withPatches(before, { ...patchesOf(before.manifest), ...Object.fromEntries(begun), ...set })
  const plan = await planFleet(bench, fleet, bundle)
  const pinned = [...pinnedIn(before.manifest)].filter((name) => name in set)
  return { plan, before, bundle, pinned, restarts: await askWhoRestarts(bench, fleet) }
}

export interface PatchWant extends PlannedPatch {
  /** Machines that ask for it are started anew. */
  readonly reboot: "if-required" | "never"
  readonly takeOver?: boolean
  readonly time: PatchTime
}

export interface PatchResult {
  readonly rollout: RolloutResult
  readonly machines: readonly PatchedMachine[]
}

/**
 * Rolls a patch out as any release, and tells what became of each machine.
 *
 * @param failed is told the same where it fails, ahead of the error
 * @throws FireclayError as a rollout does; FC_REBOOT, FC_PATCH_CLOSED
 */
export const rollOutPatch = async (
  bench: Workbench,
  fleet: Fleet,
  { plan, before, bundle, reboot, takeOver = false, time }: PatchWant,
  failed: (machines: readonly PatchedMachine[]) => void,
): Promise<PatchResult> => {
  const last = (await bench.store.events({ fleet: fleet.name })).at(-1)?.number ?? 0
  const report = (): Promise<readonly PatchedMachine[]> => reportOf(bench.store, fleet.name, last)
  if (time.forced !== undefined) await logForced(bench, fleet, time.forced)
  try {
    const want = { bundle, shown: sightsOf(plan), takeOver, restarts: reboot === "if-required", untilMs: time.untilMs }
    const rollout = await rollOut(bench, fleet, want)
    if (fleet.by.delivery === "replace") await logInstances(bench, fleet, rollout, [before.digest, bundle.digest])
    return { rollout, machines: await report() }
  } catch (error) {
    failed(await report())
    throw error
  }
}

/** What is in force is patched, not what the configuration has become since. */
const releaseToPatch = (fleet: Fleet, record: FleetRecord): Release => {
  if (record.current === undefined) throw undelivered(fleet.name)
  return releaseOf(record, record.current)
}

/** Those of a patch that did not come to its end: some machines may have them. */
const begunPatches = (fleet: Fleet, record: FleetRecord, before: Bundle): PatchSet => {
  const to = record.open?.to ?? record.stopped?.to
  if (to === undefined || to === record.current) return {}
  const begun = releaseOf(record, to)
  const plain = (bundle: Bundle): string => withPatches(bundle, {}).digest
  const { manifest, digest } = begun
  if (plain({ manifest, digest, bytes: new Map() }) === plain(before)) return patchesOf(manifest)
  throw new FireclayError("FC_PATCH", `a rollout of ${fleet.name} to release ${to} has not come to its end`, {
    at: `fleets.${fleet.name}`,
    remedy: `end it first: fireclay apply ${fleet.name}, or fireclay rollback ${fleet.name}`,
  })
}

const askWhoRestarts = async (bench: Workbench, fleet: Fleet): Promise<readonly string[]> => {
  if (fleet.by.delivery !== "in-place") return []
  const machines = (await fleetMachines(bench, fleet)).filter(({ exists }) => exists)
  const asked = await sideBySide(machines, async ({ name, machine }) => ({ name, must: await mustRestart(machine) }))
  return asked.filter(({ must }) => must).map(({ name }) => name)
}
