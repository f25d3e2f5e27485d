import { FireclayError, type Fleet } from "../../contract/index.ts"
import { chooseAdoption, findDrift, recordAdoption, refuseAdopting } from "../../core/index.ts"
import { propose } from "../adopt/propose.ts"
import { writeProposal } from "../adopt/write.ts"
import { type Command, withProject } from "../command.ts"
import { confirm } from "../confirm.ts"
import { renderProposal, renderRefused } from "../render/adopt.ts"
import { renderDrift } from "../render/drift.ts"
import type { DriftOptions } from "./drift.ts"

/** Writes what drifted on a machine into the configuration, so that it is what is asked for. */
export const adoptDrift: Command<DriftOptions> = (context, options, ...names) =>
  withProject(context, names, async ({ bench, config, fleets, output }) => {
    const fleet = onlyOne(fleets)
    refuseAdopting(fleet)
    const found = await findDrift(bench, fleet, { full: options.full === true })
    output.print(renderDrift(found, output.paint))
    const chosen = await chooseAdoption(bench, fleet, found.machines, options.on ?? [])
    if (chosen === undefined) {
      output.answer({ fleets: [found], adopted: null })
      return found.machines.some(({ problem }) => problem !== undefined) ? 1 : 0
    }
    const { machine, adoption } = chosen
    const proposal = propose(config, fleet, adoption)
    output.print(renderProposal(proposal, output.paint))
    output.print(renderRefused(fleet.name, adoption.refused, output.paint))
    const [file] = proposal.files
    if (file !== undefined) {
      if (!(await confirm(output, "Write this?", options.yes === true)))
        throw new FireclayError("FC_CANCELLED", "nothing was written")
      await writeProposal(config, fleet.name, machine, proposal)
      await recordAdoption(bench, fleet, machine, proposal.ids)
      output.print(`${output.paint("green", "✓")} written; fireclay apply ${fleet.name} makes it the release in force`)
    }
    const { ids, left, lines } = proposal
    const files = proposal.files.map(({ path }) => path)
    output.answer({
      fleets: [found],
      adopted: { machine, resources: ids, files, left, lines, refused: adoption.refused },
    })
    return adoption.refused.length + left.length + lines.length > 0 ? 1 : 0
  })

const onlyOne = (fleets: readonly Fleet[]): Fleet => {
  const [fleet, other] = fleets
  if (fleet !== undefined && other === undefined) return fleet
  throw new FireclayError("FC_USAGE", "drift is adopted for one fleet at a time", {
    remedy: `name one: ${fleets.map(({ name }) => `fireclay drift ${name} --adopt`).join(", ")}`,
  })
}
