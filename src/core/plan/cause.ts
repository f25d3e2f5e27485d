import { canonical } from "../canonical.ts"
import type { AppliedResource } from "../machine-state.ts"
import type { ReleasedResource } from "../release.ts"
import type { Cause } from "./types.ts"

/** Puppet's rule: what was wanted last time is wanted still, so the machine moved. */
export const causeOf = (resource: ReleasedResource, applied: AppliedResource | undefined): Cause =>
  applied !== undefined && canonical([applied.want, applied.contents]) === canonical([resource.want, resource.contents])
    ? "drift"
    : "intent"
