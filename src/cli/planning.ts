import {
  bundleSpec,
  fleetMachines,
  isLimited,
  type LimitWant,
  limitFleets,
  type Planned,
  planFleet,
  planSpec,
} from "../core/index.ts"
import { closest } from "../schema/closest.ts"
import type { Opened } from "./command.ts"
import { renderPlan, renderSummary } from "./render/plan.ts"

/** What `plan` and `apply` can be limited to. */
export interface LimitOptions {
  /** Names of machines, or tags of hosts. */
  readonly on?: readonly string[]
  /** Ids or paths of resources, or patterns. */
  readonly only?: readonly string[]
  /** Tags of resources. */
  readonly tag?: readonly string[]
}

export const limitOf = ({ on = [], only = [], tag = [] }: LimitOptions): LimitWant => ({ on, only, tag })

/**
 * What `apply` would do to each of the fleets, or to what of them a run is limited to.
 *
 * @param named whether the user named them
 * @throws FireclayError FC_TARGET_UNKNOWN, FC_TARGET_DELIVERY, and whatever planning throws
 */
export const planFleets = async (
  { bench, fleets }: Opened,
  options: LimitOptions,
  named: boolean,
): Promise<readonly Planned[]> => {
  const want = limitOf(options)
  if (!isLimited(want)) return Promise.all(fleets.map((fleet) => planSpec(bench, fleet)))
  const bundled = await Promise.all(fleets.map(async (fleet) => ({ fleet, bundled: await bundleSpec(bench, fleet) })))
  const withNames = await Promise.all(
    bundled.map(async (entry) => {
      const inPlace = entry.fleet.by.delivery === "in-place"
      const machines = inPlace ? await fleetMachines(bench, entry.fleet) : []
      return { ...entry, names: machines.map(({ name }) => name) }
    }),
  )
  return Promise.all(
    limitFleets(withNames, want, { named, closest }).map(async ({ fleet, bundled: bundle, limit }) => ({
      fleet,
      bundled: bundle,
      limit,
      plan: await planFleet(bench, fleet, bundle, { limit }),
    })),
  )
}

export const showPlans = (planned: readonly Planned[], output: Opened["output"]): void => {
  const plans = planned.map(({ plan }) => plan)
  for (const plan of plans) output.print(`${renderPlan(plan, output.paint)}\n`)
  output.print(renderSummary(plans, output.paint))
}
