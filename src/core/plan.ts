import type { Machine } from "../contract/index.ts"
import { openEyes } from "./eyes/eyes.ts"
import { askMachineState, parseMachineState } from "./machine-state.ts"
import { observeAll, typeOf } from "./plan/observe.ts"
import { mergeSteps } from "./plan/order.ts"
import { emptiedDirectories, orphansOf, removeOrphans } from "./plan/orphans.ts"
import { planResources } from "./plan/resources.ts"
import { sealedEyes } from "./plan/sealed-eyes.ts"
import { type Seen, sightOf } from "./plan/sight.ts"
import type { MachinePlan, ResourceTypes } from "./plan/types.ts"
import type { Bundle, ReleasedResource } from "./release.ts"
import { isReversible } from "./transaction/compile.ts"

export interface PlanOptions {
  /** Ids of the only resources that may change. What left the description stays then. Absent: all. */
  readonly only?: ReadonlySet<string> | undefined
}

/**
 * Looks at a machine, through a few round trips whatever the number of resources, and says what would be done.
 * Changes nothing.
 *
 * @throws FireclayError FC_MACHINE_UNREACHABLE, FC_HOST_KEY, FC_OBSERVE
 */
export const planMachine = async (
  machine: Machine,
  bundle: Bundle,
  types: ResourceTypes,
  { only }: PlanOptions = {},
): Promise<MachinePlan> => {
  const { eyes: open, first, rounds } = openEyes(machine, askMachineState)
  const report = first().then((fields) => parseMachineState(machine, fields))
  const looked = only === undefined ? bundle.manifest.resources : chosen(bundle, types, only)
  const eyes = sealedEyes(open, looked, async () => (await report).state, bundle.opened?.seal)
  const [{ state, broken, turn }, haves] = await Promise.all([report, observeAll(eyes, looked, types)])
  const orphans = only === undefined ? orphansOf(bundle, state) : []
  const orphanHaves = await observeAll(eyes, orphans, types)
  const seen = pair(looked, haves)
  const scene = { bundle, haves: new Map(seen.map(([{ id }, have]) => [id, have])), state, only }
  const { differences: described, owes } = planResources(scene, types)
  const differences = [...removeOrphans(orphans, orphanHaves, types, state), ...described].filter(
    ({ steps }) => steps.length > 0,
  )
  const steps = mergeSteps([
    ...differences.flatMap((difference) => difference.steps),
    ...(only === undefined ? emptiedDirectories(bundle, state) : []),
  ])
  return {
    machine: machine.name,
    from: state?.release,
    differences,
    only,
    owes,
    steps,
    irreversible: steps.filter((step) => !isReversible(step)),
    sight: sightOf(bundle.digest, state, [...pair(orphans, orphanHaves), ...seen]),
    state,
    broken,
    turn,
    roundTrips: rounds(),
  }
}

/** Those that may change, and those that might have to react to it. */
const chosen = (bundle: Bundle, types: ResourceTypes, only: ReadonlySet<string>): readonly ReleasedResource[] =>
  bundle.manifest.resources.filter(
    ({ id, type, want }) => only.has(id) || (typeOf(types, type).answersTo?.(want) ?? []).length > 0,
  )

const pair = (resources: readonly { readonly id: string }[], haves: readonly unknown[]): readonly Seen[] =>
  resources.map((resource, index) => [resource, haves[index]])
