import { FireclayError } from "../../contract/index.ts"
import { type FleetDrift, findDrift, hasDrifted } from "../../core/index.ts"
import { type Command, withProject } from "../command.ts"
import { renderDrift } from "../render/drift.ts"
import { answerMachines } from "./answer-drift.ts"
import { fixMachines } from "./fix-drift.ts"
import { replaceInstances } from "./replace-drifted.ts"
import { snowflakes } from "./snowflakes.ts"
import { watch } from "./watch.ts"

export interface DriftOptions {
  readonly full?: boolean
  readonly detailedExitcode?: boolean
  readonly compareMachines?: boolean
  readonly replace?: boolean
  readonly adopt?: boolean
  /** Whose changes are adopted. */
  readonly on?: readonly string[]
  readonly fix?: boolean
  readonly answer?: boolean
  readonly yes?: boolean
  readonly watch?: boolean
  readonly interval?: string
  readonly allowIrreversible?: boolean
}

/** What is otherwise on machines than what was delivered. Changes nothing, unless an answer to it is asked for. */
export const drift: Command<DriftOptions> = async (context, options, ...names) => {
  const { full = false, detailedExitcode = false } = options
  refuseTwo(options)
  if (options.fix === true) return fixMachines(context, options, ...names)
  if (options.answer === true) return answerMachines(context, options, ...names)
  // Loaded here: what reads TypeScript is large.
  if (options.adopt === true) return (await import("./adopt-drift.ts")).adoptDrift(context, options, ...names)
  if (options.replace === true) return replaceInstances(context, options, ...names)
  if (options.compareMachines === true) return snowflakes(context, options, ...names)
  if (options.watch === true) return watch(context, options, ...names)
  return withProject(context, names, async ({ bench, fleets, output }) => {
    const found: FleetDrift[] = []
    for (const fleet of fleets) found.push(await findDrift(bench, fleet, { full }))
    for (const fleet of found) output.print(renderDrift(fleet, output.paint))
    output.answer({ fleets: found })
    const machines = found.flatMap((fleet) => fleet.machines)
    if (machines.some(({ problem }) => problem !== undefined)) return 1
    return detailedExitcode && machines.some(hasDrifted) ? 2 : 0
  })
}

/** Each is a run of its own. */
const refuseTwo = ({ fix, answer, replace, adopt, compareMachines }: DriftOptions): void => {
  const given = Object.entries({ fix, answer, replace, adopt, "compare-machines": compareMachines }).filter(
    ([, is]) => is,
  )
  if (given.length < 2) return
  throw new FireclayError("FC_USAGE", `${given.map(([flag]) => `--${flag}`).join(" and ")} cannot be done at once`, {
    remedy: "run one after the other",
  })
}
