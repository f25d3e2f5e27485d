import { FireclayError, type Fleet } from "../../contract/index.ts"
import {
  type FleetRecord,
  loadBundle,
  planFleet,
  readFleet,
  recoverFleet,
  releaseOf,
  rollOut,
  sightsOf,
} from "../../core/index.ts"
import { type Command, withProject } from "../command.ts"
import { agreeToIrreversible, confirm } from "../confirm.ts"
import { renderPlan } from "../render/plan.ts"
import { describeResult } from "../render/rollout.ts"

export interface RollbackOptions {
  readonly yes?: boolean
  readonly allowIrreversible?: boolean
  /** Number of the release; the one before by default. */
  readonly to?: string
  readonly takeOver?: boolean
}

/** Takes a fleet back to an earlier release: packages, files, settings and all. */
export const rollback: Command<RollbackOptions> = (context, options, name = "") =>
  withProject(context, [name], async ({ bench, fleets, output }) => {
    const [fleet] = fleets as readonly [Fleet]
    await recoverFleet(bench, fleet)
    const record = await readFleet(bench.store, fleet.name)
    const release = releaseOf(record, chooseRelease(record, options.to))
    const plan = await planFleet(bench, fleet, await loadBundle(bench.store, release), {
      release: release.number,
    })
    output.print(renderPlan(plan, output.paint))
    if (!(await confirm(output, "Roll back?", options.yes === true)))
      throw new FireclayError("FC_CANCELLED", "nothing was done")
    const [agreed] = await agreeToIrreversible(output, [{ fleet, plan }], options.allowIrreversible === true)
    const result = await rollOut(bench, agreed?.fleet ?? fleet, {
      release: release.number,
      shown: sightsOf(plan),
      back: true,
      takeOver: options.takeOver === true,
    })
    output.print(describeResult(result, output.paint, plan.forecast))
    output.answer({ fleets: [result] })
    return 0
  })

/** The release that was in force before the one that is; or that one, if a rollout away from it was stopped half-way. */
const chooseRelease = (record: FleetRecord, asked: string | undefined): number => {
  if (asked !== undefined) {
    if (/^\d+$/.test(asked)) return Number(asked)
    throw new FireclayError("FC_USAGE", `"${asked}" is not the number of a release`, {
      at: "--to",
      remedy: `fireclay releases ${record.fleet}`,
    })
  }
  if (record.stopped !== undefined && record.current !== undefined) return record.current
  const before = record.history.findLast((number) => number !== record.current && !record.rejected.has(number))
  if (before !== undefined) return before
  throw new FireclayError("FC_NO_ROLLBACK", `${record.fleet} has no earlier release to go back to`, {
    at: `fleets.${record.fleet}`,
    remedy: `fireclay releases ${record.fleet}`,
  })
}
