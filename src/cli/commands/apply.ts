import { FireclayError } from "../../contract/index.ts"
import { openPlan, type RolloutResult, recoverFleet, rollOut, sightsOf } from "../../core/index.ts"
import { type Command, withProject, workingDirectory } from "../command.ts"
import { confirm } from "../confirm.ts"
import { readPlanFile } from "../plan-file.ts"
import { planFleets, showPlans } from "../planning.ts"
import { describeResult } from "../render/rollout.ts"

export interface ApplyOptions {
  readonly yes?: boolean
}

/**
 * Plans, asks, and takes each fleet to what its spec says. What fails is taken back. A plan that was saved is carried out
 * as it is, without a question: it was looked at before.
 */
export const apply: Command<ApplyOptions> = async (context, options, ...words) => {
  const saved = await readPlanFile(workingDirectory(context), words)
  const names = saved === undefined ? words : saved.fleets.map(({ fleet }) => fleet)
  return withProject(context, names, async (opened) => {
    const { bench, fleets, output } = opened
    for (const fleet of fleets) await recoverFleet(bench, fleet)
    const planned =
      saved === undefined ? await planFleets(opened) : await openPlan(bench, fleets, saved, words[0] ?? "")
    showPlans(planned, output)
    const busy = planned.filter(({ plan }) => !plan.empty)
    const agreed =
      busy.length === 0 || saved !== undefined || (await confirm(output, "Apply this?", options.yes === true))
    if (!agreed) throw new FireclayError("FC_CANCELLED", "nothing was done")
    const results: RolloutResult[] = []
    for (const { fleet, bundled, plan } of busy) {
      const result = await rollOut(bench, fleet, { bundle: bundled, shown: sightsOf(plan) })
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
}

const unchanged = (fleet: string, release: number): Omit<RolloutResult, "versions"> => ({
  fleet,
  release,
  from: release,
  moves: 0,
  created: 0,
  seconds: 0,
})
