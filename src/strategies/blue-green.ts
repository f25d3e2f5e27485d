import { z } from "zod"
import { FireclayError, type Move, type RolloutView, type Strategy, type StrategyFor } from "../contract/index.ts"
import { check } from "../schema/check.ts"
import { duration } from "../schema/fields.ts"
import { rest, untilPromoted } from "./rest.ts"
import { create, each, ids, type Settling, settlingOf } from "./sides.ts"

export interface BlueGreenOptions {
  /**
   * How long the old set is kept after the switch, taking no requests. As long as it is there, a rollback is one switch
   * back. After that time the next command that works on the fleet removes it. Default: `"0s"`.
   */
  readonly keep?: string
  /**
   * What brings the switch once the new set is well: `"auto"`, at once; `"hand"`, somebody's `fireclay promote`; or a
   * duration, after so long or by hand. Until then the new set answers at the fleet's `preview` port, if it has one.
   * A first deployment does not wait. Default: `"auto"`.
   */
  readonly promote?: "auto" | "hand" | `${number}${"ms" | "s" | "m" | "h"}`
}

/**
 * Makes a full second set, sends all traffic to it in one moment, then removes the first. No request meets two
 * releases; it takes twice the instances meanwhile, which is why machines in place cannot have it.
 *
 * @example
 * replace({ strategy: blueGreen({ keep: "30m", promote: "hand" }) })
 * @throws FireclayError FC_SPEC_VALUE, FC_SPEC_DURATION
 */
export const blueGreen = (options: BlueGreenOptions = {}): StrategyFor<"replace"> => {
  const { keep, promote } = check(schema, options, "blueGreen")
  return Object.freeze({
    name: blueGreenStrategy.name,
    can: Object.freeze({ replace: true }),
    deliveries: blueGreenStrategy.deliveries,
    options: Object.freeze({
      ...(keep === 0 ? {} : { keepMs: keep }),
      ...(promote === "auto" ? {} : { promote: promote === "hand" ? "hand" : "time" }),
      ...(typeof promote === "number" ? { promoteMs: promote } : {}),
    }),
  })
}

const schema = z.strictObject({
  keep: duration.default(0),
  promote: z.union([z.literal(["auto", "hand"]), duration]).default("auto"),
})

interface Options {
  readonly keepMs?: number
  readonly promote?: "hand" | "time"
  readonly promoteMs?: number
}

export const blueGreenStrategy: Strategy = Object.freeze<Strategy>({
  name: "blue-green",
  deliveries: Object.freeze(["replace"] as const),
  next: (view, options) => {
    if (view.delivery === "replace") return byReplacement(view, options as Options)
    throw new FireclayError(
      "FC_STRATEGY_DELIVERY",
      "blue-green makes a second set, which machines in place do not have",
    )
  },
})

const byReplacement = (view: RolloutView, options: Options): readonly Move[] => {
  const { fresh, old } = view.members
  const settling = settlingOf(fresh, view.size)
  const { spare, missing } = settling
  const removing = each("retire", [...(isKept(view, settling, options) ? [] : old.waiting.take()), ...spare])
  if (missing > 0) return [...removing, ...create(missing)]
  const waiting = promotion(view, settling, options)
  return waiting.length > 0 ? [...removing, ...waiting] : [...removing, ...change(view, settling)]
}

/**
 * After the switch, what it put aside, also while the fleet is scaled or something that died is made up for. What stood
 * aside before the switch is of an earlier rollout, and in the way.
 */
const isKept = ({ members, size, inForceMs }: RolloutView, { missing, admit }: Settling, { keepMs = 0 }: Options) => {
  const { fresh, old } = members
  const isSwitched = missing === 0 && admit.length === 0 && fresh.serving.size >= size
  return old.serving.size === 0 && (inForceMs !== undefined || isSwitched) && (inForceMs ?? 0) < keepMs
}

/** What has to come before the switch. A fleet in which nothing serves has nothing to wait for. */
const promotion = (view: RolloutView, { admit }: Settling, { promote, promoteMs = 0 }: Options): readonly Move[] => {
  if (promote === undefined || admit.length === 0 || view.members.old.serving.size === 0) return []
  if (!view.marks.some(({ name }) => name === "previewed"))
    return [
      { do: "preview", ids: ids(admit) },
      { do: "mark", name: "previewed" },
    ]
  const ready = "the new set is ready: fireclay promote switches to it"
  return promote === "hand" ? untilPromoted(view, "ready", ready) : rest(view, "ready", promoteMs, ready)
}

/** The switch; or what is left of one that was cut short after all new instances had been admitted. */
const change = (view: RolloutView, { admit, surplus }: Settling): readonly Move[] => {
  const drain = ids([...view.members.old.serving.take(), ...surplus])
  if (admit.length === 0) return drain.map((id) => ({ do: "drain", id }))
  const shown = view.marks.some(({ name }) => name === "previewed")
  return [{ do: "switch", admit: ids(admit), drain }, ...(shown ? [{ do: "preview", ids: [] } as const] : [])]
}
