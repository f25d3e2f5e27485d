import fc from "fast-check"
import { describe, expect, it } from "vitest"
import type { Measure } from "../../../src/core/compare/answers.ts"
import { differenceOf, mannWhitney, spreadOf } from "../../../src/core/compare/statistics.ts"
import { drawFrom } from "../../support/draw.ts"

const runsOf = (...ways: readonly (readonly number[])[]): Measure["spreads"] =>
  ways.map((runs, index) => ({
    way: "abc"[index] ?? "",
    ...(spreadOf(runs) ?? { runs, median: 0, lowest: 0, highest: 0 }),
  }))

const low = [1, 1.1, 1.2, 1.3, 1.4]
const high = [2, 2.1, 2.2, 2.3, 2.4]

describe("a spread", () => {
  it.each([
    [[3], { median: 3, lowest: 3, highest: 3 }],
    [[9, 1, 4], { median: 4, lowest: 1, highest: 9 }],
    [[4, 1, 2, 9], { median: 3, lowest: 1, highest: 9 }],
  ])("of %j", (runs, spread) => {
    expect(spreadOf(runs)).toEqual({ runs, ...spread })
  })

  it("needs a run", () => {
    expect(spreadOf([])).toBeUndefined()
  })
})

describe("the chance of Mann and Whitney", () => {
  // Figures without ties: the published tables of U. With ties: all 252 or 70 ways counted by hand.
  it.each([
    [low, high, 2 / 252],
    [high, low, 2 / 252],
    [[1, 2, 3, 4, 6], [5, 7, 8, 9, 10], 4 / 252],
    [[1, 2, 3], [4, 5, 6], 2 / 20],
    [[1, 3], [2, 4], 4 / 6],
    [[0, 0, 0, 0, 0], [7, 7, 7, 7, 7], 2 / 252],
    [[1, 1, 1], [1, 1, 1], 1],
    [[1, 2, 3, 4, 5, 6, 7, 8], [9, 10, 11, 12, 13, 14, 15, 16], 2 / 12_870],
  ])("of %j against %j is %d", (left, right, chance) => {
    expect(mannWhitney(left, right)).toBeCloseTo(chance, 10)
  })

  it("is what trying all ways to share the figures out gives, ties or not", () => {
    const few = fc.array(fc.integer({ min: 0, max: 5 }), { minLength: 1, maxLength: 5 })
    fc.assert(
      fc.property(few, few, (left, right) => {
        expect(mannWhitney(left, right)).toBeCloseTo(byTrying(left, right), 10)
      }),
    )
  })
})

describe("a difference", () => {
  const clear = { clear: true, better: "a", worse: "b" }
  const unclear = (why: string) => ({ clear: false, why })
  it.each<[string, readonly (readonly number[])[], Measure["unit"], object]>([
    ["is clear where no run crosses", [low, high], "s", { ...clear, factor: 2.2 / 1.2 }],
    ["is clear the other way round", [high, low], "s", { clear: true, better: "b", worse: "a", factor: 2.2 / 1.2 }],
    [
      "has no factor over 0",
      [
        [0, 0, 0, 0, 0],
        [3, 9, 4, 12, 5],
      ],
      "requests",
      clear,
    ],
    ["is not clear where one run crosses", [[1, 1.1, 1.2, 1.3, 2.05], high], "s", unclear("spread")],
    [
      "is not clear within the spread",
      [
        [1, 1.3, 1.6, 1.9, 2.1],
        [2.2, 2.4, 2.6, 2.8, 3],
      ],
      "s",
      unclear("spread"),
    ],
    [
      "is clear within the spread with more runs",
      [
        [1, 1.2, 1.4, 1.6, 1.7, 1.8, 1.9],
        [2, 2.1, 2.2, 2.4, 2.5, 2.6, 2.9],
      ],
      "s",
      { ...clear, factor: 2.4 / 1.6 },
    ],
    [
      "is clear where the larger scatters widely, but no run of it is near",
      [
        [7.4, 7.5, 7.5, 8, 8.5],
        [343, 400, 595, 700, 736],
      ],
      "ms",
      { ...clear, factor: 595 / 7.5 },
    ],
    ["needs five runs of each", [low, [2, 2.1, 2.2, 2.3]], "s", unclear("few")],
    ["needs two ways", [low], "s", unclear("one way")],
    [
      "is none where medians are equal",
      [
        [0, 0, 0, 0, 0],
        [0, 0, 0, 1, 2],
      ],
      "requests",
      unclear("equal"),
    ],
    [
      "is too small below 10 %",
      [
        [100, 100, 100, 100, 100],
        [109, 109, 109, 109, 109],
      ],
      "s",
      unclear("small"),
    ],
    [
      "is too small below the resolution",
      [
        [2, 2, 2, 2, 2],
        [3.9, 3.9, 3.9, 3.9, 3.9],
      ],
      "ms",
      unclear("small"),
    ],
    [
      "is clear against the better of two others",
      [high, low, [4, 4, 4, 4, 4]],
      "s",
      { clear: true, better: "b", worse: "a", factor: 2.2 / 1.2 },
    ],
    ["is not clear when one of the others is as good", [low, low, high], "s", unclear("equal")],
  ])("%s", (_, runs, unit, difference) => {
    expect(differenceOf(runsOf(...runs), unit)).toEqual(difference)
  })

  it.each([0.05, 0.1, 0.15, 0.3])(
    "of a way from itself, with noise of %d, is called clear less than 3 times in 1,000",
    (noise) => {
      const draw = drawFrom(7)
      const drawn = () => Array.from({ length: 5 }, () => draw.near(10, noise))
      const called = Array.from({ length: 4_000 }, () => differenceOf(runsOf(drawn(), drawn()), "s")).filter(
        ({ clear }) => clear,
      )
      expect(called.length / 4_000).toBeLessThan(0.003)
    },
  )

  it("of twice the time is called clear 9 times in 10, with noise of 10 %", () => {
    const draw = drawFrom(8)
    const drawn = (middle: number) => Array.from({ length: 5 }, () => draw.near(middle, 0.1))
    const called = Array.from({ length: 1_000 }, () => differenceOf(runsOf(drawn(5), drawn(10)), "s")).filter(
      ({ clear }) => clear,
    )
    expect(called.length / 1_000).toBeGreaterThan(0.9)
  })
})

/** The slow and obvious way. */
const byTrying = (left: readonly number[], right: readonly number[]): number => {
  const all = [...left, ...right]
  const rankOf = (value: number) =>
    all.filter((other) => other < value).length + (all.filter((other) => other === value).length + 1) / 2
  const ranks = all.map(rankOf)
  const middle = (left.length * (all.length + 1)) / 2
  const total = (chosen: readonly number[]) => chosen.reduce((sum, rank) => sum + rank, 0)
  const far = Math.abs(total(ranks.slice(0, left.length)) - middle)
  const subsets = choose(ranks, left.length)
  return subsets.filter((subset) => Math.abs(total(subset) - middle) >= far - 1e-9).length / subsets.length
}

const choose = (ranks: readonly number[], count: number): readonly (readonly number[])[] => {
  const [first, ...rest] = ranks
  if (count === 0) return [[]]
  if (first === undefined) return []
  return [...choose(rest, count - 1).map((chosen) => [first, ...chosen]), ...choose(rest, count)]
}
