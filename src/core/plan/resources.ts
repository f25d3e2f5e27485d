import type { PlanContext, ResourcePlan } from "../../contract/index.ts"
import type { Debt, MachineState } from "../machine-state.ts"
import { readable } from "../readable.ts"
import type { Bundle, ReleasedResource } from "../release.ts"
import { causeOf, withCauses } from "./cause.ts"
import { debtOf, withDebt } from "./debts.ts"
import type { Earlier } from "./earlier.ts"
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
  /** What was done before, to what left the description; what is planned is added. */
  readonly earlier: Earlier
}

/** What each described resource would do, in order, so that each knows what those before it change. */
export const planResources = (scene: Scene, types: ResourceTypes): PlannedResources => {
  const { bundle, haves, state, only, earlier } = scene
  const changed = new Set<string>()
  const applied = new Map(state?.resources.map((resource) => [resource.id, resource]))
  const debts = new Map(state?.owed?.map((debt) => [debt.resource, debt]))
  const differences: ResourceDifference[] = []
  const owes: Omit<Debt, "since">[] = []
  for (const resource of bundle.manifest.resources) {
    const { id } = resource
    const [type, have] = [typeOf(types, resource.type), haves.get(id)]
    const context = contextOf(scene, resource, changed)
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
    earlier.add(plan.steps, plan.texts)
    const changes = withCauses(type, resource, applied.get(id), have, plan.changes, scene.territory)
    differences.push(toDifference(id, plan, withDebt(changes, debt)))
  }
  return { differences, owes }
}

const contextOf = (
  { bundle: { bytes }, territory, earlier }: Scene,
  { contents }: ReleasedResource,
  changed: ReadonlySet<string>,
): PlanContext => ({
  changed,
  willExist: earlier.willExist,
  gone: earlier.gone,
  written: earlier.written,
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
