import { type Change, FireclayError, type ResourcePlan, type Step } from "../../contract/index.ts"
import type { AppliedResource, MachineState } from "../machine-state.ts"
import { isPatch } from "../patch/released.ts"
import type { Bundle } from "../release.ts"
import type { Earlier } from "./earlier.ts"
import { typeOf } from "./observe.ts"
import type { Territory } from "./territory.ts"
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
  territory: Territory,
  earlier: Earlier,
): readonly ResourceDifference[] => {
  const all = orphans
    .map((resource, index) => [resource, haves[index]] as const)
    .toReversed()
    .map(([resource, have]) =>
      isInherited(resource, territory)
        ? inherit(resource, have, types, territory)
        : removeOrphan(resource, have, types, state, earlier),
    )
  const depth = ({ id }: ResourceDifference): number => (id.startsWith("directory:") ? id.split("/").length : Infinity)
  return all.toSorted((a, b) => (depth(a) === depth(b) ? 0 : depth(b) - depth(a)))
}

/**
 * What is described below a link that leaves was looked at through it, where it will be no more: such a plan is wrong.
 * `undefined`: there is none.
 */
export const lostWay = (
  machine: string,
  removals: readonly ResourceDifference[],
  { described }: Territory,
): FireclayError | undefined => {
  const links = removals.flatMap(({ id, steps }) =>
    id.startsWith("link:") ? steps.flatMap((step) => (step.do === "remove-path" ? [step.path] : [])) : [],
  )
  for (const link of links) {
    const below = [...described].find((path) => path.startsWith(`${link}/`))
    if (below !== undefined)
      return new FireclayError("FC_PATH_CONFLICT", `${below} lies below ${link}, a link that is no longer described`, {
        at: machine,
        remedy: "keep the link in the description; or let it go first, by an apply without what lies below it",
      })
  }
  return undefined
}

const removeOrphan = (
  resource: AppliedResource,
  have: unknown,
  types: ResourceTypes,
  state: MachineState | undefined,
  earlier: Earlier,
): ResourceDifference => {
  const plan: ResourcePlan =
    resource.created || isPatch(resource)
      ? typeOf(types, resource.type).remove(resource.want, have, earlier)
      : { changes: [], steps: [] }
  const steps = plan.steps.map(
    (step): Step => (step.do === "remove-packages" ? { ...step, alongside: state?.packages ?? [] } : step),
  )
  earlier.add(steps, plan.texts)
  return leave(resource.id, "remove", plan.changes, steps)
}

/** One that Fireclay made for itself becomes what it would be had it only been made for what lies in it. */
const inherit = (
  { type, id, want, created }: AppliedResource,
  have: unknown,
  types: ResourceTypes,
  territory: Territory,
): ResourceDifference => {
  const none = new Set<string>()
  const context = {
    changed: none,
    willExist: none,
    gone: none,
    written: new Map(),
    ...territory,
    contents: [],
    texts: [],
  }
  const { path } = want as { readonly path: string }
  const plan = typeOf(types, type).plan({ path, mode: 0o755, owner: "root", group: "root" }, have, context)
  const steps = created ? plan.steps.filter((step) => step.do === "set-ownership") : []
  return leave(id, "change", plan.changes, steps)
}

const leave = (
  id: string,
  action: ResourceDifference["action"],
  changes: readonly Change[],
  steps: readonly Step[],
): ResourceDifference => ({
  id,
  action,
  cause: "intent",
  changes: changes.map((change) => ({ ...change, cause: "intent" })),
  steps,
  creates: false,
})

/** All that leaves, with every directory after what lies in it: described once, or made for something. */
export const leavingSteps = (removals: readonly ResourceDifference[], emptied: readonly Step[]): readonly Step[] => {
  const isDirectory = ({ id }: ResourceDifference): boolean => id.startsWith("directory:")
  const length = (step: Step): number => ("path" in step ? step.path.length : 0)
  const stepsOf = (some: readonly ResourceDifference[]): readonly Step[] => some.flatMap(({ steps }) => steps)
  return [
    ...stepsOf(removals.filter((removal) => !isDirectory(removal))),
    ...[...stepsOf(removals.filter(isDirectory)), ...emptied].toSorted((a, b) => length(b) - length(a)),
  ]
}

/** A directory that is described no longer, but that others need: it stays, as if it had been made for them. */
export const isInherited = ({ type, want }: Pick<AppliedResource, "type" | "want">, territory: Territory): boolean =>
  type === "directory" && isNeeded((want as { readonly path: string }).path, territory)

const isNeeded = (directory: string, { described }: Territory): boolean =>
  [...described].some((path) => path.startsWith(`${directory}/`))

/** Directories that were made for a path, and that no path needs any more: deepest first, and only when empty. */
export const emptiedDirectories = (state: MachineState | undefined, territory: Territory): readonly Step[] =>
  (state?.directories ?? [])
    .filter((directory) => !territory.owners.has(directory) && !isNeeded(directory, territory))
    .toSorted((a, b) => b.length - a.length)
    .map((path) => ({ do: "remove-path", path }))
