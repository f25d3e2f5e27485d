import type { PlanContext, ResourcePlan, Step } from "../../contract/index.ts"
import type { Debt, MachineState } from "../machine-state.ts"
import { readable } from "../readable.ts"
import type { Bundle, ReleasedResource } from "../release.ts"
import { causeOf, withCauses } from "./cause.ts"
import { debtOf, withDebt } from "./debts.ts"
import { typeOf } from "./observe.ts"
import type { Territory } from "./territory.ts"
import type { CausedChange, ResourceDifference, ResourceTypes } from "./types.ts"

export interface PlannedResources {
  readonly differences: readonly ResourceDifference[]
  readonly owes: readonly Omit<Debt, "since">[]
}

/** What is described, and what was seen of it: an id that is missing was not looked at. */
export interface Scene {
  readonly bundle: Bundle
  readonly haves: ReadonlyMap<string, unknown>
  readonly state: MachineState | undefined
  /** The only ones that may change; `undefined`: all. */
  readonly only: ReadonlySet<string> | undefined
  readonly territory: Territory
  /** Paths that were removed before, with what left the description. */
  readonly gone: readonly string[]
}

/** What each described resource would do, in order, so that each knows what those before it change. */
export const planResources = (scene: Scene, types: ResourceTypes): PlannedResources => {
  const { bundle, haves, state, only } = scene
  const changed = new Set<string>()
  const willExist = new Set<string>()
  const gone = new Set(scene.gone)
  const applied = new Map(state?.resources.map((resource) => [resource.id, resource]))
  const debts = new Map(state?.owed?.map((debt) => [debt.resource, debt]))
  const differences: ResourceDifference[] = []
  const owes: Omit<Debt, "since">[] = []
  for (const resource of bundle.manifest.resources) {
    const { id } = resource
    const [type, have] = [typeOf(types, resource.type), haves.get(id)]
    const context = contextOf(scene, resource, { changed, willExist, gone })
    if (only?.has(id) === false) {
      if (haves.has(id)) owes.push(...debtOf(type, resource, have, context))
      continue
    }
    const debt = debts.get(id)
    const plan = type.plan(resource.want, have, {
      ...context,
      changed: debt === undefined ? changed : new Set([...changed, ...debt.because]),
    })
    if (plan.steps.length > 0) changed.add(id)
    for (const step of plan.steps) remember(step, willExist, gone)
    const changes = withCauses(type, resource, applied.get(id), have, plan.changes, scene.territory)
    differences.push(toDifference(id, plan, withDebt(changes, debt)))
  }
  return { differences, owes }
}

/** What later resources find there. */
const remember = (step: Step, willExist: Set<string>, gone: Set<string>): void => {
  if (step.do === "remove-path") {
    gone.add(step.path)
    willExist.delete(step.path)
  } else if ("path" in step) {
    gone.delete(step.path)
    if (step.do === "make-directory") willExist.add(step.path)
  }
}

const contextOf = (
  { bundle: { bytes }, territory }: Scene,
  { contents }: ReleasedResource,
  earlier: Pick<PlanContext, "changed" | "willExist" | "gone">,
): PlanContext => ({
  ...earlier,
  ...territory,
  contents,
  texts: contents.map(({ sha256 }) => readable(bytes.get(sha256))),
})

const toDifference = (
  id: string,
  { steps, creates = false }: ResourcePlan,
  changes: readonly CausedChange[],
): ResourceDifference => ({
  id,
  action: creates ? "create" : "change",
  cause: causeOf(changes),
  changes,
  steps,
  creates,
})
