import type { PlanContext, ResourcePlan } from "../../contract/index.ts"
import type { MachineState } from "../machine-state.ts"
import { readable } from "../readable.ts"
import type { Bundle } from "../release.ts"
import { causeOf, withCauses } from "./cause.ts"
import { typeOf } from "./observe.ts"
import type { CausedChange, ResourceDifference, ResourceTypes } from "./types.ts"

/** What each described resource would do, in order, so that each knows what those before it change. */
export const planResources = (
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
    const type = typeOf(types, resource.type)
    const plan = type.plan(resource.want, haves[index], context)
    if (plan.steps.length > 0) changed.add(resource.id)
    for (const step of plan.steps) if (step.do === "make-directory") willExist.add(step.path)
    return toDifference(
      resource.id,
      plan,
      withCauses(type, resource, applied.get(resource.id), haves[index], plan.changes),
    )
  })
}

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
