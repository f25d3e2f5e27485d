import type { Eyes, ResourceType } from "../../contract/index.ts"
import type { AppliedResource } from "../machine-state.ts"
import type { ReleasedResource } from "../release.ts"
import type { ResourceTypes } from "./types.ts"

/** Looks at all resources side by side, so that their questions travel together. */
export const observeAll = (
  eyes: Eyes,
  resources: readonly (ReleasedResource | AppliedResource)[],
  types: ResourceTypes,
): Promise<readonly unknown[]> =>
  Promise.all(resources.map(({ type, want, contents }) => typeOf(types, type).observe(eyes, want, contents)))

export const typeOf = (types: ResourceTypes, type: string): ResourceType => {
  const found = types.get(type)
  if (found === undefined) throw new TypeError(`no resource type ${type}`)
  return found
}
