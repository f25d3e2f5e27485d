import { z } from "zod"
import {
  type By,
  type Delivery,
  FireclayError,
  type IrreversiblePolicy,
  type OnFailure,
  type StrategyFor,
  type StrategyWant,
  type Verify,
} from "../contract/index.ts"
import { check } from "../schema/check.ts"
import { duration } from "../schema/fields.ts"
import { deepFreeze } from "./freeze.ts"

/** How a fleet is delivered, with the delivery in its type. */
export type ByFor<D extends Delivery> = By & { readonly delivery: D }

export interface DeliveryOptions<D extends Delivery> {
  readonly strategy: StrategyFor<D>
  /** How long a machine that leaves may finish what it serves. Default: `"20s"`. */
  readonly drain?: string
  /** The same for web sockets, which stay open for as long as their users like. Default: as `drain`. */
  readonly drainWebSockets?: string
  /** In so long at least one move has to come to an end, or the rollout fails. Default: `"10m"`. */
  readonly progress?: string
  /**
   * How long the fleet is looked at once all of it serves the new release, before the rollout counts as done: what becomes
   * unhealthy in that time leads back. What served before is kept until then, where the strategy has it. Default: `"0s"`.
   */
  readonly watch?: string
  /**
   * How long it takes to give the requests back to the old release when a rollout fails after most of them went to the new
   * one: cold instances are not overrun. Default: `"2s"`.
   */
  readonly ramp?: string
}

export interface InPlaceOptions extends DeliveryOptions<"in-place"> {
  /** How long a changed machine waits for the controller's word before it undoes by itself. Default: `"60s"`. */
  readonly confirm?: string
  /**
   * What becomes of steps that could not be undone: commands without an undo, packages whose present file cannot be had
   * any more, kernels and boot loaders, packages that take their data along. `"refuse"`: they are an error. `"ask"`: a
   * question of its own at a terminal, and without one only with `--allow-irreversible`. `"allow"`: the plan shows
   * them, and that is all. Default: `"ask"`.
   *
   * @example
   * inPlace({ strategy: rolling(), irreversible: "refuse" })
   */
  readonly irreversible?: IrreversiblePolicy
  /**
   * How long each changed machine is watched, once it takes requests again, before the next batch is begun: it has to
   * stay healthy. Default: `"0s"`.
   */
  readonly settle?: string
  /**
   * How many machines may fail before the rollout does: a number, or a share of the fleet such as `"10%"` (rounded
   * down). One that fails undoes itself, is left at its old release, and the rollout goes on without it; it then ends
   * with FC_ROLLOUT_PARTIAL. Default: 0.
   */
  readonly maxFailures?: number | `${number}%`
  /**
   * What is taken back when more machines fail than may: `"undo-all"` takes every machine back to where it was,
   * `"undo-batch"` those of the batch in which it failed, `"stop"` nothing but what failed. Default: `"undo-all"`.
   *
   * @example
   * inPlace({ strategy: rolling({ batch: [1, "25%"] }), maxFailures: 1, onFailure: "undo-batch" })
   */
  readonly onFailure?: OnFailure
}

/** Converge the machines that are there. */
export const inPlace = (options: InPlaceOptions): ByFor<"in-place"> => {
  const { strategy, confirm, settle, ...rest } = check(inPlaceSchema, options, "inPlace")
  refuseStrategy(strategy, "in-place", "inPlace.strategy")
  return deepFreeze({
    delivery: "in-place",
    strategy: asWant(strategy),
    confirmMs: confirm,
    settleMs: settle,
    ...timesOf(rest),
    irreversible: rest.irreversible,
    maxFailures: rest.maxFailures,
    onFailure: rest.onFailure,
  })
}

export interface ReplaceOptions extends DeliveryOptions<"replace"> {
  /**
   * Before anything is started from an image, its signature is checked, and that all of it is what was signed: without
   * one of this key nothing starts. `fireclay build --sign` signs.
   */
  readonly verify?: Verify
  /**
   * How many releases, besides the one in force, keep their images for a rollback: when a rollout has come to its end, those of
   * older ones are removed, unless something needs them. A rollback to such a release bakes it again. Default: 10.
   *
   * @example
   * replace({ strategy: blueGreen(), history: 3 })
   */
  readonly history?: number
}

/** Bake an image, start new instances, retire the old. */
export const replace = (options: ReplaceOptions): ByFor<"replace"> => {
  const { strategy, verify, history, ...rest } = check(replaceSchema, options, "replace")
  refuseStrategy(strategy, "replace", "replace.strategy")
  return deepFreeze({
    delivery: "replace",
    strategy: asWant(strategy),
    ...timesOf(rest),
    confirmMs: 0,
    irreversible: "allow",
    ...(verify === undefined ? {} : { verify }),
    ...(history === undefined ? {} : { history }),
  })
}

const strategySchema = z.custom<StrategyFor<Delivery>>(
  (value) => typeof value === "object" && value !== null && "name" in value && "deliveries" in value,
  "not a strategy: use rolling(), blueGreen() or allAtOnce()",
)

const times = {
  drain: duration.default(20_000),
  drainWebSockets: duration.optional(),
  progress: duration.optional(),
  watch: duration.optional(),
  ramp: duration.default(2_000),
}

const inPlaceSchema = z.strictObject({
  strategy: strategySchema,
  ...times,
  confirm: duration.default(60_000),
  irreversible: z.enum(["refuse", "ask", "allow"]).default("ask"),
  settle: duration.default(0),
  maxFailures: z
    .union([
      z.int().min(0),
      z.string().regex(/^(100|\d{1,2})(\.\d+)?%$/, 'not a share: write a number and a percent sign, such as "10%"'),
    ])
    .default(0),
  onFailure: z.enum(["undo-all", "undo-batch", "stop"]).default("undo-all"),
})
const replaceSchema = z.strictObject({
  strategy: strategySchema,
  verify: z
    .custom<Verify>(
      (value) => typeof value === "object" && value !== null && "key" in value && typeof value.key === "string",
      'not a key: use key("./cosign.pub")',
    )
    .optional(),
  history: z.int().min(1).max(1_000).optional(),
  ...times,
})

type Times = { readonly [name in keyof typeof times]?: number | undefined }

const timesOf = ({
  drain = 20_000,
  drainWebSockets,
  progress,
  watch,
  ramp,
}: Times): Pick<By, "drainMs" | "drainWebSocketsMs" | "progressMs" | "watchMs" | "rampMs"> => ({
  drainMs: drain,
  ...(drainWebSockets === undefined ? {} : { drainWebSocketsMs: drainWebSockets }),
  ...(progress === undefined ? {} : { progressMs: progress }),
  ...(watch === undefined ? {} : { watchMs: watch }),
  ...(ramp === undefined ? {} : { rampMs: ramp }),
})

export const describeDelivery = (delivery: Delivery): string =>
  delivery === "in-place" ? "in place" : "by replacement"

/** Types refuse this already; JavaScript and casts get here. */
const refuseStrategy = (strategy: StrategyFor<Delivery>, delivery: Delivery, at: string): void => {
  if (strategy.deliveries.includes(delivery)) return
  throw new FireclayError("FC_STRATEGY_DELIVERY", `${strategy.name} cannot be done ${describeDelivery(delivery)}`, {
    at,
    remedy: delivery === "in-place" ? "use rolling() or allAtOnce(), or deliver by replace(…)" : "use another strategy",
  })
}

const asWant = ({ name, options, needsRouter }: StrategyFor<Delivery>): StrategyWant => ({
  name,
  options,
  ...(needsRouter === undefined ? {} : { needsRouter }),
})
