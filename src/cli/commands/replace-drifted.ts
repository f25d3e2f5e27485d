import { FireclayError } from "../../contract/index.ts"
import {
  type FleetDrift,
  findDrift,
  type Replaced,
  refuseReplacing,
  replaceable,
  replaceDrifted,
} from "../../core/index.ts"
import { type Command, withProject } from "../command.ts"
import { confirm } from "../confirm.ts"
import { describeEvidence, renderDrift } from "../render/drift.ts"
import { describeResult } from "../render/rollout.ts"
import type { DriftOptions } from "./drift.ts"

/** Lets clean instances take the place of those that drifted, and keeps what was written on these. */
export const replaceInstances: Command<DriftOptions> = (context, { full = false, yes = false }, ...names) =>
  withProject(context, names, async ({ bench, fleets, output }) => {
    for (const fleet of fleets) refuseReplacing(fleet)
    const found = new Map<string, FleetDrift>()
    for (const fleet of fleets) found.set(fleet.name, await findDrift(bench, fleet, { full }))
    const drifts = [...found.values()]
    for (const drift of drifts) output.print(renderDrift(drift, output.paint))
    const going = drifts.flatMap(replaceable)
    if (going.length > 0 && !(await confirm(output, questionOf(going), yes)))
      throw new FireclayError("FC_CANCELLED", "nothing was done")
    const replaced: ({ readonly fleet: string } & Replaced)[] = []
    for (const fleet of fleets) {
      const result = await replaceDrifted(bench, fleet, found.get(fleet.name) as FleetDrift)
      if (result === undefined) continue
      output.print(describeResult(result.rollout, output.paint))
      output.print(describeEvidence(result.evidence, output.paint))
      replaced.push({ fleet: fleet.name, ...result })
    }
    output.answer({ fleets: drifts, replaced })
    return drifts.some(({ machines }) => machines.some(({ problem }) => problem !== undefined)) ? 1 : 0
  })

const questionOf = (names: readonly string[]): string =>
  `Replace ${names.length === 1 ? "1 instance" : `${names.length} instances`}: ${names.join(", ")}?`
