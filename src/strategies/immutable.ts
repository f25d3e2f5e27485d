import { z } from "zod"
import type { Move, RolloutView, Strategy, StrategyFor, StrategyOptions } from "../contract/index.ts"
import { check } from "../schema/check.ts"
import { duration } from "../schema/fields.ts"
import { rest } from "./rest.ts"
import { create, each, settlingOf } from "./sides.ts"

export interface ImmutableOptions {
  /** How many instances are made and tried before the rest of the set. Default: 1. */
  readonly first?: number
  /** How long both sets serve together before the old one leaves; `fireclay promote` ends it early. Default: `"0s"`. */
  readonly together?: string
}

/**
 * Makes a full second set beside the first, as Elastic Beanstalk's immutable updates do: one instance first, then the
 * rest; they join those that serve, and then serve alone. Never fewer than all serve, and what served is left alone until
 * the whole new set does.
 *
 * @example
 * replace({ strategy: immutable({ together: "2m" }) })
 * @throws FireclayError FC_SPEC_VALUE, FC_SPEC_DURATION
 */
export const immutable = (options: ImmutableOptions = {}): StrategyFor<"replace"> => {
  const { first, together } = check(schema, options, "immutable")
  return Object.freeze({
    name: immutableStrategy.name,
    can: Object.freeze({ replace: true }),
    deliveries: immutableStrategy.deliveries,
    options: Object.freeze({ first, togetherMs: together }),
  })
}

const schema = z.strictObject({ first: z.int().min(1).default(1), together: duration.default(0) })

export const immutableStrategy: Strategy = Object.freeze<Strategy>({
  name: "immutable",
  deliveries: Object.freeze(["replace"] as const),
  next: (view, options) => [...setMoves(view, options as Options), ...each("retire", view.members.old.waiting.take())],
})

type Options = StrategyOptions & { readonly first?: number; readonly togetherMs?: number }

const setMoves = (view: RolloutView, { first = 1, togetherMs = 0 }: Options): readonly Move[] => {
  const { fresh, old } = view.members
  const { admit, surplus, spare, missing } = settlingOf(fresh, view.size)
  const isFirst = fresh.serving.size + fresh.waiting.size === 0 && old.serving.size > 0
  const growing = [
    ...each("admit", admit),
    ...each("drain", surplus),
    ...each("retire", spare),
    ...create(isFirst ? Math.min(first, missing) : missing),
  ]
  if (growing.length > 0 || old.serving.size === 0) return growing
  const waiting = rest(view, "joined", togetherMs, "both sets serve together")
  return waiting.length > 0 ? waiting : each("drain", old.serving.take())
}
