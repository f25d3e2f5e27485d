import type { Fleet } from "../../contract/index.ts"
import { canonical } from "../canonical.ts"
import { stalePlan } from "../plan/sight.ts"
import type { MachinePlan } from "../plan/types.ts"
import type { Bundle } from "../release.ts"
import { sameFacts } from "./remember.ts"

/**
 * A machine that became another since its list of resources was made, so that it would get another one now.
 *
 * @throws FireclayError FC_PLAN_STALE
 */
export const refuseOtherFacts = ({ spec }: Fleet, { machine, facts }: MachinePlan, { facts: made }: Bundle): void => {
  const before = made?.get(machine)
  if (facts === undefined || before === undefined || sameFacts(before, facts)) return
  if (typeof spec.resources !== "function") return
  if (canonical(spec.resources(before)) === canonical(spec.resources(facts))) return
  throw stalePlan(`${machine} became another machine after the plan was made`, "nothing was done to it", machine, [
    "what it says of itself",
  ])
}
