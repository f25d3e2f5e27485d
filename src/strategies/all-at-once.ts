import type { Move, RolloutView, Strategy, StrategyFor } from "../contract/index.ts"
import { create, each, settlingOf } from "./sides.ts"

/**
 * Changes everything at the same time: the shortest rollout, with a gap in service. Requests that come meanwhile wait at
 * the router for as long as the fleet's `hold` says. By replacement the old instances leave before the new ones are made,
 * so that no two releases ever run side by side.
 *
 * @example
 * inPlace({ strategy: allAtOnce() })
 */
export const allAtOnce = (): StrategyFor<"in-place" | "replace"> =>
  Object.freeze({
    name: allAtOnceStrategy.name,
    can: Object.freeze({ "in-place": true, replace: true }),
    deliveries: allAtOnceStrategy.deliveries,
    options: Object.freeze({}),
  })

export const allAtOnceStrategy: Strategy = Object.freeze<Strategy>({
  name: "all-at-once",
  deliveries: Object.freeze(["in-place", "replace"] as const),
  next: (view) => (view.delivery === "in-place" ? inPlace(view) : byReplacement(view)),
})

/** What they have in flight ends before any is changed. A router holds what comes meanwhile. */
const inPlace = (view: RolloutView): readonly Move[] => {
  const { fresh, old } = view.members
  if (old.serving.size > 0) return each("drain", old.serving.take())
  return [...each("update", old.waiting.take()), ...each("admit", fresh.waiting.take())]
}

const byReplacement = (view: RolloutView): readonly Move[] => {
  const { fresh, old } = view.members
  const leaving = [...each("drain", old.serving.take()), ...each("retire", old.waiting.take())]
  if (leaving.length > 0) return leaving
  const { admit, surplus, spare, missing } = settlingOf(fresh, view.size)
  return [...each("admit", admit), ...each("drain", surplus), ...each("retire", spare), ...create(missing)]
}
