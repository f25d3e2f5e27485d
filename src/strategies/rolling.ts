import {
  FireclayError,
  type Move,
  type RolloutView,
  type Strategy,
  type StrategyFor,
  type StrategyOptions,
} from "../contract/index.ts"
import { create, each, settlingOf, sidesOf } from "./sides.ts"

export interface RollingOptions {
  /** How many may be out of service at the same time. */
  readonly batch?: number
}

/**
 * Changes a few at a time, without extra instances: at most `batch` (1 unless given) fewer than all serve at any
 * moment. Two releases serve side by side until it is done.
 *
 * @example
 * replace({ strategy: rolling({ batch: 2 }) })
 * @throws FireclayError FC_SPEC_VALUE
 */
export const rolling = ({ batch = 1 }: RollingOptions = {}): StrategyFor<"in-place" | "replace"> => {
  if (!Number.isInteger(batch) || batch < 1)
    throw new FireclayError("FC_SPEC_VALUE", `a batch of ${batch} cannot be rolled`, {
      at: "rolling.batch",
      remedy: "use a whole number from 1",
    })
  return Object.freeze({
    name: rollingStrategy.name,
    can: Object.freeze({ "in-place": true, replace: true }),
    deliveries: rollingStrategy.deliveries,
    options: Object.freeze({ batch }),
  })
}

export const rollingStrategy: Strategy = Object.freeze<Strategy>({
  name: "rolling",
  deliveries: Object.freeze(["in-place", "replace"] as const),
  next: (view, options) =>
    view.delivery === "in-place" ? inPlace(view, batchOf(options)) : byReplacement(view, batchOf(options)),
})

const batchOf = (options: StrategyOptions): number => Math.max(1, Math.floor(Number(options.batch ?? 1)) || 1)

/** Those that do not serve come first: changing them costs nothing. They count as out of service all the same. */
const inPlace = (view: RolloutView, batch: number): readonly Move[] => {
  const { fresh, old } = sidesOf(view)
  const mayLeave = mayStop(fresh.serving.length + old.serving.length, view.members.length - batch)
  return [
    ...each("admit", fresh.waiting),
    ...each("update", old.waiting.slice(0, batch)),
    ...each("drain", old.serving.slice(0, mayLeave)),
  ]
}

/** An instance is made once another has gone: never more than `size` that were not there before. */
const byReplacement = (view: RolloutView, batch: number): readonly Move[] => {
  const { fresh, old } = sidesOf(view)
  const { admit, surplus, spare } = settlingOf(fresh, view.size)
  const staying = fresh.serving.length - surplus.length
  const mayLeave = mayStop(staying + old.serving.length, view.size - batch)
  return [
    ...each("admit", admit),
    ...each("drain", [...old.serving.slice(0, mayLeave), ...surplus]),
    ...each("retire", [...old.waiting, ...spare]),
    ...create(view.size - view.members.length),
  ]
}

const mayStop = (serving: number, least: number): number => Math.max(0, serving - Math.max(0, least))
