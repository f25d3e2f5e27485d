import { FireclayError, type Fleet } from "../../contract/index.ts"
import { planScale, rollOut } from "../../core/index.ts"
import { type Command, withProject } from "../command.ts"
import { confirm } from "../confirm.ts"
import { renderPlan } from "../render/plan.ts"
import { describeResult } from "../render/rollout.ts"
import { planDocument } from "./plan.ts"

export interface ScaleOptions {
  readonly yes?: boolean
  readonly takeOver?: boolean
}

/** Changes how many instances of the release in force there are. It is no new release. */
export const scale: Command<ScaleOptions> = (context, options, name = "", word = "") => {
  const count = readCount(word)
  return withProject(context, [name], async ({ bench, fleets, output }) => {
    const [fleet] = fleets as readonly [Fleet]
    const takeOver = options.takeOver === true
    const plan = await planScale(bench, fleet, count, takeOver)
    output.print(renderPlan(plan, output.paint))
    if (plan.empty) {
      output.answer({ plan: planDocument(plan), fleets: [] })
      return 0
    }
    const question = count === 0 ? "Stop all of its instances?" : "Scale?"
    if (!(await confirm(output, question, options.yes === true)))
      throw new FireclayError("FC_CANCELLED", "nothing was done")
    const result = await rollOut(bench, fleet, { scale: count, takeOver })
    output.print(describeResult(result, output.paint, plan.forecast))
    output.answer({ plan: planDocument(plan), fleets: [result] })
    return 0
  })
}

/** As many as a configuration may ask for. */
const most = 1_000

const readCount = (word: string): number => {
  if (/^\d{1,4}$/.test(word) && Number(word) <= most) return Number(word)
  throw new FireclayError("FC_USAGE", `"${word}" is not a number of instances`, {
    at: "scale",
    remedy: `a whole number from 0 to ${most}, such as: fireclay scale web 5`,
  })
}
