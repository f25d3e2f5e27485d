import { bundle, type Planned, planFleet } from "../core/index.ts"
import type { Opened } from "./command.ts"
import { renderPlan, renderSummary } from "./render/plan.ts"

/** What `apply` would do to each of the fleets. */
export const planFleets = ({ bench, config, fleets }: Opened): Promise<readonly Planned[]> =>
  Promise.all(
    fleets.map(async (fleet) => {
      const bundled = await bundle(fleet.spec, config.directory)
      return { fleet, bundled, plan: await planFleet(bench, fleet, bundled) }
    }),
  )

export const showPlans = (planned: readonly Planned[], output: Opened["output"]): void => {
  const plans = planned.map(({ plan }) => plan)
  for (const plan of plans) output.print(`${renderPlan(plan, output.paint)}\n`)
  output.print(renderSummary(plans, output.paint))
}
