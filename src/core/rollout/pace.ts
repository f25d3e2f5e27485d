import type { Move } from "../../contract/index.ts"
import { type Pace, type PacedMove, unknownPace } from "../forecast.ts"

/** How long moves took, for the forecast of the next rollout. */
export class PaceKeeper {
  readonly #took = new Map<PacedMove, { readonly count: number; readonly totalMs: number }>()

  note(kind: Move["do"], tookMs: number): void {
    if (!isPaced(kind)) return
    const { count, totalMs } = this.#took.get(kind) ?? { count: 0, totalMs: 0 }
    this.#took.set(kind, { count: count + 1, totalMs: totalMs + tookMs })
  }

  /** The mean of each kind of move, in whole milliseconds; for what there was none of, as before. */
  result(before: Pace | undefined): Pace {
    const means = [...this.#took].map(([kind, { count, totalMs }]) => [kind, Math.round(totalMs / count)])
    return { ...(before ?? unknownPace), ...Object.fromEntries(means) }
  }
}

const isPaced = (kind: Move["do"]): kind is PacedMove => kind in unknownPace
