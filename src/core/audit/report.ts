import {
  type Delivery,
  type FireclayError,
  type Fleet,
  isFireclayError,
  type LeaseHolder,
  type Machine,
  type StoredEvent,
} from "../../contract/index.ts"
import { findDrift, subjectsOf } from "../drift/drift.ts"
import { readFleet } from "../ledger.ts"
import { type FleetPatch, findPatches } from "../patch/list.ts"
import { sideBySide } from "../side-by-side.ts"
import type { Workbench } from "../workbench.ts"
import type { Anchor } from "./anchor.ts"
import { type Audited, auditStore } from "./audit.ts"
import { type DriftLife, driftLives } from "./drift-life.ts"
import { type Happening, historyOf } from "./history.ts"
import { type Inventory, takeInventory } from "./inventory.ts"

/** What an auditor asks of a project, at one moment. */
export interface AuditReport {
  readonly project: string
  /** ISO 8601, UTC. */
  readonly at: string
  /** Who had it made. */
  readonly who: string
  /** Whether the log that the rest is taken from is as it was written. */
  readonly log: Audited
  readonly fleets: readonly FleetAudit[]
}

export interface FleetAudit {
  readonly fleet: string
  readonly delivery: Delivery
  /** Oldest first. */
  readonly releases: readonly AuditedRelease[]
  /** Rollouts, limited runs and what came of them, oldest first. */
  readonly rollouts: readonly (Happening & { readonly failed: boolean })[]
  readonly drift: readonly DriftLife[]
  readonly machines: readonly MachineAudit[]
  readonly updates: KnownUpdates
}

/** What newer packages the machines could have, or why nobody knows. */
export type KnownUpdates = Pick<FleetPatch, "taken" | "heldBack"> | { readonly unknown: string }

export interface AuditedRelease {
  readonly number: number
  readonly digest: string
  readonly createdAt: string
  readonly createdBy: string
  /** Absent: it is not in force. */
  readonly inForce?: { readonly since: string; readonly by: string }
}

export type MachineAudit = { readonly machine: string } & (
  | { readonly inventory: Inventory }
  | { readonly problem: FireclayError }
)

/** Looks at the log and at the machines that there are. Changes nothing on them; what has drifted is written into the log. */
export const auditReport = async (
  bench: Workbench,
  fleets: readonly Fleet[],
  anchors: readonly Anchor[],
): Promise<AuditReport> => {
  const audited: FleetAudit[] = []
  for (const fleet of fleets) audited.push(await auditFleet(bench, fleet))
  return {
    project: bench.project.name,
    at: new Date(bench.now()).toISOString(),
    who: nameOf(bench.holder()),
    // Last: what was found just now is part of it.
    log: await auditStore(bench.store, anchors),
    fleets: audited,
  }
}

const auditFleet = async (bench: Workbench, fleet: Fleet): Promise<FleetAudit> => {
  // So that what is told as being there still is there now.
  await findDrift(bench, fleet)
  const events = await bench.store.events({ fleet: fleet.name })
  const { current } = await readFleet(bench.store, fleet.name)
  const machines = await sideBySide(await subjectsOf(bench, fleet, current), lookAt)
  return {
    fleet: fleet.name,
    delivery: fleet.by.delivery,
    releases: releasesIn(events, current),
    rollouts: historyOf(events, fleet.name)
      .filter(({ kind }) => /^(rollout|limited|fleet)\./.test(kind))
      .map((happening) => ({ ...happening, failed: /\.(reverted|failed|stopped)$/.test(happening.kind) })),
    drift: driftLives(events),
    machines,
    updates: current === undefined ? { unknown: "nothing was delivered yet" } : await updatesOf(bench, fleet),
  }
}

const nameOf = ({ who, host }: Pick<LeaseHolder, "who" | "host">): string => `${who}@${host}`

const lookAt = async ({ machine }: { readonly machine: Machine }): Promise<MachineAudit> => {
  try {
    return { machine: machine.name, inventory: await takeInventory(machine) }
  } catch (error) {
    return { machine: machine.name, problem: ours(error) }
  }
}

const updatesOf = async (bench: Workbench, fleet: Fleet): Promise<KnownUpdates> => {
  try {
    const { taken, heldBack } = await findPatches(bench, fleet)
    return { taken, heldBack }
  } catch (error) {
    return { unknown: ours(error).message }
  }
}

/** What is wrong with one machine is part of the report; all else ends it. */
const ours = (error: unknown): FireclayError => {
  if (!isFireclayError(error) || error.code === "FC_CANCELLED") throw error
  return error
}

/** Pure. */
export const releasesIn = (events: readonly StoredEvent[], current: number | undefined): readonly AuditedRelease[] => {
  const lastIn = events.findLast(({ kind, body }) => kind === "rollout.finished" && body.to === current)
  return events
    .filter(({ kind }) => kind === "release.created")
    .map(({ at, who, body }) => ({
      number: Number(body.number),
      digest: String(body.digest),
      createdAt: at,
      createdBy: who,
      ...(body.number === current && lastIn !== undefined ? { inForce: { since: lastIn.at, by: lastIn.who } } : {}),
    }))
}
