import type { Difference, Measure, Spread } from "./answers.ts"

/** Fewer runs of a way say nothing: not even the clearest order of 4 against 4 is rarer by chance than 1 in 35. */
export const leastRuns = 5

/** By unit: what is no more than this counts as the same, since nobody would choose a way for it. */
export const resolutions: { readonly [unit in Measure["unit"]]: number } = {
  s: 0.05,
  ms: 2,
  B: 1_000_000,
  "machine s": 0.5,
  requests: 1,
  changes: 0,
}

/** Medians that are nearer to each other count as the same. */
export const leastFactor = 1.1

/** Figures of one way, one per run; without runs there is none. */
export const spreadOf = (runs: readonly number[]): Spread | undefined => {
  const sorted = [...runs].sort((left, right) => left - right)
  const [lowest] = sorted
  const highest = sorted.at(-1)
  if (lowest === undefined || highest === undefined) return undefined
  return { runs, median: medianOf(sorted), lowest, highest }
}

/**
 * Which way has the smaller figure, and whether chance explains that. It is clear when all of this holds:
 *
 * 1. Each way has at least five runs.
 * 2. The medians differ by more than 10 %, and by more than the resolution of the unit.
 * 3. The exact test of Mann and Whitney says p < 0.01, two-sided. Of five runs against five that is: each run of one
 *    way is below each of the other.
 * 4. As there are dozens of figures in a comparison, one in a hundred would still be too often. So p < 0.001, or the
 *    medians are further apart than two and a half times the middle half of the runs of either way, or each run of one way is
 *    less than half of each run of the other: also where it is 0 in every run, or where the larger figure scatters widely.
 *    The middle half, since one slow run, the first above all, says little about the others.
 *
 * Of more than two ways the best is held against each other one, and clear if that holds against all.
 */
export const differenceOf = (spreads: Measure["spreads"], unit: Measure["unit"]): Difference => {
  const [best, next, ...rest] = [...spreads].sort((left, right) => left.median - right.median)
  if (best === undefined || next === undefined) return { clear: false, why: "one way" }
  for (const other of [next, ...rest]) {
    const why = whyUnclear(best, other, unit)
    if (why !== undefined) return { clear: false, why }
  }
  const names = { clear: true, better: best.way, worse: next.way } as const
  // What is as good as nothing is no measure for the other.
  return best.median > resolutions[unit] ? { ...names, factor: next.median / best.median } : names
}

/** Counted once, not drawn: whatever differs is a difference. */
export const countedDifference = (spreads: Measure["spreads"]): Difference => {
  const [best, next] = [...spreads].sort((left, right) => left.median - right.median)
  if (best === undefined || next === undefined) return { clear: false, why: "one way" }
  if (best.median === next.median) return { clear: false, why: "equal" }
  const names = { clear: true, better: best.way, worse: next.way } as const
  return best.median > 0 ? { ...names, factor: next.median / best.median } : names
}

/**
 * How often chance alone would put two groups as far apart in rank as these, or further: exact, two-sided.
 *
 * The test of H. B. Mann and D. R. Whitney, "On a test of whether one of two random variables is stochastically larger
 * than the other" (1947), on the sum of ranks, by counting all ways to share the ranks out; figures that are alike share
 * the middle of their ranks (E. L. Lehmann, "Nonparametrics", 1975, section 1.4).
 */
export const mannWhitney = (left: readonly number[], right: readonly number[]): number => {
  const ranks = doubledRanks([...left, ...right])
  const observed = sum(ranks.slice(0, left.length))
  const middle = (sum(ranks) * left.length) / ranks.length
  const counts = rankSums(ranks, left.length)
  const farther = counts.map((count, total) => (Math.abs(total - middle) >= Math.abs(observed - middle) ? count : 0))
  return sum(farther) / sum(counts)
}

const whyUnclear = (
  best: Spread,
  other: Spread,
  unit: Measure["unit"],
): Exclude<Difference, { clear: true }>["why"] | undefined => {
  if (Math.min(best.runs.length, other.runs.length) < leastRuns) return "few"
  const apart = other.median - best.median
  if (apart === 0) return "equal"
  if (apart <= resolutions[unit] || other.median <= leastFactor * best.median) return "small"
  const chance = mannWhitney(best.runs, other.runs)
  if (chance >= 0.01) return "spread"
  const widest = Math.max(middleHalf(best.runs), middleHalf(other.runs))
  return chance < 0.001 || apart > 2.5 * widest || 2 * best.highest < other.lowest ? undefined : "spread"
}

/** How far the middle half of the runs reaches: of five, from the second to the fourth. */
const middleHalf = (runs: readonly number[]): number => {
  const sorted = [...runs].sort((left, right) => left - right)
  const quarter = Math.floor(sorted.length / 4)
  return (sorted.at(-1 - quarter) ?? 0) - (sorted[quarter] ?? 0)
}

const medianOf = (sorted: readonly number[]): number => {
  const middle = (sorted.length - 1) / 2
  return ((sorted[Math.floor(middle)] ?? 0) + (sorted[Math.ceil(middle)] ?? 0)) / 2
}

/** Twice the rank of each, from 2: so that a middle of two ranks is a whole number. */
const doubledRanks = (values: readonly number[]): readonly number[] =>
  values.map((value) => {
    const below = values.filter((other) => other < value).length
    const alike = values.filter((other) => other === value).length
    return 2 * below + alike + 1
  })

/** By sum: in how many ways so many of the ranks have it. Adds one rank after the other. */
const rankSums = (ranks: readonly number[], chosen: number): readonly number[] => {
  const most = sum(ranks)
  const counts = Array.from({ length: chosen + 1 }, () => new Float64Array(most + 1))
  counts[0]?.fill(1, 0, 1)
  for (const rank of ranks) {
    for (let count = chosen; count >= 1; count -= 1) {
      const [fewer, these] = [counts[count - 1], counts[count]]
      if (fewer === undefined || these === undefined) continue
      for (let total = most; total >= rank; total -= 1) these[total] = (these[total] ?? 0) + (fewer[total - rank] ?? 0)
    }
  }
  return [...(counts[chosen] ?? [])]
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0)
