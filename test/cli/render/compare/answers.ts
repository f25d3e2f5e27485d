import type { Answers, Measure, ScaleModel, Spread } from "../../../../src/core/compare/answers.ts"
import type { Comparison, Trial } from "../../../../src/core/compare/document.ts"

/** Answers by hand: how they are shown is tested without how they were found. */
export const answersTo = (comparison: Comparison): Answers => ({
  answers: [
    {
      question: "Deployment time",
      verdict: ["In place was 2.1 × faster to deploy.", "By replacement rolled back 9 × faster."],
      measures: [
        measure(comparison, "update, until all answers are of the new version", "s", ({ seconds }) => seconds.all),
        measure(comparison, "update, build", "s", ({ seconds }) => seconds.build),
      ],
    },
    {
      question: "Resource use",
      verdict: ["There is no clear difference in memory."],
      measures: [
        measure(comparison, "update, most memory of all machines", "B", ({ use }) => use.fleet.peakMemoryBytes),
        measure(
          comparison,
          "update, machines beyond the steady need",
          "machine s",
          ({ use }) => use.fleet.extraMachineSeconds,
        ),
      ],
    },
    {
      question: "Error rate",
      verdict: ["No way lost a request."],
      measures: [
        measure(comparison, "update, failed requests", "requests", ({ requests }) => requests.failed),
        measure(comparison, "update, p99.9 during it", "ms", ({ requests }) => requests.latencyMs.during.p999),
      ],
    },
    {
      question: "Scalability",
      verdict: comparison.scale.length === 0 ? [] : ["By replacement scales better."],
      measures: [],
    },
    { question: "What goes wrong", verdict: ["Both ways came back to one release."], measures: [] },
    { question: "Drift", verdict: ["In place left 3 of 5 changes."], measures: [] },
  ],
  models: comparison.scale.length === 0 ? [] : comparison.ways.flatMap(({ name }, index) => models(name, index)),
  recommendation: {
    choice: "by replacement",
    because: ["In place left 3 of 5 changes by hand, and an update by replacement took 14 s at most."],
    rules: [
      { rule: "Data lives on the machine itself.", saw: "It saw this.", held: false, decided: false },
      { rule: "Changes by hand outlive a delivery in place.", saw: "It saw this.", held: true, decided: true },
      { rule: "One way loses requests, the other does not.", saw: "It saw this.", held: true, decided: false },
    ],
  },
})

const measure = (
  { ways, trials }: Comparison,
  name: string,
  unit: Measure["unit"],
  figureOf: (trial: Trial) => number | undefined,
): Measure => {
  const spreads = ways.flatMap(({ name: way }) => {
    const runs = trials
      .filter((trial) => trial.way === way && trial.change === "update")
      .flatMap((trial) => figureOf(trial) ?? [])
    return runs.length === 0 ? [] : [{ way, ...spreadOf(runs) }]
  })
  const [best, worst] = spreads.toSorted((one, other) => one.median - other.median)
  return {
    name,
    unit,
    spreads,
    difference:
      best === undefined || worst === undefined
        ? { clear: false, why: "one way" }
        : best.highest < worst.lowest
          ? {
              clear: true,
              better: best.way,
              worse: worst.way,
              ...(best.median > 0 ? { factor: worst.median / best.median } : {}),
            }
          : { clear: false, why: best.median === worst.median ? "equal" : "spread" },
  }
}

const spreadOf = (runs: readonly number[]): Spread => {
  const sorted = runs.toSorted((one, other) => one - other)
  return { runs, median: sorted[sorted.length >> 1] ?? 0, lowest: sorted[0] ?? 0, highest: sorted.at(-1) ?? 0 }
}

const models = (way: string, index: number): readonly ScaleModel[] =>
  (["update", "grow"] as const).map((what) => {
    const [base, slope] = index === 0 ? [0.8, 1.15] : [2.4, 0.35]
    return {
      way,
      what,
      formula: `${base} s + ${slope} s × machines`,
      measured: [1, 8],
      curve: [1, 2, 4, 8, 16, 32, 100, 316, 1_000, 3_162, 10_000].map((size) => {
        const seconds = base + slope * size
        return { size, seconds, low: seconds * 0.8 - 0.4, high: seconds * 1.25 + 0.3 }
      }),
    }
  })
