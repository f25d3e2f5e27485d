import { FireclayError, type Fleet } from "../contract/index.ts"
import {
  type ChosenPatch,
  type PatchResult,
  type PlannedPatch,
  planPatch,
  refuseClosed,
  rollOutPatch,
} from "../core/index.ts"
import type { Opened } from "./command.ts"
import { agreeToIrreversible, confirm } from "./confirm.ts"
import { renderPatched } from "./render/patched.ts"
import { renderPlan } from "./render/plan.ts"
import { describeResult } from "./render/rollout.ts"

export interface PatchingOptions {
  readonly yes?: boolean
  readonly allowIrreversible?: boolean
  readonly takeOver?: boolean
  /** Also while the window is closed. */
  readonly now?: boolean
  readonly reboot?: Reboot
}

type Reboot = "if-required" | "never"

/** Shows what a patch takes, asks, rolls it out, and tells what became of each machine. */
export const patchNow = async (
  { bench, output }: Opened,
  fleet: Fleet,
  { set, left, window }: ChosenPatch,
  options: PatchingOptions,
): Promise<PatchResult | undefined> => {
  const reboot = options.reboot ?? fleet.patch?.reboot ?? "if-required"
  const planned = await planPatch(bench, fleet, set, left)
  const restarts = reboot === "if-required" ? planned.restarts : []
  output.print(renderPlan(planned.plan, output.paint))
  for (const line of notesOn(planned, reboot)) output.print(`  ${output.paint("yellow", "!")} ${line}`)
  if (planned.plan.empty && restarts.length === 0) return undefined
  const { forecast } = planned.plan
  const time = refuseClosed(fleet, { window, forecast, nowMs: bench.now(), now: options.now === true })
  if (!(await confirm(output, "Patch this?", options.yes === true)))
    throw new FireclayError("FC_CANCELLED", "nothing was done")
  const [agreed] = await agreeToIrreversible(
    output,
    [{ fleet, plan: planned.plan }],
    options.allowIrreversible === true,
  )
  const want = { ...planned, reboot, takeOver: options.takeOver === true, time }
  const result = await rollOutPatch(bench, agreed?.fleet ?? fleet, want, (machines) => {
    if (machines.length > 0) output.print(renderPatched(machines, output.paint))
  })
  output.print(describeResult(result.rollout, output.paint, planned.plan.forecast))
  if (result.machines.length > 0) output.print(renderPatched(result.machines, output.paint))
  return result
}

/** @throws FireclayError FC_USAGE */
export const readReboot = (word: string | undefined): { readonly reboot?: Reboot } => {
  if (word === undefined) return {}
  if (word === "if-required" || word === "never") return { reboot: word }
  throw new FireclayError("FC_USAGE", `"${word}" is not when a machine is rebooted`, {
    at: "--reboot",
    remedy: "if-required, or never",
  })
}

const notesOn = ({ pinned, restarts }: PlannedPatch, reboot: string): readonly string[] => [
  ...(pinned.length === 0 ? [] : [`${pinned.join(", ")}: the spec says the version, and so it stays`]),
  ...(restarts.length === 0
    ? []
    : [
        `${restarts.join(", ")}: ${reboot === "never" ? "asks for a reboot, which is not done" : "asks for a reboot already"}`,
      ]),
]
