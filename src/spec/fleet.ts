import { z } from "zod"
import {
  type By,
  type Delivery,
  FireclayError,
  type Fleet,
  type Hosts,
  type IrreversiblePolicy,
  type OnFailure,
  type Spec,
  type StrategyFor,
  type StrategyWant,
  type Verify,
} from "../contract/index.ts"
import { check } from "../schema/check.ts"
import { duration, port } from "../schema/fields.ts"
import { deepFreeze } from "./freeze.ts"

/** Hosts that suit a delivery: machines that stay for in place, instances that come and go for replacement. */
export type HostsFor<D extends Delivery> = Hosts & { readonly suits: { readonly [K in D]: true } }

/** How a fleet is delivered, with the delivery in its type. */
export type ByFor<D extends Delivery> = By & { readonly delivery: D }

/** A fleet before it has a name: `defineProject` gives it its key. */
export type UnnamedFleet = Omit<Fleet, "name">

export interface FleetOptions<D extends Delivery> {
  readonly on: HostsFor<D>
  readonly by: ByFor<D>
  /** The port on this machine at which a router serves the fleet. Absent: no router. */
  readonly listen?: number
  /**
   * A second port of the router, at which a strategy shows what is about to serve, as `blueGreen()` does before it
   * switches. While nothing is shown it answers 503.
   *
   * @example
   * fleet(app, { on: local({ count: 3 }), by: replace({ strategy: blueGreen() }), listen: 8081, preview: 8082 })
   */
  readonly preview?: number
  /**
   * How long a request waits while nothing of the fleet can serve it, before it gets 503. With `allAtOnce()`, or with one
   * machine only, it has to be longer than draining and starting take. Default: `"5s"`.
   *
   * @example
   * fleet(app, { on: local({ machines: 3 }), by: inPlace({ strategy: allAtOnce() }), listen: 8080, hold: "30s" })
   */
  readonly hold?: string
}

/**
 * A set of machines that serve one spec.
 *
 * @example
 * fleet(app, { on: local({ count: 3 }), by: replace({ strategy: blueGreen() }), listen: 8081 })
 * @throws FireclayError FC_FLEET_DELIVERY, FC_STRATEGY_DELIVERY, FC_SPEC_…
 */
export const fleet = <D extends Delivery>(spec: Spec, options: FleetOptions<D>): UnnamedFleet => {
  const { hold, ...checked } = check(fleetSchema, options, "fleet")
  const { on, by } = checked
  if (spec === undefined || !("resources" in spec))
    throw new FireclayError("FC_SPEC_VALUE", "the first argument is not a spec", { at: "fleet" })
  if (!(by.delivery in on.suits))
    throw new FireclayError(
      "FC_FLEET_DELIVERY",
      `${describeHosts(on)} cannot be delivered ${describeDelivery(by.delivery)}`,
      {
        at: "fleet.on",
        remedy:
          by.delivery === "replace"
            ? "use local({ count: … }) or docker({ count: … })"
            : "use local({ machines: … }) or ssh({ hosts: … })",
      },
    )
  if (by.delivery === "replace" && typeof spec.resources === "function")
    throw new FireclayError(
      "FC_FLEET_DELIVERY",
      "resources that depend on the machine cannot be delivered by replacement",
      {
        at: `specs.${spec.name}.resources`,
        remedy: "an image is the same for all: give it a plain list, or deliver inPlace(…)",
      },
    )
  if (on.kind === "docker") refuseWithoutProgram(spec)
  if (on.kind === "ssh" && spec.userData !== undefined)
    throw new FireclayError(
      "FC_FLEET_DELIVERY",
      "servers that exist get no user data: they are not started by Fireclay",
      {
        at: `specs.${spec.name}.userData`,
        remedy: "describe it by facts: resources: (machine) => [file(path, { content: machine.name })]",
      },
    )
  if (by.strategy.name === "canary" && checked.listen === undefined)
    throw new FireclayError("FC_SPEC_VALUE", "a canary needs a router that shares the requests out", {
      at: "fleet.by.strategy",
      remedy: "add listen, the port to serve the fleet at, or use another strategy",
    })
  if (checked.listen !== undefined && spec.port === undefined)
    throw new FireclayError("FC_SPEC_VALUE", "a fleet that listens needs a spec with a port", {
      at: "fleet.listen",
      remedy: `add port to specs.${spec.name}`,
    })
  if (checked.preview !== undefined && checked.listen === undefined)
    throw new FireclayError("FC_SPEC_VALUE", "a fleet with a preview port needs one to serve at", {
      at: "fleet.preview",
      remedy: "add listen: PORT",
    })
  if (hold !== undefined && checked.listen === undefined)
    throw new FireclayError("FC_SPEC_VALUE", "requests can wait only where a router takes them", {
      at: "fleet.hold",
      remedy: "add listen: PORT",
    })
  return deepFreeze({ spec, ...checked, ...(hold === undefined ? {} : { holdMs: hold }) } as UnnamedFleet)
}

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
}

/** Bake an image, start new instances, retire the old. */
export const replace = (options: ReplaceOptions): ByFor<"replace"> => {
  const { strategy, verify, ...rest } = check(replaceSchema, options, "replace")
  refuseStrategy(strategy, "replace", "replace.strategy")
  return deepFreeze({
    delivery: "replace",
    strategy: asWant(strategy),
    ...timesOf(rest),
    confirmMs: 0,
    irreversible: "allow",
    ...(verify === undefined ? {} : { verify }),
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

const fleetSchema = z.strictObject({
  on: z.custom<HostsFor<Delivery>>(
    (value) => typeof value === "object" && value !== null && "suits" in value,
    "not hosts: use local(…), docker(…) or ssh(…)",
  ),
  by: z.custom<By>(
    (value) => typeof value === "object" && value !== null && "delivery" in value,
    "not a delivery: use inPlace(…) or replace(…)",
  ),
  listen: port.optional(),
  preview: port.optional(),
  hold: duration.optional(),
})

/** A container runs one program. What a Procfile says is known later; core refuses what does not fit then. */
const refuseWithoutProgram = (spec: Spec): void => {
  if (spec.run !== undefined || spec.procfile !== undefined) return
  throw new FireclayError("FC_FLEET_DELIVERY", "a container needs a program to run", {
    at: `specs.${spec.name}.run`,
    remedy: 'add run: { command: ["/path/of/the/program"] }, or use local({ count: … })',
  })
}

/** Types refuse this already; JavaScript and casts get here. */
const refuseStrategy = (strategy: StrategyFor<Delivery>, delivery: Delivery, at: string): void => {
  if (strategy.deliveries.includes(delivery)) return
  throw new FireclayError("FC_STRATEGY_DELIVERY", `${strategy.name} cannot be done ${describeDelivery(delivery)}`, {
    at,
    remedy: delivery === "in-place" ? "use rolling() or allAtOnce(), or deliver by replace(…)" : "use another strategy",
  })
}

const asWant = ({ name: strategyName, options }: StrategyFor<Delivery>): StrategyWant => ({
  name: strategyName,
  options,
})

const describeDelivery = (delivery: Delivery): string => (delivery === "in-place" ? "in place" : "by replacement")

const describeHosts = (hosts: Hosts): string =>
  hosts.kind === "ssh"
    ? "servers that exist"
    : hosts.makes === "machines"
      ? "machines that are kept"
      : "instances of an image"
