import { type ErrorCode, type FireclayError, type Fleet, isFireclayError } from "../../contract/index.ts"
import { countOf } from "../fleet-size.ts"

/** Machines that failed in a rollout, and how many of them it bears. */
export class Setbacks {
  /** Without which the rollout goes on. */
  readonly failures = new Map<string, FireclayError>()
  /** Also the one that was too many. */
  readonly failed = new Set<string>()
  readonly #most: number

  constructor(fleet: Fleet) {
    this.#most = countOf(fleet, fleet.by.maxFailures ?? 0)
  }

  /**
   * Does something to a machine. Where that fails and the rollout can bear it, it serves again as it was before.
   *
   * @throws what went wrong, when it is one failure too many, or nothing that leaving out one machine would mend
   */
  async allow(id: string, work: () => Promise<void>, restore: () => Promise<void>): Promise<void> {
    try {
      await work()
    } catch (error) {
      if (isFireclayError(error) && !general.has(error.code)) this.failed.add(id)
      if (!isFireclayError(error) || general.has(error.code) || this.failures.size >= this.#most) throw error
      this.failures.set(id, error)
      // One that cannot serve stays out of the router; the version map tells where it is.
      await restore().catch((again: unknown) => {
        if (isFireclayError(again) && general.has(again.code)) throw again
      })
    }
  }
}

/** About the run, or so bad that somebody has to look first: no reason to go on without one machine. */
const general: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  "FC_CANCELLED",
  "FC_PLAN_STALE",
  "FC_LEASE_LOST",
  "FC_FENCED",
  "FC_STORE",
  "FC_STORE_EDITED",
  "FC_ROUTER",
  "FC_MACHINE_LOCKED",
  "FC_MACHINE_FOREIGN",
  "FC_MACHINE_BROKEN",
])
