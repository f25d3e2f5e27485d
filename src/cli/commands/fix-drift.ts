import { FireclayError, type Fleet } from "../../contract/index.ts"
import { type Fixed, type FixWant, type FleetFix, fixDrift, planFix, recoverFleet } from "../../core/index.ts"
import { type Command, withProject } from "../command.ts"
import { agreeToIrreversible, confirm } from "../confirm.ts"
import { isUnfinished, renderFix, renderFixed } from "../render/fix.ts"
import type { DriftOptions } from "./drift.ts"

/** Takes machines back to the release in force, what nobody asked for included. What cannot be had back is told. */
export const fixMachines: Command<DriftOptions> = (context, options, ...names) =>
  withProject(context, names, async ({ bench, fleets, output }) => {
    const planned: { readonly fleet: (typeof fleets)[number]; readonly fix: FleetFix }[] = []
    for (const fleet of fleets) {
      await recoverFleet(bench, fleet)
      planned.push({ fleet, fix: await planFix(bench, fleet, wantOf(fleet, options)) })
    }
    for (const { fix } of planned) output.print(renderFix(fix, output.paint))
    const drifted = planned.filter(({ fix }) => fix.machines.length > 0)
    const isAble = drifted.some(({ fix }) => fix.machines.some(hasSomethingToDo))
    if (isAble && !(await confirm(output, "Put this right?", options.yes === true)))
      throw new FireclayError("FC_CANCELLED", "nothing was done")
    const asked = drifted.map((entry) => ({
      ...entry,
      plan: { machines: entry.fix.machines.map(({ machine, plan: { irreversible } }) => ({ machine, irreversible })) },
    }))
    const fixed: Fixed[] = []
    for (const { fleet, fix } of await agreeToIrreversible(output, asked, options.allowIrreversible === true)) {
      const result = await fixDrift(bench, fleet, fix, wantOf(fleet, options))
      fixed.push(result)
      output.print(renderFixed(result, output.paint))
    }
    output.answer({
      fleets: planned.map(({ fix }) => ({ ...fixed.find(({ fleet }) => fleet === fix.fleet), ...documentOf(fix) })),
    })
    return fixed.some(isUnfinished) ? 1 : 0
  })

/** Where a fleet refuses what cannot be undone, that is left; else somebody is asked. */
const wantOf = ({ by }: Fleet, { full = false }: DriftOptions): FixWant => ({
  full,
  allowIrreversible: by.irreversible !== "refuse",
})

const hasSomethingToDo = ({ plan, mends }: FleetFix["machines"][number]): boolean =>
  plan.steps.length + mends.length > 0

/** As data, without what machines say of themselves; what became of a machine stands beside what was found on it. */
const documentOf = ({ fleet, release, found }: FleetFix): object => ({
  fleet,
  ...(release === undefined ? {} : { release }),
  found: found.machines,
})
