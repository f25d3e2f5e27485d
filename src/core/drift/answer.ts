import type { Fleet, OnDrift } from "../../contract/index.ts"
import type { Workbench } from "../workbench.ts"
import { type DriftWant, type FleetDrift, hasDrifted } from "./drift.ts"
import { type Fixed, fixDrift, planFix } from "./fix/fix.ts"
import { type Replaced, replaceDrifted } from "./replace.ts"

/** What was done about what was found. */
export interface Answered {
  readonly fleet: string
  readonly answer: OnDrift
  readonly fixed?: Fixed
  readonly replaced?: Replaced
}

/**
 * Does about drift what the fleet says, without a question: what could not be undone is only done where the fleet allows
 * that, and is left else.
 *
 * @throws FireclayError whatever the answer throws: FC_ROLLOUT_REVERTED when it was taken back
 */
export const answerDrift = async (
  bench: Workbench,
  fleet: Fleet,
  found: FleetDrift,
  want: DriftWant = {},
): Promise<Answered> => {
  const { onDrift: answer = "report", name } = fleet
  if (!found.machines.some(hasDrifted)) return { fleet: name, answer }
  return { fleet: name, answer, ...(await answers[answer](bench, fleet, found, want)) }
}

type Answer = (
  bench: Workbench,
  fleet: Fleet,
  found: FleetDrift,
  want: DriftWant,
) => Promise<Omit<Answered, "fleet" | "answer">>

const fix: Answer = async (bench, fleet, _found, want) => {
  const unattended = { ...want, allowIrreversible: fleet.by.irreversible === "allow" }
  return { fixed: await fixDrift(bench, fleet, await planFix(bench, fleet, unattended), unattended) }
}

const replace: Answer = async (bench, fleet, found) => {
  const replaced = await replaceDrifted(bench, fleet, found)
  return replaced === undefined ? {} : { replaced }
}

const answers: { readonly [answer in OnDrift]: Answer } = {
  report: async () => ({}),
  fix,
  replace,
}
