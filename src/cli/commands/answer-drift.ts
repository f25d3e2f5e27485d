import { type Answered, answerDrift, findDrift, hasDrifted, recoverFleet } from "../../core/index.ts"
import { type Command, withProject } from "../command.ts"
import { describeEvidence, renderDrift } from "../render/drift.ts"
import { isUnfinished, renderFixed } from "../render/fix.ts"
import { describeResult } from "../render/rollout.ts"
import type { DriftOptions } from "./drift.ts"

/** Looks, and does about what it finds what each fleet says: report, fix or replace. Asks nobody. */
export const answerMachines: Command<DriftOptions> = (context, { full = false, detailedExitcode = false }, ...names) =>
  withProject(context, names, async ({ bench, fleets, output }) => {
    const answered: Answered[] = []
    const found = []
    for (const fleet of fleets) {
      await recoverFleet(bench, fleet)
      const drift = await findDrift(bench, fleet, { full })
      found.push(drift)
      output.print(renderDrift(drift, output.paint))
      const answer = await answerDrift(bench, fleet, drift, { full })
      answered.push(answer)
      if (answer.fixed !== undefined) output.print(renderFixed(answer.fixed, output.paint))
      if (answer.replaced !== undefined) {
        output.print(describeResult(answer.replaced.rollout, output.paint))
        output.print(describeEvidence(answer.replaced.evidence, output.paint))
      }
    }
    output.answer({ fleets: found, answered })
    const machines = found.flatMap((drift) => drift.machines)
    if (machines.some(({ problem }) => problem !== undefined)) return 1
    if (answered.some(({ fixed }) => fixed !== undefined && isUnfinished(fixed))) return 1
    return detailedExitcode && machines.some(hasDrifted) ? 2 : 0
  })
