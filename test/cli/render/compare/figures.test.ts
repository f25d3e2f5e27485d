import { describe, expect, it } from "vitest"
import { differenceIn, figure, figureWithSpread, isTelling, tick } from "../../../../src/cli/render/compare/figures.ts"
import { roundSteps } from "../../../../src/cli/render/compare/svg.ts"
import type { Difference, Measure } from "../../../../src/core/compare/answers.ts"

describe("figure", () => {
  it.each<readonly [number, Measure["unit"], string]>([
    [0, "s", "0 s"],
    [0.042, "s", "0.04 s"],
    [3.214, "s", "3.21 s"],
    [42.19, "s", "42.2 s"],
    [1_234.5, "s", "1,235 s"],
    [3.14, "ms", "3.1 ms"],
    [512, "B", "512 B"],
    [24_000_000, "B", "24.0 MB"],
    [8_589_934_592, "B", "8.6 GB"],
    [1, "requests", "1 request"],
    [1_204, "requests", "1,204 requests"],
    [2.5, "requests", "2.5 requests"],
    [1, "changes", "1 change"],
    [10.2, "machine s", "10.2 machine s"],
  ])("%d %s is %s", (value, unit, words) => {
    expect(figure(value, unit)).toBe(words)
  })
})

describe("figureWithSpread", () => {
  it.each<readonly [readonly number[], Measure["unit"], string]>([
    [[3.05, 3.21, 3.6], "s", "3.21 s (3.05–3.60)"],
    [[3.2], "s", "3.20 s"],
    [[0, 0, 0], "requests", "0 requests"],
    [[900_000, 1_000_000, 24_000_000], "B", "1.0 MB (0.9–24.0)"],
    [[0, 1, 4], "requests", "1 request (0–4)"],
    [[-52_000_000, -51_000_000, 119_000], "B", "-51.0 MB (-52.0–0.1)"],
  ])("%j %s is %s", (runs, unit, words) => {
    const [lowest = 0, highest = 0] = [runs[0], runs.at(-1)]
    expect(figureWithSpread({ runs, median: runs[runs.length >> 1] ?? 0, lowest, highest }, unit)).toBe(words)
  })
})

describe("differenceIn", () => {
  const runs = (way: string, median: number) => ({
    ...{ way, median, runs: [0.98, 0.99, 1, 1.01, 1.02].map((factor) => factor * median) },
    ...{ lowest: 0.98 * median, highest: 1.02 * median },
  })
  const two = [runs("a", 1), runs("b", 2)]

  it.each<readonly [string, Difference, Measure["spreads"], boolean]>([
    ["a: 2.1 × less", { clear: true, better: "a", worse: "b", factor: 2.14 }, two, true],
    ["a: 1,204 × less than b", { clear: true, better: "a", worse: "b", factor: 1_204.4 }, [...two, runs("c", 3)], true],
    ["a: less", { clear: true, better: "a", worse: "b" }, two, true],
    ["no clear difference", { clear: false, why: "spread" }, two, true],
    ["too few runs to tell", { clear: false, why: "few" }, two, true],
    ["only one way has it", { clear: false, why: "one way" }, [runs("a", 1)], true],
    ["no difference that matters", { clear: false, why: "small" }, two, false],
    ["no difference", { clear: false, why: "equal" }, two, false],
    [
      "no difference that matters",
      { clear: false, why: "small" },
      [runs("a", 1), runs("b", 1), runs("c", 1.05)],
      false,
    ],
    [
      "no way is clearly best; a: 4.0 × less than c",
      { clear: false, why: "small" },
      [runs("a", 1), runs("b", 1.01), runs("c", 4)],
      true,
    ],
  ])("%s", (words, difference, spreads, telling) => {
    const measure: Measure = { name: "update", unit: "s", spreads, difference }
    expect(differenceIn(measure)).toBe(words)
    expect(isTelling(measure)).toBe(telling)
  })
})

describe("axes", () => {
  it.each<readonly [number, readonly number[]]>([
    [0, [0, 1]],
    [3, [0, 1, 2, 3]],
    [7.2, [0, 2, 4, 6, 8]],
    [0.31, [0, 0.1, 0.2, 0.3, 0.4]],
    [432_000_000, [0, 200_000_000, 400_000_000, 600_000_000]],
  ])("to %d have round steps", (most, steps) => {
    expect(roundSteps(most)).toEqual(steps)
  })

  it.each<readonly [number, Measure["unit"], string]>([
    [0.1, "s", "0.1 s"],
    [10_000, "s", "10,000 s"],
    [400_000_000, "B", "400 MB"],
    [1_500_000, "B", "1.5 MB"],
    [20, "requests", "20"],
  ])("say %d %s as %s", (value, unit, words) => {
    expect(tick(value, unit)).toBe(words)
  })
})
