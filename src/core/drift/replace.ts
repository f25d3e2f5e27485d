import { FireclayError, type Fleet } from "../../contract/index.ts"
import { readFleet } from "../ledger.ts"
import { evidenceKind } from "../rollout/evidence.ts"
import { type RolloutResult, rollOut } from "../rollout/rollout.ts"
import type { Workbench } from "../workbench.ts"
import { type FleetDrift, hasDrifted } from "./drift.ts"

/** What was written on an instance that went. */
export interface Evidence {
  readonly machine: string
  /** Directory, relative to the project's. Absent: the engine can keep none. */
  readonly place?: string
  /** Of its `SHA256SUMS`. */
  readonly digest?: string
}

export interface Replaced {
  readonly rollout: RolloutResult
  readonly evidence: readonly Evidence[]
}

/** Names of the instances that would go. */
export const replaceable = ({ machines }: FleetDrift): readonly string[] =>
  machines.filter(hasDrifted).map(({ machine }) => machine)

/**
 * Only instances of an image are replaced.
 *
 * @throws FireclayError FC_USAGE
 */
export const refuseReplacing = ({ name, by }: Fleet): void => {
  if (by.delivery === "replace") return
  throw new FireclayError("FC_USAGE", `${name} is delivered in place: its machines are kept, not replaced`, {
    at: `fleets.${name}.by`,
    remedy: `fireclay drift ${name} --fix takes back what drifted`,
  })
}

/**
 * Lets clean instances of the release in force take the place of those that drifted, and keeps aside what was written on
 * these. It is a rollout: under the fleet's lease, by its strategy, gone on with by the next `apply` where its controller died.
 *
 * @returns `undefined`: none has drifted
 * @throws FireclayError FC_USAGE for a fleet in place, and while another rollout has not come to its end; what a rollout throws
 */
export const replaceDrifted = async (
  bench: Workbench,
  fleet: Fleet,
  found: FleetDrift,
): Promise<Replaced | undefined> => {
  refuseReplacing(fleet)
  const names = new Set(replaceable(found))
  const { current, open } = await readFleet(bench.store, fleet.name)
  if (names.size === 0 || current === undefined) return undefined
  if (open !== undefined && open.to !== current)
    throw new FireclayError("FC_USAGE", `a rollout of ${fleet.name} to release ${open.to} has not come to its end`, {
      at: `fleets.${fleet.name}`,
      remedy: `end it first: fireclay apply ${fleet.name}, or fireclay abort ${fleet.name}`,
    })
  const instances = (await bench.engine(fleet).list()).filter(({ name }) => names.has(name))
  const drifted = new Map(instances.map(({ name, createdAt }) => [name, createdAt]))
  const before = (await bench.store.events({ fleet: fleet.name, kind: evidenceKind })).length
  const rollout = await rollOut(bench, fleet, { release: current, drifted })
  const events = (await bench.store.events({ fleet: fleet.name, kind: evidenceKind })).slice(before)
  return {
    rollout,
    evidence: events.map(({ body: { machine, evidence, digest } }) => ({
      machine: String(machine),
      ...(evidence === undefined ? {} : { place: String(evidence), digest: String(digest) }),
    })),
  }
}
