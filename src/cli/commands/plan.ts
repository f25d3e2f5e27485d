import { type FleetPlan, savePlan } from "../../core/index.ts"
import { type Command, withProject, workingDirectory } from "../command.ts"
import { writePlanFile } from "../plan-file.ts"
import { type LimitOptions, planFleets, showPlans } from "../planning.ts"

export interface PlanOptions extends LimitOptions {
  readonly detailedExitcode?: boolean
  /** A file to save the plan in. */
  readonly out?: string
}

/** Looks at every machine and shows what `apply` would do. Changes nothing. */
export const plan: Command<PlanOptions> = (context, options, ...names) =>
  withProject(context, names, async (opened) => {
    const { bench, output } = opened
    const planned = await planFleets(opened, options, names.length > 0)
    showPlans(planned, output)
    if (options.out !== undefined) {
      await writePlanFile(workingDirectory(context), options.out, await savePlan(bench, planned))
      output.print(`Saved. To do exactly this: ${output.paint("cyan", `fireclay apply ${options.out}`)}`)
    }
    const plans = planned.map((fleet) => fleet.plan)
    output.answer({ fleets: plans.map(planDocument), ...(options.out === undefined ? {} : { saved: options.out }) })
    return options.detailedExitcode === true && plans.some(({ empty }) => !empty) ? 2 : 0
  })

/** A plan as data, without what machines say of themselves. */
export const planDocument = (fleetPlan: FleetPlan): object => ({
  ...fleetPlan,
  machines: fleetPlan.machines.map(({ state: _state, only: _only, texts: _texts, ...machine }) => machine),
})
