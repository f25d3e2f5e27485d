import { compareMachines, type FleetComparison } from "../../core/index.ts"
import { type Command, withProject } from "../command.ts"
import { renderComparison } from "../render/comparison.ts"

/** `drift --compare-machines`: how the machines of a fleet differ from each other. */
export const snowflakes: Command<{ readonly full?: boolean; readonly detailedExitcode?: boolean }> = (
  context,
  { full, detailedExitcode = false },
  ...names
) =>
  withProject(context, names, async ({ bench, fleets, output }) => {
    const compared: FleetComparison[] = []
    for (const fleet of fleets) compared.push(await compareMachines(bench, fleet, { full }))
    for (const fleet of compared) output.print(renderComparison(fleet, output.paint))
    output.answer({ fleets: compared })
    if (compared.some(({ problems }) => problems.length > 0)) return 1
    return detailedExitcode && compared.some(({ unlike }) => unlike.length > 0) ? 2 : 0
  })
