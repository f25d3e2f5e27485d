import { type FleetDrift, findDrift, hasDrifted } from "../../core/index.ts"
import { type Command, withProject } from "../command.ts"
import { renderDrift } from "../render/drift.ts"

export interface DriftOptions {
  readonly full?: boolean
  readonly detailedExitcode?: boolean
}

/** What is otherwise on machines than what was delivered. Changes nothing. */
export const drift: Command<DriftOptions> = (context, { full = false, detailedExitcode = false }, ...names) =>
  withProject(context, names, async ({ bench, fleets, output }) => {
    const found: FleetDrift[] = []
    for (const fleet of fleets) found.push(await findDrift(bench, fleet, { full }))
    for (const fleet of found) output.print(renderDrift(fleet, output.paint))
    output.answer({ fleets: found })
    const machines = found.flatMap((fleet) => fleet.machines)
    if (machines.some(({ problem }) => problem !== undefined)) return 1
    return detailedExitcode && machines.some(hasDrifted) ? 2 : 0
  })
