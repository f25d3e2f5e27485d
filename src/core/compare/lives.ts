import { FireclayError, type Store, type StoredEvent } from "../../contract/index.ts"
import type { Recommendation } from "./answers.ts"
import { adviseFleet } from "./lives/advice.ts"
import { type FleetLife, fleetLife } from "./lives/life.ts"
import { type LifeMeasure, measureLives } from "./lives/measures.ts"

/** What fleets have lived through, side by side. */
export interface ComparedLives {
  /** ISO 8601, UTC. */
  readonly at: string
  /** In the order in which they were asked for. */
  readonly fleets: readonly FleetLife[]
  readonly measures: readonly LifeMeasure[]
  readonly recommendations: readonly (Recommendation & { readonly fleet: string })[]
}

/**
 * Compares fleets by what the log tells of them. Looks at no machine.
 *
 * @throws FireclayError FC_ROLLOUT_NONE where nothing was ever rolled out to one of them
 */
export const readLives = async (store: Store, fleets: readonly string[], nowMs: number): Promise<ComparedLives> =>
  compareLives(fleets, await store.events(), nowMs)

/** Pure. @throws FireclayError FC_ROLLOUT_NONE */
export const compareLives = (
  names: readonly string[],
  events: readonly StoredEvent[],
  nowMs: number,
): ComparedLives => {
  const lives = names.map((name) => {
    const own = events.filter(({ fleet }) => fleet === name)
    return fleetLife(name, own, nowMs) ?? refuseUnlived(name)
  })
  const measures = measureLives(lives)
  return {
    at: new Date(nowMs).toISOString(),
    fleets: lives,
    measures,
    recommendations: lives.map((life) => ({ fleet: life.fleet, ...adviseFleet({ life, lives, measures }) })),
  }
}

const refuseUnlived = (fleet: string): never => {
  throw new FireclayError("FC_ROLLOUT_NONE", `nothing was ever rolled out to ${fleet}: there is nothing to compare`, {
    at: `fleets.${fleet}`,
    remedy: `fireclay apply ${fleet}`,
  })
}
