import { bundleFor } from "../machine-lists.ts"
import type { AppliedResource, MachineState } from "../machine-state.ts"
import type { Bundle } from "../release.ts"
import { debtsAfter } from "./debts.ts"
import type { MachinePlan, ResourceDifference } from "./types.ts"

export type Identity = Pick<
  MachineState,
  "project" | "fleet" | "store" | "by" | "release" | "digest" | "transaction" | "limited"
>

/**
 * What a machine will say of itself once the plan's steps are done.
 *
 * @param at when that is, ISO 8601
 */
export const stateAfter = (
  plan: MachinePlan,
  whole: Bundle,
  identity: Identity,
  newPackages: readonly string[],
  at: string,
): MachineState => {
  const bundle = bundleFor(whole, plan.machine)
  const made = plan.steps.flatMap((step) => (step.do === "make-directory" ? [step.path] : []))
  const applied = appliedBy(plan, bundle)
  const removed = new Set(plan.steps.flatMap((step) => (step.do === "remove-path" ? [step.path] : [])))
  const owed = debtsAfter(plan, at)
  return {
    schema: 1,
    ...identity,
    resources: plan.only === undefined ? applied : withApplied(plan, applied),
    directories: [...new Set([...(plan.state?.directories ?? []), ...made])].filter(
      (path) => !removed.has(path) && !applied.some(({ id }) => id === `directory:${path}`),
    ),
    packages: [...new Set([...(plan.state?.packages ?? []), ...newPackages])].toSorted(),
    ...(owed.length === 0 ? {} : { owed }),
  }
}

/** What the plan brought about. */
const appliedBy = (plan: MachinePlan, bundle: Bundle): readonly AppliedResource[] => {
  const before = new Map(plan.state?.resources.map((resource) => [resource.id, resource]))
  const created = new Set(plan.differences.filter((difference) => difference.creates).map(({ id }) => id))
  // Made as an earlier release needed it, or in the place of what an earlier release had made there.
  const ours = new Set([...(plan.state?.directories ?? []).map((path) => `directory:${path}`), ...replaced(plan)])
  return bundle.manifest.resources
    .filter(({ id }) => plan.only?.has(id) !== false)
    .map((resource) => ({
      ...resource,
      created: created.has(resource.id) || ours.has(resource.id) || (before.get(resource.id)?.created ?? false),
    }))
}

/** After a limited run the others stay as they were, in their order: what is new comes last. */
const withApplied = ({ state }: MachinePlan, applied: readonly AppliedResource[]): readonly AppliedResource[] => {
  const now = new Map(applied.map((resource) => [resource.id, resource]))
  const before = state?.resources ?? []
  const known = new Set(before.map(({ id }) => id))
  return [...before.map((resource) => now.get(resource.id) ?? resource), ...applied.filter(({ id }) => !known.has(id))]
}

/** Resources that take the path of one that leaves with this plan. */
const replaced = ({ differences }: MachinePlan): readonly string[] => {
  const pathsOf = ({ steps }: ResourceDifference): readonly string[] =>
    steps.flatMap((step) => ("path" in step ? [step.path] : []))
  const freed = new Set(differences.filter(({ action }) => action === "remove").flatMap(pathsOf))
  return differences
    .filter((difference) => difference.action !== "remove" && pathsOf(difference).some((path) => freed.has(path)))
    .map(({ id }) => id)
}
