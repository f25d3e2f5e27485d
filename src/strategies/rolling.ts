import { z } from "zod"
import {
  FireclayError,
  type Move,
  type RolloutView,
  type Strategy,
  type StrategyFor,
  type StrategyOptions,
} from "../contract/index.ts"
import { check } from "../schema/check.ts"
import { duration } from "../schema/fields.ts"
import { type Batch, batchAt, batchesOf, checkBatches, countOf, keptBatches, pauseBetween } from "./batches.ts"
import { inOrder, type Order, orders } from "./order.ts"
import { create, each, mayStop, settlingOf } from "./sides.ts"

export interface RollingOptions {
  /**
   * How many are changed at the same time: a number, a share of the fleet's size such as `"25%"` (rounded
   * down, at least 1), or a list with one of these for each batch in turn, of which the last repeats. Default: 1.
   *
   * @example
   * rolling({ batch: [1, "25%", "100%"] })
   */
  readonly batch?: Batch | readonly Batch[]
  /** How many of a batch may be out of service at the same moment. Default: all of it. */
  readonly maxUnavailable?: Batch
  /** How long to wait between two batches; `fireclay promote` ends it early. Default: `"0s"`. */
  readonly pause?: string
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
 * inPlace({ strategy: rolling({ batch: [1, "50%"], order: "sorted", pause: "30s" }) })
 * @throws FireclayError FC_SPEC_VALUE, FC_SPEC_DURATION
 */
export function rolling(options: InPlaceRollingOptions): StrategyFor<"in-place">
export function rolling(options?: RollingOptions): StrategyFor<"in-place" | "replace">
export function rolling(
  options: RollingOptions & Partial<InPlaceRollingOptions> = {},
): StrategyFor<"in-place" | "replace"> {
  const { order, maxUnavailable } = options
  if (maxUnavailable !== undefined) checkBatches(maxUnavailable, "rolling.maxUnavailable")
  if (order !== undefined && !orders.includes(order))
    throw new FireclayError("FC_SPEC_VALUE", `there is no order ${JSON.stringify(order)}`, {
      at: "rolling.order",
      remedy: `use one of ${orders.map((each) => JSON.stringify(each)).join(", ")}`,
    })
  return Object.freeze({
    name: rollingStrategy.name,
    can: Object.freeze(order === undefined ? { "in-place": true, replace: true } : { "in-place": true }) as {
      readonly "in-place": true
      readonly replace: true
    },
    deliveries: order === undefined ? rollingStrategy.deliveries : Object.freeze(["in-place"] as const),
    options: Object.freeze({
      ...batchOptions(options, "rolling"),
      ...(maxUnavailable === undefined ? {} : { maxUnavailable }),
      ...(order === undefined ? {} : { order }),
    }),
  })
}

/** What all strategies that go in batches keep of their options. */
export const batchOptions = ({ batch = 1, pause }: RollingOptions, at: string): StrategyOptions => {
  checkBatches(batch, `${at}.batch`)
  const { pause: pauseMs } = check(pauseSchema, { pause }, at)
  return { batch: keptBatches(batch), ...(pauseMs === 0 ? {} : { pauseMs }) }
}

const pauseSchema = z.object({ pause: duration.default(0) })

export const rollingStrategy: Strategy = Object.freeze<Strategy>({
  name: "rolling",
  deliveries: Object.freeze(["in-place", "replace"] as const),
  next: (view, options) =>
    pauseBetween(view, options) ??
    (view.delivery === "in-place" ? rollInPlace(view, limitsOf(view, options)) : byReplacement(view, options)),
  arrange: (members, target, { order = "listed" }) => inOrder(members, order as Order, target),
})

/** How many of a batch are still to come, and how many may be out of service. */
export interface RollingLimits {
  readonly batch: number
  readonly unavailable: number
}

/** Those that do not serve come first: changing them costs nothing. They count as out of service all the same. */
export const rollInPlace = ({ members }: RolloutView, { batch, unavailable }: RollingLimits): readonly Move[] => {
  const { fresh, old } = members
  const out = old.waiting.size + fresh.waiting.size
  const mayLeave = Math.min(
    mayStop(fresh.serving.size + old.serving.size, members.size - unavailable),
    Math.max(0, batch - out),
  )
  return [
    ...each("admit", fresh.waiting.take()),
    ...each("update", old.waiting.take(Math.max(0, batch - fresh.waiting.size))),
    ...each("drain", old.serving.take(mayLeave)),
  ]
}

const limitsOf = (view: RolloutView, options: StrategyOptions): RollingLimits => {
  const batch = batchAt(batchesOf(options), view.size, view.members.fresh.serving.size)
  const most = options.maxUnavailable === undefined ? batch : countOf(options.maxUnavailable as Batch, view.size)
  return { batch, unavailable: Math.min(batch, most) }
}

/** An instance is made once another has gone: never more than `size` that were not there before. */
const byReplacement = (view: RolloutView, options: StrategyOptions): readonly Move[] => {
  const { fresh, old } = view.members
  const { admit, surplus, spare } = settlingOf(fresh, view.size)
  const staying = fresh.serving.size - surplus.length
  const batch = batchAt(batchesOf(options), view.size, staying)
  const most = options.maxUnavailable === undefined ? batch : countOf(options.maxUnavailable as Batch, view.size)
  const mayLeave = mayStop(staying + old.serving.size, view.size - Math.min(batch, most))
  return [
    ...each("admit", admit),
    ...each("drain", [...old.serving.take(mayLeave), ...surplus]),
    ...each("retire", [...old.waiting.take(), ...spare]),
    ...create(view.size - view.members.size),
  ]
}
