import type { Json } from "../../contract/index.ts"
import type { Made } from "../bake/made.ts"
import { bundleFor } from "../machine-lists.ts"
import type { AppliedResource, MachineState } from "../machine-state.ts"
import { isPatch, type PatchWant } from "../patch/released.ts"
import type { Bundle } from "../release.ts"
import { debtsAfter } from "./debts.ts"
import { isInherited } from "./orphans.ts"
import { territoryOf } from "./territory.ts"
import type { MachinePlan } from "./types.ts"

export type Identity = Pick<
  MachineState,
  "project" | "fleet" | "store" | "by" | "release" | "digest" | "transaction" | "limited"
>

/**
 * What a machine will say of itself once the plan's steps are done.
 *
 * @param made packages that came, and what its image had brought before
 * @param at when that is, ISO 8601
 */
export const stateAfter = (
  plan: MachinePlan,
  whole: Bundle,
  identity: Identity,
  made: Made,
  at: string,
): MachineState => {
  const bundle = bundleFor(whole, plan.machine)
  const applied = appliedBy(plan, bundle, made)
  const owed = debtsAfter(plan, at)
  const resources = plan.only === undefined ? applied : withApplied(plan, applied)
  const replaced = replacedAfter(plan, resources)
  return {
    schema: 1,
    ...identity,
    resources,
    directories: directoriesAfter(plan, bundle, made).filter(
      (path) => !applied.some(({ id }) => id === `directory:${path}`),
    ),
    packages: [...new Set([...(plan.state?.packages ?? []), ...made.packages])].toSorted(),
    ...(Object.keys(replaced).length === 0 ? {} : { replaced }),
    ...(owed.length === 0 ? {} : { owed }),
  }
}

/** What was there before the first patch, of packages that patches are still about. */
const replacedAfter = (
  { state, differences }: MachinePlan,
  resources: readonly AppliedResource[],
): NonNullable<MachineState["replaced"]> => {
  const changed = new Map(differences.map(({ id, changes }) => [id, changes[0]?.from]))
  return Object.fromEntries(
    resources.filter(isPatch).flatMap(({ id, want }) => {
      const { name } = want as unknown as PatchWant
      const before = state?.replaced?.[name] ?? changed.get(id)
      return typeof before === "string" ? [[name, before]] : []
    }),
  )
}

/** Those that nobody describes and that are Fireclay's all the same. */
const directoriesAfter = ({ state, only, steps }: MachinePlan, bundle: Bundle, made: Made): readonly string[] => {
  const baked = made.created.filter((id) => id.startsWith("directory:")).map((id) => id.slice("directory:".length))
  const all = new Set([...(state?.directories ?? []), ...baked])
  const described = new Set(bundle.manifest.resources.map(({ id }) => id))
  const territory = territoryOf(bundle.manifest)
  for (const resource of only === undefined ? (state?.resources ?? []) : [])
    if (resource.created && !described.has(resource.id) && isInherited(resource, territory))
      all.add(resource.id.slice("directory:".length))
  // One path may be removed as one thing and come back as another.
  for (const step of steps) {
    if (step.do === "make-directory") all.add(step.path)
    if (step.do === "remove-path") all.delete(step.path)
  }
  return [...all]
}

/** What the plan brought about. */
const appliedBy = (plan: MachinePlan, bundle: Bundle, made: Made): readonly AppliedResource[] => {
  const before = new Map(plan.state?.resources.map((resource) => [resource.id, resource]))
  const created = new Set([
    ...made.created,
    ...plan.differences.filter((difference) => difference.creates).map(({ id }) => id),
  ])
  // Made as an earlier release needed it, or in the place of what an earlier release had made there.
  const ours = new Set((plan.state?.directories ?? []).map((path) => `directory:${path}`))
  const freed = freedBy(plan)
  return bundle.manifest.resources
    .filter(({ id }) => plan.only?.has(id) !== false)
    .map((resource) => ({
      ...resource,
      created:
        created.has(resource.id) ||
        ours.has(resource.id) ||
        freed.has(pathOf(resource.want)) ||
        (before.get(resource.id)?.created ?? false),
    }))
}

/** After a limited run the others stay as they were, in their order: what is new comes last. */
const withApplied = ({ state }: MachinePlan, applied: readonly AppliedResource[]): readonly AppliedResource[] => {
  const now = new Map(applied.map((resource) => [resource.id, resource]))
  const before = state?.resources ?? []
  const known = new Set(before.map(({ id }) => id))
  return [...before.map((resource) => now.get(resource.id) ?? resource), ...applied.filter(({ id }) => !known.has(id))]
}

/** Paths that Fireclay had made, and that this plan takes away: what comes there next is as much Fireclay's. */
const freedBy = ({ differences, state, steps }: MachinePlan): ReadonlySet<string | undefined> => {
  const removals = differences.filter(({ action }) => action === "remove").flatMap((removal) => removal.steps)
  const directories = new Set(state?.directories ?? [])
  const emptied = steps.filter((step) => step.do === "remove-path" && directories.has(step.path))
  return new Set([...removals, ...emptied].flatMap((step) => ("path" in step ? [step.path] : [])))
}

const pathOf = (want: Json): string | undefined => {
  const path = (want as { readonly path?: unknown } | null)?.path
  return typeof path === "string" ? path : undefined
}
