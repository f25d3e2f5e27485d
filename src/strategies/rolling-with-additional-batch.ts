import type { Move, RolloutView, Strategy, StrategyFor, StrategyOptions } from "../contract/index.ts"
import { type Batch, batchAt, batchesOf, pauseBetween } from "./batches.ts"
import { batchOptions } from "./rolling.ts"
import { create, each, mayStop, settlingOf } from "./sides.ts"

export interface AdditionalBatchOptions {
  /** How many are made beyond the fleet's size, and replace as many: as in `rolling`. Default: 1. */
  readonly batch?: Batch | readonly Batch[]
  /** How long to wait between two batches; `fireclay promote` ends it early. Default: `"0s"`. */
  readonly pause?: string
}

/**
 * Like `rolling`, but each batch is made before the one that it replaces leaves: as many as ever serve at every moment,
 * at the price of a batch more instances. Two releases serve side by side until it is done.
 *
 * @example
 * replace({ strategy: rollingWithAdditionalBatch({ batch: 2 }) })
 * @throws FireclayError FC_SPEC_VALUE, FC_SPEC_DURATION
 */
export const rollingWithAdditionalBatch = (options: AdditionalBatchOptions = {}): StrategyFor<"replace"> =>
  Object.freeze({
    name: additionalBatchStrategy.name,
    can: Object.freeze({ replace: true }),
    deliveries: additionalBatchStrategy.deliveries,
    options: Object.freeze(batchOptions(options, "rollingWithAdditionalBatch")),
  })

export const additionalBatchStrategy: Strategy = Object.freeze<Strategy>({
  name: "rolling-with-additional-batch",
  deliveries: Object.freeze(["replace"] as const),
  next: (view, options) => pauseBetween(view, options) ?? batchMoves(view, options),
})

const batchMoves = (view: RolloutView, options: StrategyOptions): readonly Move[] => {
  const { fresh, old } = view.members
  const { admit, surplus, spare, missing } = settlingOf(fresh, view.size)
  const staying = fresh.serving.size - surplus.length
  const batch = batchAt(batchesOf(options), view.size, staying)
  const leaving = old.serving.take(mayStop(staying + old.serving.size, view.size))
  return [
    ...each("admit", admit),
    ...each("drain", [...leaving, ...surplus]),
    ...each("retire", [...old.waiting.take(), ...spare]),
    ...create(Math.min(missing, view.size + batch - view.members.size)),
  ]
}
