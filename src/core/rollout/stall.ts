import { FireclayError, type Fleet } from "../../contract/index.ts"
import type { Workbench } from "../workbench.ts"

/** Ends a rollout in which nothing gets any further. */
export interface Stall {
  /** Milliseconds in which at least one move has to come to an end. */
  readonly afterMs: number
  /** Fires with FC_NO_PROGRESS as its reason. */
  readonly signal: AbortSignal
  readonly declare: () => void
}

export const defaultProgressMs = 600_000

export const openStall = (fleet: Fleet): Stall => {
  const controller = new AbortController()
  const afterMs = fleet.by.progressMs ?? defaultProgressMs
  return {
    afterMs,
    signal: controller.signal,
    declare: () =>
      controller.abort(
        new FireclayError("FC_NO_PROGRESS", `nothing got any further for ${afterMs / 1000} s`, {
          at: `fleets.${fleet.name}`,
          remedy: "see above what was being done; more time is given with progress: …",
        }),
      ),
  }
}

/** A workbench whose work ends with the stall. */
export const withStall = <B extends Workbench>(bench: B, { signal }: Stall): B => ({
  ...bench,
  signal: bench.signal === undefined ? signal : AbortSignal.any([bench.signal, signal]),
})

/**
 * Waits for all, then fails with the first failure: nothing goes on behind the back of what follows, but for what no longer
 * moves.
 *
 * @param patient among them is a wait: then there is no deadline
 */
export const withProgress = async (
  bench: Workbench,
  stall: Stall,
  patient: boolean,
  work: readonly Promise<void>[],
): Promise<void> => {
  let progressAt = bench.now()
  const all = Promise.allSettled(
    work.map((each) =>
      each.finally(() => {
        progressAt = bench.now()
      }),
    ),
  )
  const stuck = Promise.withResolvers<never>()
  const timer = setInterval(
    () => {
      if (patient || bench.now() - progressAt < stall.afterMs) return
      stall.declare()
      stuck.reject(stall.signal.reason)
    },
    Math.min(1_000, stall.afterMs),
  )
  try {
    const results = await Promise.race([all, stuck.promise])
    const failed = results.find((result) => result.status === "rejected")
    if (failed !== undefined) throw failed.reason
  } finally {
    clearInterval(timer)
  }
}
