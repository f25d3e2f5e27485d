import { z } from "zod"
import {
  type By,
  type Delivery,
  FireclayError,
  type Fleet,
  type Hosts,
  type OnDrift,
  type Spec,
} from "../contract/index.ts"
import { check } from "../schema/check.ts"
import { duration, port } from "../schema/fields.ts"
import { type ByFor, describeDelivery } from "./delivery.ts"
import { deepFreeze } from "./freeze.ts"
import type { PatchOptions } from "./patch.ts"
import { patchSchema } from "./patch-schema.ts"

/** Hosts that suit a delivery: machines that stay for in place, instances that come and go for replacement. */
export type HostsFor<D extends Delivery> = Hosts & { readonly suits: { readonly [K in D]: true } }

/** A fleet before it has a name: `defineProject` gives it its key. */
export type UnnamedFleet = Omit<Fleet, "name">

/** In place machines are put right; instances of an image are replaced. */
export type OnDriftFor<D extends Delivery> = OnDrift & ("report" | { "in-place": "fix"; replace: "replace" }[D])

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
  /**
   * What `drift --answer` does about what it finds. `"report"` says it, and that is all. `"fix"`, in place, takes each machine
   * back to the release in force. `"replace"`, by replacement, retires the instance and starts a clean one. Default: `"report"`.
   *
   * @example
   * fleet(app, { on: local({ machines: 3 }), by: inPlace({ strategy: rolling() }), onDrift: "fix" })
   */
  readonly onDrift?: OnDriftFor<D>
  /**
   * When newer packages may come to the machines, and which: `fireclay patch` keeps to it.
   *
   * @example
   * fleet(app, {
   *   on: local({ machines: 3 }),
   *   by: inPlace({ strategy: rolling() }),
   *   patch: { window: "Sun 02:00-04:00 Europe/Berlin", security: "daily", minimumAge: "3d", hold: ["linux-image-*"] },
   * })
   */
  readonly patch?: PatchOptions
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
  refuseAnswer(checked.onDrift, by.delivery)
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
  if (by.strategy.needsRouter === true && checked.listen === undefined)
    throw new FireclayError("FC_SPEC_VALUE", `${by.strategy.name} needs a router that shares the requests out`, {
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
  onDrift: z.enum(["report", "fix", "replace"]).optional(),
  patch: patchSchema.optional(),
})

const refuseAnswer = (onDrift: OnDrift | undefined, delivery: Delivery): void => {
  const fitting = delivery === "in-place" ? "fix" : "replace"
  if (onDrift === undefined || onDrift === "report" || onDrift === fitting) return
  throw new FireclayError("FC_FLEET_DELIVERY", `what is delivered ${describeDelivery(delivery)} cannot ${onDrift}`, {
    at: "fleet.onDrift",
    remedy: `use "${fitting}", or "report"`,
  })
}

/** A container runs one program. What a Procfile says is known later; core refuses what does not fit then. */
const refuseWithoutProgram = (spec: Spec): void => {
  if (spec.run !== undefined || spec.procfile !== undefined) return
  throw new FireclayError("FC_FLEET_DELIVERY", "a container needs a program to run", {
    at: `specs.${spec.name}.run`,
    remedy: 'add run: { command: ["/path/of/the/program"] }, or use local({ count: … })',
  })
}

const describeHosts = (hosts: Hosts): string =>
  hosts.kind === "ssh"
    ? "servers that exist"
    : hosts.makes === "machines"
      ? "machines that are kept"
      : "instances of an image"
