import type { Change, Eyes, Machine, PlanContext, ResourcePlan, ResourceType, Step } from "../contract/index.ts"
import { canonical, digestOf } from "./canonical.ts"
import { openEyes } from "./eyes/eyes.ts"
import { type AppliedResource, askMachineState, type MachineState, parseMachineState } from "./machine-state.ts"
import { readable } from "./readable.ts"
import type { Bundle, ReleasedResource } from "./release.ts"
import { isReversible } from "./transaction/compile.ts"

/** Why a resource changes: the description did, or the machine did behind its back. */
export type Cause = "intent" | "drift"

export interface ResourceDifference {
  readonly id: string
  readonly action: "create" | "change" | "remove"
  readonly cause: Cause
  readonly changes: readonly Change[]
  readonly steps: readonly Step[]
  readonly creates: boolean
}

/** What would happen to one machine. */
export interface MachinePlan {
  readonly machine: string
  /** Release in force there; `undefined`: none. */
  readonly from: number | undefined
  readonly differences: readonly ResourceDifference[]
  /** All steps in order, as they would be done. */
  readonly steps: readonly Step[]
  /** Steps that could not be undone. */
  readonly irreversible: readonly Step[]
  /** Equal for equal observations and wants: a later plan that differs from this one makes it stale. */
  readonly fingerprint: string
  readonly state: MachineState | undefined
  /** What an earlier undo could not finish; until it is mended nothing more is done there. */
  readonly broken: string | undefined
  readonly roundTrips: number
}

export type ResourceTypes = ReadonlyMap<string, ResourceType>

/**
 * Looks at a machine, through a few round trips whatever the number of resources, and says what would be done.
 * Changes nothing.
 *
 * @throws FireclayError FC_MACHINE_UNREACHABLE, FC_HOST_KEY, FC_OBSERVE
 */
export const planMachine = async (machine: Machine, bundle: Bundle, types: ResourceTypes): Promise<MachinePlan> => {
  const { eyes, first, rounds } = openEyes(machine, askMachineState)
  const [report, haves] = await Promise.all([first(), observeAll(eyes, bundle.manifest.resources, types)])
  const { state, broken } = parseMachineState(machine, report)
  const orphans = (state?.resources ?? []).filter(
    ({ id }) => !bundle.manifest.resources.some((resource) => resource.id === id),
  )
  const orphanHaves = await observeAll(eyes, orphans, types)
  const removals = orphans
    .map((resource, index) => removeOrphan(resource, orphanHaves[index], types, state))
    .toReversed()
  const differences = [...removals, ...planAll(bundle, haves, types, state)].filter(isDifferent)
  const steps = mergeSteps([
    ...differences.flatMap((difference) => difference.steps),
    ...emptiedDirectories(bundle, state),
  ])
  return {
    machine: machine.name,
    from: state?.release,
    differences,
    steps,
    irreversible: steps.filter((step) => !isReversible(step)),
    fingerprint: digestOf({ haves, orphanHaves, manifest: bundle.digest, release: state?.release ?? null }),
    state,
    broken,
    roundTrips: rounds(),
  }
}

/** What a machine will say of itself once the plan's steps are done. */
export const stateAfter = (
  plan: MachinePlan,
  bundle: Bundle,
  identity: Pick<MachineState, "project" | "fleet" | "release" | "digest" | "transaction">,
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

const observeAll = (
  eyes: Eyes,
  resources: readonly (ReleasedResource | AppliedResource)[],
  types: ResourceTypes,
): Promise<readonly unknown[]> =>
  Promise.all(resources.map(({ type, want, contents }) => typeOf(types, type).observe(eyes, want, contents)))

/** In order, so that each resource knows what those before it change. */
const planAll = (
  bundle: Bundle,
  haves: readonly unknown[],
  types: ResourceTypes,
  state: MachineState | undefined,
): readonly ResourceDifference[] => {
  const changed = new Set<string>()
  const willExist = new Set<string>()
  const applied = new Map(state?.resources.map((resource) => [resource.id, resource]))
  return bundle.manifest.resources.map((resource, index) => {
    const context: PlanContext = {
      changed,
      willExist,
      contents: resource.contents,
      texts: resource.contents.map(({ sha256 }) => readable(bundle.bytes.get(sha256))),
    }
    const plan = typeOf(types, resource.type).plan(resource.want, haves[index], context)
    if (plan.steps.length > 0) changed.add(resource.id)
    for (const step of plan.steps) if (step.do === "make-directory") willExist.add(step.path)
    return toDifference(resource, plan, plan.reacts === true ? "intent" : causeOf(resource, applied.get(resource.id)))
  })
}

const toDifference = (
  resource: { readonly id: string },
  { changes, steps, creates = false }: ResourcePlan,
  cause: Cause,
): ResourceDifference => ({
  id: resource.id,
  action: creates ? "create" : "change",
  cause,
  changes,
  steps,
  creates,
})

/** Puppet's rule: what was wanted last time is wanted still, so the machine moved. */
const causeOf = (resource: ReleasedResource, applied: AppliedResource | undefined): Cause =>
  applied !== undefined && canonical([applied.want, applied.contents]) === canonical([resource.want, resource.contents])
    ? "drift"
    : "intent"

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
  return { id: resource.id, action: "remove", cause: "intent", changes: plan.changes, steps, creates: false }
}

const isDifferent = ({ steps }: ResourceDifference): boolean => steps.length > 0

/** Directories that were made for a path, and that no path needs any more: deepest first, and only when empty. */
const emptiedDirectories = (bundle: Bundle, state: MachineState | undefined): readonly Step[] => {
  const paths = bundle.manifest.resources.flatMap(({ want }) =>
    typeof want === "object" && want !== null && "path" in want ? [String(want.path)] : [],
  )
  return (state?.directories ?? [])
    .filter((directory) => !paths.some((path) => path === directory || path.startsWith(`${directory}/`)))
    .toSorted((a, b) => b.length - a.length)
    .map((path) => ({ do: "remove-path", path }))
}

/** Neighbouring installations become one: apt is slow to start. A removed unit file is forgotten by systemd too. */
const mergeSteps = (steps: readonly Step[]): readonly Step[] => {
  const merged: Step[] = []
  for (const step of steps) {
    const last = merged.at(-1)
    if (step.do === "install-packages" && last?.do === "install-packages")
      merged[merged.length - 1] = { ...last, packages: [...last.packages, ...step.packages] }
    else merged.push(step)
    if (step.do === "remove-path" && step.path.startsWith("/etc/systemd/system/")) merged.push({ do: "reload-units" })
  }
  return merged
}

const typeOf = (types: ResourceTypes, type: string): ResourceType => {
  const found = types.get(type)
  if (found === undefined) throw new TypeError(`no resource type ${type}`)
  return found
}
