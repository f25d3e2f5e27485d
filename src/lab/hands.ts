import { type HandChange, handsOn } from "../core/index.ts"
import type { Site } from "./site.ts"
import type { ComparisonWant } from "./want.ts"

/**
 * Makes changes by hand on every machine, as somebody in a hurry would; delivers the next version; and looks which of them
 * are still there, on all machines.
 */
export const runHands = async (want: ComparisonWant, site: Site): Promise<readonly HandChange[]> => {
  const changes = handsOn(await site.manifest())
  const made: (typeof changes)[number][] = []
  const outcomes: HandChange[] = []
  for (const change of changes) {
    const isMade = await site.onMachines(change.make, change.isThere)
    if (isMade) made.push(change)
    else outcomes.push({ way: site.way.name, what: change.what, outcome: "refused" })
  }
  await site.put(want.to)
  await site.build()
  await site.deliver()
  for (const change of made) {
    const isLeft = await site.onMachines(change.isThere)
    outcomes.push({ way: site.way.name, what: change.what, outcome: isLeft ? "left" : "gone" })
  }
  return outcomes
}
