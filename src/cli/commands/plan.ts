import { bundle, type FleetPlan, planFleet } from "../../core/index.ts"
import { type Command, withProject } from "../command.ts"
import { renderPlan, renderSummary } from "../render/plan.ts"

export interface PlanOptions {
  readonly detailedExitcode?: boolean
}

/** Looks at every machine and shows what `apply` would do. Changes nothing. */
export const plan: Command<PlanOptions> = (context, options, ...names) =>
  withProject(context, names, async ({ bench, config, fleets, output }) => {
    const plans = await Promise.all(
      fleets.map(async (fleet) => planFleet(bench, fleet, await bundle(fleet.spec, config.directory))),
    )
    for (const fleetPlan of plans) output.print(`${renderPlan(fleetPlan, output.paint)}\n`)
    output.print(renderSummary(plans, output.paint))
    output.answer({ fleets: plans.map(planDocument) })
    return options.detailedExitcode === true && plans.some(({ empty }) => !empty) ? 2 : 0
  })

/** A plan as data, without what machines say of themselves. */
export const planDocument = (fleetPlan: FleetPlan): object => ({
  ...fleetPlan,
  machines: fleetPlan.machines.map(({ state: _state, ...machine }) => machine),
})
