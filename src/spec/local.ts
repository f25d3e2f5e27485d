import { z } from "zod"
import type { Delivery } from "../contract/index.ts"
import { check } from "../schema/check.ts"
import type { HostsFor } from "./fleet.ts"
import { deepFreeze } from "./freeze.ts"

/** Machines on this computer: `machines` are kept and converged, `count` is how many instances of an image run. */
export function local(options: { readonly machines: number }): HostsFor<"in-place">
export function local(options: { readonly count: number }): HostsFor<"replace">
export function local(options: { readonly machines?: number; readonly count?: number }): HostsFor<Delivery> {
  const checked = check(localSchema, options, "local")
  const hosts =
    "machines" in checked
      ? { kind: "local", makes: "machines", count: checked.machines, suits: { "in-place": true } }
      : { kind: "local", makes: "instances", count: checked.count, suits: { replace: true } }
  return deepFreeze(hosts) as HostsFor<Delivery>
}

const count = z.int().min(0).max(1_000)
const localSchema = z.union([z.strictObject({ machines: count }), z.strictObject({ count })])
