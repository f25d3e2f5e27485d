import type { Difference } from "../answers.ts"
import { leastFactor } from "../statistics.ts"

/** So many times something happened, in so many tries, or in so much time. */
export interface Count {
  readonly way: string
  readonly count: number
  readonly of: number
}

/** As for figures of runs: what chance makes less often than this is clear. */
const significance = 0.01

/**
 * Whether one share is clearly smaller: Fisher's exact test, two-sided.
 *
 * @param left so many of its tries failed
 */
export const shareDifference = (left: Count, right: Count): Difference => {
  const [count, all] = [left.count + right.count, left.of + right.of]
  const least = Math.max(0, count - right.of)
  const outcomes = range(least, Math.min(count, left.of)).map(
    (x) => logChoose(left.of, x) + logChoose(right.of, count - x) - logChoose(all, count),
  )
  if (left.of === 0 || right.of === 0) return { clear: false, why: "few" }
  // All of one and none of the other is the most that there could be.
  if (-logChoose(all, left.of) > Math.log(significance)) return { clear: false, why: "few" }
  return judge(left, right, { outcomes, seen: left.count - least })
}

/**
 * Whether something is clearly rarer: given how often it happened in all, its part of that is binomial by the time that each
 * was there, two-sided.
 */
export const rateDifference = (left: Count, right: Count): Difference => {
  const [count, all] = [left.count + right.count, left.of + right.of]
  if (left.of <= 0 || right.of <= 0) return { clear: false, why: "few" }
  const [own, others] = [Math.log(left.of / all), Math.log(right.of / all)]
  const outcomes = range(0, count).map((x) => logChoose(count, x) + x * own + (count - x) * others)
  return judge(left, right, { outcomes, seen: left.count })
}

/** @param outcomes logarithms of their probabilities; `seen` is the place of the one that came about */
const judge = (
  left: Count,
  right: Count,
  { outcomes, seen }: { readonly outcomes: readonly number[]; readonly seen: number },
): Difference => {
  const [a, b] = [left.count / left.of, right.count / right.of]
  if (a === b) return { clear: false, why: "equal" }
  if (chanceOf(outcomes, seen) > significance) {
    const rarest = Math.min(chanceOf(outcomes, 0), chanceOf(outcomes, outcomes.length - 1))
    return { clear: false, why: rarest > significance ? "few" : "spread" }
  }
  const [better, worse] = a < b ? [left, right] : [right, left]
  const [low, high] = [Math.min(a, b), Math.max(a, b)]
  if (high <= leastFactor * low) return { clear: false, why: "small" }
  return { clear: true, better: better.way, worse: worse.way, ...(low === 0 ? {} : { factor: high / low }) }
}

/** Of all outcomes that are no likelier. */
const chanceOf = (outcomes: readonly number[], seen: number): number => {
  const own = (outcomes[seen] ?? 0) + 1e-7
  return outcomes.filter((each) => each <= own).reduce((sum, each) => sum + Math.exp(each), 0)
}

const range = (from: number, to: number): readonly number[] =>
  Array.from({ length: Math.max(0, to - from + 1) }, (_, index) => from + index)

const logChoose = (n: number, k: number): number => logFactorial(n) - logFactorial(k) - logFactorial(n - k)

const logFactorials = [0]

const logFactorial = (n: number): number => {
  for (let next = logFactorials.length; next <= n; next += 1)
    logFactorials.push((logFactorials[next - 1] ?? 0) + Math.log(next))
  return logFactorials[n] ?? Number.NaN
}
