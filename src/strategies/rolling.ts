import {
  FireclayError,
  type Move,
  type RolloutView,
  type Strategy,
  type StrategyFor,
  type StrategyOptions,
} from "../contract/index.ts"
import { type Batch, batchAt, checkBatches } from "./batches.ts"
import { inOrder, type Order, orders } from "./order.ts"
import { create, each, settlingOf, sidesOf } from "./sides.ts"

export interface RollingOptions {
  /**
   * How many may be out of service at the same time: a number, a share of the fleet's size such as `"25%"` (rounded
   * down, at least 1), or a list with one of these for each batch in turn, of which the last repeats. Default: 1.
   *
   * @example
   * rolling({ batch: [1, "25%", "100%"] })
   */
  readonly batch?: Batch | readonly Batch[]
}

export interface InPlaceRollingOptions extends RollingOptions {
  /**
   * Which machines come first: as the fleet lists them, the last first, by name, or in an order of chance that is another
   * one for each release. Instances of an image are all alike: by replacement there is no order. Default: `"listed"`.
   */
  readonly order: Order
}

/**
 * Changes a few at a time, without extra instances: at most `batch` (1 unless given) fewer than all serve at any
 * moment, and a batch is begun when all of the one before are well. Two releases serve side by side until it is done.
 *
 * @example
 * replace({ strategy: rolling({ batch: 2 }) })
 * @example
 * inPlace({ strategy: rolling({ batch: [1, "50%"], order: "sorted" }) })
 * @throws FireclayError FC_SPEC_VALUE
 */
export function rolling(options: InPlaceRollingOptions): StrategyFor<"in-place">
export function rolling(options?: RollingOptions): StrategyFor<"in-place" | "replace">
export function rolling(
  options: RollingOptions & Partial<InPlaceRollingOptions> = {},
): StrategyFor<"in-place" | "replace"> {
  const { batch = 1, order } = options
  checkBatches(batch, "rolling.batch")
  if (order !== undefined && !orders.includes(order))
    throw new FireclayError("FC_SPEC_VALUE", `there is no order ${JSON.stringify(order)}`, {
      at: "rolling.order",
      remedy: `use one of ${orders.map((each) => JSON.stringify(each)).join(", ")}`,
    })
  const kept = typeof batch === "object" ? Object.freeze([...batch]) : batch
  return Object.freeze({
    name: rollingStrategy.name,
    can: Object.freeze(order === undefined ? { "in-place": true, replace: true } : { "in-place": true }) as {
      readonly "in-place": true
      readonly replace: true
    },
    deliveries: order === undefined ? rollingStrategy.deliveries : Object.freeze(["in-place"] as const),
    options: Object.freeze({ batch: kept, ...(order === undefined ? {} : { order }) }),
  })
}

export const rollingStrategy: Strategy = Object.freeze<Strategy>({
  name: "rolling",
  deliveries: Object.freeze(["in-place", "replace"] as const),
  next: (view, options) => (view.delivery === "in-place" ? inPlace(view, options) : byReplacement(view, options)),
})

const batchesOf = ({ batch = 1 }: StrategyOptions): readonly Batch[] =>
  (typeof batch === "object" ? batch : [batch]) as readonly Batch[]

/** Those that do not serve come first: changing them costs nothing. They count as out of service all the same. */
const inPlace = (view: RolloutView, options: StrategyOptions): readonly Move[] => {
  const members = inOrder(view.members, (options.order ?? "listed") as Order, view.target)
  const { fresh, old } = sidesOf({ ...view, members })
  const batch = batchAt(batchesOf(options), view.size, fresh.serving.length)
  const mayLeave = mayStop(fresh.serving.length + old.serving.length, members.length - batch)
  return [
    ...each("admit", fresh.waiting),
    ...each("update", old.waiting.slice(0, Math.max(0, batch - fresh.waiting.length))),
    ...each("drain", old.serving.slice(0, mayLeave)),
  ]
}

/** An instance is made once another has gone: never more than `size` that were not there before. */
const byReplacement = (view: RolloutView, options: StrategyOptions): readonly Move[] => {
  const { fresh, old } = sidesOf(view)
  const { admit, surplus, spare } = settlingOf(fresh, view.size)
  const staying = fresh.serving.length - surplus.length
  const batch = batchAt(batchesOf(options), view.size, staying)
  const mayLeave = mayStop(staying + old.serving.length, view.size - batch)
  return [
    ...each("admit", admit),
    ...each("drain", [...old.serving.slice(0, mayLeave), ...surplus]),
    ...each("retire", [...old.waiting, ...spare]),
    ...create(view.size - view.members.length),
  ]
}

const mayStop = (serving: number, least: number): number => Math.max(0, serving - Math.max(0, least))
