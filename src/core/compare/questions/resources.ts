import type { Answer, Measure } from "../answers.ts"
import type { Comparison, Use } from "../document.ts"
import { measureOf, trialRuns } from "../measure.ts"
import { namesOf, tell } from "../told.ts"

/** What the update took, of the machines and of whoever delivers. */
export const answerResources = (comparison: Comparison): Answer => {
  const told = rows.map(({ noun, unit, of }) => ({
    noun,
    measure: measureOf(comparison, { name: `update, ${noun}`, unit }, (way) =>
      trialRuns(comparison, way, "update", ({ use }) => of(use)),
    ),
  }))
  return {
    question: "Resource use",
    verdict: tell(told, { nameOf: namesOf(comparison.ways), needed: "needed" }),
    measures: told.flatMap(({ measure }) => measure ?? []),
  }
}

const rows: readonly {
  readonly noun: string
  readonly unit: Measure["unit"]
  readonly of: (use: Use) => number
}[] = [
  { noun: "CPU time of the machines", unit: "s", of: ({ fleet }) => fleet.cpuSeconds },
  { noun: "memory of the machines at the peak", unit: "B", of: ({ fleet }) => fleet.peakMemoryBytes },
  { noun: "data written to disk", unit: "B", of: ({ fleet }) => fleet.diskWrittenBytes },
  { noun: "disk space kept afterwards", unit: "B", of: ({ fleet }) => fleet.diskKeptBytes },
  { noun: "network traffic", unit: "B", of: ({ fleet }) => fleet.networkBytes },
  { noun: "machine time beyond the steady need", unit: "machine s", of: ({ fleet }) => fleet.extraMachineSeconds },
  { noun: "CPU time of the controller", unit: "s", of: ({ controller }) => controller.cpuSeconds },
  { noun: "memory of the controller at the peak", unit: "B", of: ({ controller }) => controller.peakMemoryBytes },
]
