import { FireclayError, type Fleet } from "../contract/index.ts"
import { loadBundle } from "./ledger.ts"
import type { Limit } from "./limit.ts"
import {
  comparePlans,
  compareSettings,
  formatPlan,
  type Planned,
  type SavedFleet,
  type SavedPlan,
} from "./plan/saved.ts"
import { stalePlan } from "./plan/sight.ts"
import { type PlannedLimit, planFleet } from "./plan-fleet.ts"
import type { Workbench } from "./workbench.ts"

/**
 * A plan as the text of a file, for {@link openPlan}. Contents go to the store, so that what is applied later is what
 * was planned, whatever became of the sources.
 */
export const savePlan = async (bench: Workbench, planned: readonly Planned[]): Promise<string> => {
  const contents = planned.flatMap(({ bundled }) => [...bundled.bytes.values()])
  await Promise.all(contents.map((bytes) => bench.store.putBlob(bytes)))
  return formatPlan(bench.project, planned, bench.now())
}

/**
 * A saved plan, ready to be carried out: everything was looked at again, and is as it was.
 *
 * @param name how the reader calls its file
 * @throws FireclayError FC_PLAN_FILE: of another project; FC_PLAN_STALE with all that changed since
 */
export const openPlan = async (
  bench: Workbench,
  fleets: readonly Fleet[],
  saved: SavedPlan,
  name: string,
): Promise<readonly Planned[]> => {
  if (saved.project !== bench.project.name)
    throw new FireclayError("FC_PLAN_FILE", `${name} is a plan for the project ${saved.project}`, {
      at: name,
      remedy: `this is ${bench.project.name}: make it anew here, fireclay plan --out ${name}`,
    })
  const refuse = (changed: readonly string[]): void => {
    if (changed.length > 0) throw stalePlan(`${name} is no longer true`, "nothing was done", name, changed)
  }
  const pairs = saved.fleets.flatMap((kept) =>
    fleets.filter((fleet) => fleet.name === kept.fleet).map((fleet) => ({ kept, fleet })),
  )
  refuse(pairs.flatMap(({ kept, fleet }) => compareSettings(kept, fleet)))
  const planned = await Promise.all(pairs.map(({ kept, fleet }) => planAgain(bench, kept, fleet)))
  refuse(
    pairs.flatMap(({ kept }, index) => (planned[index] === undefined ? [] : comparePlans(kept, planned[index].plan))),
  )
  return planned
}

const planAgain = async (bench: Workbench, saved: SavedFleet, fleet: Fleet): Promise<Planned> => {
  const bundled = await loadBundle(bench.store, { number: saved.to, ...saved.release })
  const limit = saved.limit === undefined ? undefined : readLimit(saved.limit)
  return { fleet, bundled, limit, plan: await planFleet(bench, fleet, bundled, { limit }) }
}

const readLimit = ({ machines, resources }: PlannedLimit): Limit => ({
  machines: machines === null ? undefined : new Set(machines),
  only: resources === null ? undefined : new Set(resources),
})
