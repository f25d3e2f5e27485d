import type { Fleet } from "../contract/index.ts"
import { loadBundle, readFleet, releaseOf } from "./ledger.ts"
import { type FleetPlan, planFleet } from "./plan-fleet.ts"
import { releaseToScale } from "./rollout/scale.ts"
import type { Workbench } from "./workbench.ts"

/**
 * What it takes to have so many instances of the release in force. Changes nothing.
 *
 * @param takeOver of the release that another rollout is on its way to, if there is one
 * @throws FireclayError FC_SCALE, FC_VOLUME_EXCLUSIVE and whatever a plan refuses
 */
export const planScale = async (
  bench: Workbench,
  fleet: Fleet,
  count: number,
  takeOver: boolean,
): Promise<FleetPlan> => {
  const record = await readFleet(bench.store, fleet.name)
  const release = releaseOf(record, releaseToScale(fleet, record, takeOver))
  const bundle = await loadBundle(bench.store, release)
  return planFleet(bench, fleet, bundle, { release: release.number, scale: count })
}
