import { faults } from "../core/index.ts"
import { scaleRounds } from "./scale.ts"
import { smallChanges } from "./trial.ts"
import type { ComparisonWant } from "./want.ts"

/** What a comparison will take, said before anything is started. */
export interface Estimate {
  readonly minutes: number
  /** At the same time, at most. */
  readonly machines: number
  readonly requests: number
  /** What is done, in order, in plain words. */
  readonly steps: readonly string[]
}

/** Pure: from what such things take on a computer of two cores. Packages that are slow to install make it longer. */
export const estimate = (want: ComparisonWant): Estimate => {
  const { ways, runs, size, sizes, only, steadyMs, ratePerSecond } = want
  const trials = runs * ((only.includes("update") ? 2 : 0) + smallChanges(want).length)
  const wrong = only.includes("faults") ? runs * faults.length : 0
  const loadSeconds = ways.length * (trials + wrong) * ((2 * steadyMs) / 1000 + 3 + size / 2)
  const besides = ways.length * (20 + (trials + wrong) * 1.5 + (only.includes("drift") ? 20 : 0))
  const scaling = scaleRounds(want) * sizes.reduce((sum, each) => sum + ways.length * (10 + each * 4), 0)
  return {
    minutes: Math.ceil((loadSeconds + besides + scaling) / 60),
    machines: Math.max(size * (ways.length + 1), ...sizes.map((each) => each * 2)),
    requests: Math.round(loadSeconds * ratePerSecond),
    steps: stepsIn(want),
  }
}

const stepsIn = (want: ComparisonWant): readonly string[] => {
  const { ways, runs, size, sizes, only, ratePerSecond, from, to } = want
  const changes = [
    ...smallChanges(want).map((change) => `only a ${change} changed`),
    ...(only.includes("update") ? ["the update, the way back"] : []),
  ]
  const when = (held: boolean, text: string): readonly string[] => (held ? [text] : [])
  return [
    `${ways.length} fleets of ${size}: ${ways.map(({ name }) => name).join("; ")}`,
    `${from.label} is brought up, and ${to.label} delivered once uncounted`,
    ...when(
      changes.length > 0,
      `${runs} rounds, in alternating order, under ${ratePerSecond} requests a second: ${changes.join(", ")}`,
    ),
    ...when(only.includes("faults"), `${runs} rounds of what goes wrong: ${faults.join(", ")}`),
    ...when(only.includes("drift"), "changes by hand on every machine, the next delivery, and what is left of them"),
    ...when(sizes.length > 0, `the update with ${sizes.join(", ")} machines, and from each of these to twice as many`),
    "everything is removed",
  ]
}
