import { FireclayError } from "../../contract/index.ts"
import { bundle, fingerprints, planFleet, type RolloutResult, recoverFleet, rollOut } from "../../core/index.ts"
import { type Command, withProject } from "../command.ts"
import { confirm } from "../confirm.ts"
import { renderPlan, renderSummary } from "../render/plan.ts"
import { describeResult } from "../render/rollout.ts"

export interface ApplyOptions {
  readonly yes?: boolean
}

/** Plans, asks, and takes each fleet to what its spec says. What fails is taken back. */
export const apply: Command<ApplyOptions> = (context, options, ...names) =>
  withProject(context, names, async ({ bench, config, fleets, output }) => {
    const planned = await Promise.all(
      fleets.map(async (fleet) => {
        await recoverFleet(bench, fleet)
        const bundled = await bundle(fleet.spec, config.directory)
        return { fleet, bundled, plan: await planFleet(bench, fleet, bundled) }
      }),
    )
    for (const { plan } of planned) output.print(`${renderPlan(plan, output.paint)}\n`)
    output.print(
      renderSummary(
        planned.map(({ plan }) => plan),
        output.paint,
      ),
    )
    const busy = planned.filter(({ plan }) => !plan.empty)
    if (busy.length > 0 && !(await confirm(output, "Apply this?", options.yes === true)))
      throw new FireclayError("FC_CANCELLED", "nothing was done")
    const results: RolloutResult[] = []
    for (const { fleet, bundled, plan } of busy) {
      const result = await rollOut(bench, fleet, { bundle: bundled, shown: fingerprints(plan) })
      results.push(result)
      output.print(describeResult(result, output.paint))
    }
    output.answer({
      fleets: planned.map(
        ({ fleet, plan }) => results.find((result) => result.fleet === fleet.name) ?? unchanged(fleet.name, plan.to),
      ),
    })
    return 0
  })

const unchanged = (fleet: string, release: number): Omit<RolloutResult, "versions"> => ({
  fleet,
  release,
  from: release,
  moves: 0,
  created: 0,
  seconds: 0,
})
