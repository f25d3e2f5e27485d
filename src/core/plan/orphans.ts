import type { ResourcePlan, Step } from "../../contract/index.ts"
import type { AppliedResource, MachineState } from "../machine-state.ts"
import type { Bundle } from "../release.ts"
import { typeOf } from "./observe.ts"
import type { ResourceDifference, ResourceTypes } from "./types.ts"

/** What was in the last release and is gone from the description. */
export const orphansOf = (bundle: Bundle, state: MachineState | undefined): readonly AppliedResource[] => {
  const described = new Set(bundle.manifest.resources.map(({ id }) => id))
  return (state?.resources ?? []).filter(({ id }) => !described.has(id))
}

/**
 * The other way round than they came, but directories last, whatever the order of the description: they are removed only
 * when they are empty. What Fireclay did not create stays.
 */
export const removeOrphans = (
  orphans: readonly AppliedResource[],
  haves: readonly unknown[],
  types: ResourceTypes,
  state: MachineState | undefined,
): readonly ResourceDifference[] => {
  const all = orphans.map((resource, index) => removeOrphan(resource, haves[index], types, state)).toReversed()
  const depth = ({ id }: ResourceDifference): number => (id.startsWith("directory:") ? id.split("/").length : Infinity)
  return all.toSorted((a, b) => (depth(a) === depth(b) ? 0 : depth(b) - depth(a)))
}

const removeOrphan = (
  resource: AppliedResource,
  have: unknown,
  types: ResourceTypes,
  state: MachineState | undefined,
): ResourceDifference => {
  const plan: ResourcePlan = resource.created
    ? typeOf(types, resource.type).remove(resource.want, have)
    : { changes: [], steps: [] }
  const steps = plan.steps.map(
    (step): Step => (step.do === "remove-packages" ? { ...step, alongside: state?.packages ?? [] } : step),
  )
  return {
    id: resource.id,
    action: "remove",
    cause: "intent",
    changes: plan.changes.map((change) => ({ ...change, cause: "intent" })),
    steps,
    creates: false,
  }
}

/** Directories that were made for a path, and that no path needs any more: deepest first, and only when empty. */
export const emptiedDirectories = (
  bundle: Bundle,
  state: MachineState | undefined,
  gone: ReadonlySet<string>,
): readonly Step[] => {
  const paths = bundle.manifest.resources.flatMap(({ want }) =>
    typeof want === "object" && want !== null && "path" in want ? [String(want.path)] : [],
  )
  return (state?.directories ?? [])
    .filter(
      (directory) =>
        !gone.has(directory) && !paths.some((path) => path === directory || path.startsWith(`${directory}/`)),
    )
    .toSorted((a, b) => b.length - a.length)
    .map((path) => ({ do: "remove-path", path }))
}
