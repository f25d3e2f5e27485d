import type { Delivery } from "../../contract/index.ts"
import { type LoadResult, mixedSeconds, secondsToAllOnClass } from "../../probes/index.ts"

/** One fleet, taken one way, under load. */
export interface DemoRow {
  readonly fleet: string
  readonly by: Delivery
  readonly direction: string
  readonly requests: number
  readonly failed: number
  /** From the start of the rollout until every answer came from the new version. */
  readonly secondsToNewVersion: number
  readonly longestGapMs: number
  readonly mixedVersionSeconds: number
  readonly machinesCreated: number
  /** Why requests failed, where any did. */
  readonly reasons: { readonly [reason: string]: number }
}

export interface Measured {
  readonly fleet: string
  readonly by: Delivery
  readonly from: string
  readonly to: string
  /** When the rollout began, on the load's clock. */
  readonly beganMs: number
  readonly machinesCreated: number
  readonly load: LoadResult
}

/** What the samples of a load say about one rollout. A load that never saw the new version counts as failed. */
export const toRow = ({ fleet, by, from, to, beganMs, machinesCreated, load }: Measured): DemoRow => {
  const arrived = to in load.classes
  return {
    fleet,
    by,
    direction: `${from} → ${to}`,
    requests: load.requests,
    failed: load.failed + (arrived ? 0 : 1),
    secondsToNewVersion: round(secondsToAllOnClass(load, beganMs, to), 2),
    longestGapMs: round(load.longestGapMs, 1),
    mixedVersionSeconds: round(mixedSeconds(load, from, to, beganMs), 2),
    machinesCreated,
    reasons: arrived ? load.reasons : { ...load.reasons, "the new version was never seen": 1 },
  }
}

const round = (value: number, digits: number): number => Number(value.toFixed(digits))
