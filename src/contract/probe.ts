import type { Health } from "./spec.ts"

/** Whom to ask, and what counts as a good answer. */
export interface ProbeTarget {
  readonly address: string
  readonly port: number
  readonly health: Health
}

export type ProbeAnswer =
  | { readonly healthy: true; readonly afterMs: number }
  /** What the last try that failed met, for people: `status 503`, `ECONNREFUSED`, `no answer within 2 s`. */
  | { readonly healthy: false; readonly lastError: string }

/**
 * Asks until `successes` good answers came in a row, or `withinMs` has passed. An aborted probe answers unhealthy, with
 * `cancelled`.
 */
export type Probe = (target: ProbeTarget, signal?: AbortSignal) => Promise<ProbeAnswer>
