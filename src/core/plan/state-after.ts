import type { MachineState } from "../machine-state.ts"
import type { Bundle } from "../release.ts"
import type { MachinePlan, ResourceDifference } from "./types.ts"

/** What a machine will say of itself once the plan's steps are done. */
export const stateAfter = (
  plan: MachinePlan,
  bundle: Bundle,
  identity: Pick<MachineState, "project" | "fleet" | "store" | "release" | "digest" | "transaction">,
  newPackages: readonly string[],
): MachineState => {
  const before = new Map(plan.state?.resources.map((resource) => [resource.id, resource]))
  const created = new Set(plan.differences.filter((difference) => difference.creates).map(({ id }) => id))
  const made = plan.steps.flatMap((step) => (step.do === "make-directory" ? [step.path] : []))
  const described = new Set(bundle.manifest.resources.map(({ id }) => id))
  const removed = new Set(plan.steps.flatMap((step) => (step.do === "remove-path" ? [step.path] : [])))
  // Made as an earlier release needed it, or in the place of what an earlier release had made there.
  const ours = new Set([...(plan.state?.directories ?? []).map((path) => `directory:${path}`), ...replaced(plan)])
  return {
    schema: 1,
    ...identity,
    resources: bundle.manifest.resources.map((resource) => ({
      ...resource,
      created: created.has(resource.id) || ours.has(resource.id) || (before.get(resource.id)?.created ?? false),
    })),
    directories: [...new Set([...(plan.state?.directories ?? []), ...made])].filter(
      (path) => !removed.has(path) && !described.has(`directory:${path}`),
    ),
    packages: [...new Set([...(plan.state?.packages ?? []), ...newPackages])].toSorted(),
  }
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
