import { FireclayError, type Move, type RolloutView, type Strategy, type StrategyFor } from "../contract/index.ts"
import { create, each, ids, settlingOf, sidesOf } from "./sides.ts"

/**
 * Makes a full second set, sends all traffic to it in one moment, then removes the first. No request meets two
 * releases; it takes twice the instances meanwhile, which is why machines in place cannot have it.
 *
 * @example
 * replace({ strategy: blueGreen() })
 */
export const blueGreen = (): StrategyFor<"replace"> =>
  Object.freeze({
    name: blueGreenStrategy.name,
    can: Object.freeze({ replace: true }),
    deliveries: blueGreenStrategy.deliveries,
    options: Object.freeze({}),
  })

export const blueGreenStrategy: Strategy = Object.freeze<Strategy>({
  name: "blue-green",
  deliveries: Object.freeze(["replace"] as const),
  next: (view) => {
    if (view.delivery === "replace") return byReplacement(view)
    throw new FireclayError(
      "FC_STRATEGY_DELIVERY",
      "blue-green makes a second set, which machines in place do not have",
    )
  },
})

const byReplacement = (view: RolloutView): readonly Move[] => {
  const { fresh, old } = sidesOf(view)
  const { admit, surplus, spare, missing } = settlingOf(fresh, view.size)
  const removing = each("retire", [...old.waiting, ...spare])
  if (missing > 0) return [...removing, ...create(missing)]
  return [...removing, ...change(ids(admit), ids([...old.serving, ...surplus]))]
}

/** The switch; or what is left of one that was cut short after all new instances had been admitted. */
const change = (admit: readonly string[], drain: readonly string[]): readonly Move[] =>
  admit.length > 0 ? [{ do: "switch", admit, drain }] : drain.map((id) => ({ do: "drain", id }))
