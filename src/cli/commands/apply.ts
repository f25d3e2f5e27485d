import { FireclayError } from "../../contract/index.ts"
import {
  applyLimited,
  completePlan,
  isLimited,
  type LimitedResult,
  openPlan,
  type Planned,
  type RolloutResult,
  recoverFleet,
  rememberProtection,
  rollOut,
  sightsOf,
  type Workbench,
} from "../../core/index.ts"
import { type Command, type Context, withProject, workingDirectory } from "../command.ts"
import { agreeToIrreversible, confirm } from "../confirm.ts"
import { readPlanFile } from "../plan-file.ts"
import { type LimitOptions, limitOf, planFleets, showPlans } from "../planning.ts"
import { describeLimited, describeResult } from "../render/rollout.ts"

export interface ApplyOptions extends LimitOptions {
  readonly yes?: boolean
  readonly allowIrreversible?: boolean
  readonly takeOver?: boolean
}

/**
 * Plans, asks, and takes each fleet to what its spec says. What fails is taken back. A plan that was saved is carried out
 * as it is, without a question: it was looked at before.
 */
export const apply: Command<ApplyOptions> = async (context, options, ...words) => {
  const saved = await readSaved(context, options, words)
  const names = saved === undefined ? words : saved.fleets.map(({ fleet }) => fleet)
  return withProject(context, names, async (opened) => {
    const { bench, fleets, output } = opened
    for (const fleet of fleets) await recoverFleet(bench, fleet)
    const planned =
      saved === undefined
        ? await planFleets(opened, options, names.length > 0)
        : await openPlan(bench, fleets, saved, words[0] ?? "")
    showPlans(planned, output)
    const busy = planned.filter(({ plan }) => !plan.empty)
    const agreed =
      busy.length === 0 || saved !== undefined || (await confirm(output, "Apply this?", options.yes === true))
    if (!agreed) throw new FireclayError("FC_CANCELLED", "nothing was done")
    for (const { fleet } of planned)
      for (const volume of await rememberProtection(bench, fleet))
        output.note(`volume ${fleet.name}/${volume} is protected from now on`)
    const results: (RolloutResult | LimitedResult)[] = []
    const whole: Planned[] = []
    for (const entry of busy) whole.push(saved === undefined ? await completePlan(bench, entry) : entry)
    for (const entry of await agreeToIrreversible(output, whole, options.allowIrreversible === true)) {
      const result = await carryOut(bench, entry, options.takeOver === true)
      results.push(result)
      output.print(
        "limited" in result
          ? describeLimited(result, output.paint)
          : describeResult(result, output.paint, entry.plan.forecast),
      )
    }
    output.answer({
      fleets: planned.map((entry) => results.find(({ fleet }) => fleet === entry.fleet.name) ?? unchanged(entry)),
    })
    return 0
  })
}

const readSaved = async (context: Context, options: ApplyOptions, words: readonly string[]) => {
  const saved = await readPlanFile(workingDirectory(context), words)
  if (saved !== undefined && isLimited(limitOf(options)))
    throw new FireclayError("FC_USAGE", "a saved plan is carried out as it is", {
      remedy: "limit it when it is made: fireclay plan --only … --out FILE",
    })
  return saved
}

const carryOut = (
  bench: Workbench,
  { fleet, bundled, limit, plan }: Planned,
  takeOver: boolean,
): Promise<RolloutResult | LimitedResult> => {
  const shown = sightsOf(plan)
  return limit === undefined
    ? rollOut(bench, fleet, { bundle: bundled, shown, takeOver })
    : applyLimited(bench, fleet, { bundle: bundled, limit, shown })
}

const nothingHappened = { peak: 0, mixedSeconds: 0, kept: [] } as const

const unchanged = ({ fleet, limit, plan }: Planned): Omit<RolloutResult, "versions"> | LimitedResult =>
  limit === undefined
    ? { fleet: fleet.name, release: plan.to, from: plan.to, moves: 0, created: 0, seconds: 0, ...nothingHappened }
    : { fleet: fleet.name, limited: true, changed: [], seconds: 0 }
