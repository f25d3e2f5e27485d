import type { Machine } from "../contract/index.ts"
import { openEyes } from "./eyes/eyes.ts"
import { askMachineState, parseMachineState } from "./machine-state.ts"
import { observeAll } from "./plan/observe.ts"
import { mergeSteps } from "./plan/order.ts"
import { emptiedDirectories, orphansOf, removeOrphans } from "./plan/orphans.ts"
import { planResources } from "./plan/resources.ts"
import { sealedEyes } from "./plan/sealed-eyes.ts"
import { type Seen, sightOf } from "./plan/sight.ts"
import type { MachinePlan, ResourceTypes } from "./plan/types.ts"
import type { Bundle } from "./release.ts"
import { isReversible } from "./transaction/compile.ts"

/**
 * Looks at a machine, through a few round trips whatever the number of resources, and says what would be done.
 * Changes nothing.
 *
 * @throws FireclayError FC_MACHINE_UNREACHABLE, FC_HOST_KEY, FC_OBSERVE
 */
export const planMachine = async (machine: Machine, bundle: Bundle, types: ResourceTypes): Promise<MachinePlan> => {
  const { eyes: open, first, rounds } = openEyes(machine, askMachineState)
  const report = first().then((fields) => parseMachineState(machine, fields))
  const { resources } = bundle.manifest
  const eyes = sealedEyes(open, resources, async () => (await report).state, bundle.opened?.seal)
  const [{ state, broken, turn }, haves] = await Promise.all([report, observeAll(eyes, resources, types)])
  const orphans = orphansOf(bundle, state)
  const orphanHaves = await observeAll(eyes, orphans, types)
  const differences = [
    ...removeOrphans(orphans, orphanHaves, types, state),
    ...planResources(bundle, haves, types, state),
  ].filter(({ steps }) => steps.length > 0)
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
    sight: sightOf(bundle.digest, state, [...pair(orphans, orphanHaves), ...pair(bundle.manifest.resources, haves)]),
    state,
    broken,
    turn,
    roundTrips: rounds(),
  }
}

const pair = (resources: readonly { readonly id: string }[], haves: readonly unknown[]): readonly Seen[] =>
  resources.map((resource, index) => [resource, haves[index]])
