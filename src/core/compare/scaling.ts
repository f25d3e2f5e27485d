import type { ScaleModel } from "./answers.ts"
import type { ScalePoint } from "./document.ts"
import { studentWithin } from "./student.ts"
import { wordSignificant } from "./words.ts"

/** As far as a model is drawn. */
export const mostMachines = 10_000

/**
 * How the time of one way grows with the number of machines; nothing when fewer than three points or two sizes were
 * measured.
 *
 * Each formula is fitted by least squares, weighted so that an error of 10 % weighs the same at each size: times vary in
 * proportion. Where a slope differs from nothing by Student's t-test, the time is not the same whatever the size. Of the formulas that the measurements do not tell apart the one with the fewest parameters is taken, the
 * one that grows fastest among those; the band is that of all of them together, since any may be the true one. They are
 * told apart by Akaike's information criterion for few points: C. M. Hurvich and C.-L. Tsai, "Regression and time series
 * model selection in small samples" (1989); K. P. Burnham and D. R. Anderson, "Model Selection and Multimodel Inference"
 * (2002), section 2.6, for how much of a difference counts. The band of each is where one more measurement falls, 95
 * times in 100: N. R. Draper and H. Smith, "Applied Regression Analysis" (1998), section 3.1.
 */
export const modelOf = (points: readonly ScalePoint[]): ScaleModel | undefined => {
  const [first] = points
  const sizes = [...new Set(points.map(({ size }) => size))].sort((left, right) => left - right)
  const [least, most] = [sizes[0], sizes.at(-1)]
  if (first === undefined || least === undefined || most === undefined) return undefined
  if (points.length < 3 || sizes.length < 2) return undefined
  const possible = possibleFits(weigh(points))
  const [chosen] = possible
  if (chosen === undefined) return undefined
  return {
    way: first.way,
    what: first.what,
    formula: formulaOf(chosen),
    measured: [least, most],
    curve: curveSizes(sizes).map((size) => {
      const bands = possible.map((fit) => bandOf(fit, size))
      return {
        size,
        seconds: Math.max(0, secondsOf(chosen, size)),
        low: Math.max(0, Math.min(...bands.map(({ low }) => low))),
        high: Math.max(...bands.map(({ high }) => high)),
      }
    }),
  }
}

interface Growth {
  readonly of: (machines: number) => number
  /** After `0.84 s`. */
  readonly words: string
}

/** From the one that grows fastest. Without one of them, the time is the same whatever the size. */
const growths: readonly Growth[] = [
  { of: (machines) => machines, words: " × machines" },
  { of: Math.sqrt, words: " × √machines" },
  { of: Math.log2, words: " × log₂ machines" },
]

interface Weighted {
  readonly size: number
  readonly seconds: number
  readonly weight: number
}

interface Fit {
  readonly growth?: Growth
  readonly start: number
  readonly slope: number
  /** Of one measurement, relative to its time. */
  readonly variance: number
  readonly freedom: number
  /** Of the weighted points: what variances of the estimates follow from. */
  readonly moments: { readonly weight: number; readonly middle: number; readonly spread: number }
  readonly criterion: number
}

/** By the mean of each size, which does not depend on a formula. */
const weigh = (points: readonly ScalePoint[]): readonly Weighted[] =>
  points.map(({ size, seconds }) => {
    const alike = points.filter((point) => point.size === size)
    const mean = sum(alike.map((point) => point.seconds)) / alike.length
    return { size, seconds, weight: 1 / Math.max(mean, shortestSeconds) ** 2 }
  })

const shortestSeconds = 0.001

/** The one that is chosen first, after it whatever may be true as well. */
const possibleFits = (points: readonly Weighted[]): readonly Fit[] => {
  const growing = growths.map((growth) => regress(points, growth)).filter(({ slope }) => slope > 0)
  // With fewer points the criterion divides by nothing, and would always choose not to grow.
  if (points.length < leastToTell) return [...growing, regress(points)]
  // With few points the criterion would take much for chance that is none.
  const fits = growing.some(doesGrow) ? growing : [regress(points), ...growing]
  const best = Math.min(...fits.map(({ criterion }) => criterion))
  const within = (most: number) => fits.filter(({ criterion }) => criterion - best <= most)
  const [chosen] = within(2)
  return chosen === undefined ? [] : [chosen, ...within(7).filter((other) => other !== chosen)]
}

const leastToTell = 6

/** By Student's t-test of the slope, one-sided: less than once in 20 times chance alone would make it look so. */
const doesGrow = ({ slope, variance, freedom, moments }: Fit): boolean =>
  slope * Math.sqrt(moments.spread) > studentWithin(0.9, freedom) * Math.sqrt(variance)

const regress = (points: readonly Weighted[], growth?: Growth): Fit => {
  const at = ({ size }: Weighted): number => growth?.of(size) ?? 0
  const weight = sum(points.map((point) => point.weight))
  const middle = sum(points.map((point) => point.weight * at(point))) / weight
  const mean = sum(points.map((point) => point.weight * point.seconds)) / weight
  const spread = sum(points.map((point) => point.weight * (at(point) - middle) ** 2))
  const together = sum(points.map((point) => point.weight * (at(point) - middle) * (point.seconds - mean)))
  const slope = growth === undefined ? 0 : together / spread
  const start = mean - slope * middle
  const missed = sum(points.map((point) => point.weight * (point.seconds - start - slope * at(point)) ** 2))
  const parameters = growth === undefined ? 1 : 2
  const freedom = points.length - parameters
  return {
    ...(growth === undefined ? {} : { growth }),
    start,
    slope,
    variance: missed / freedom,
    freedom,
    moments: { weight, middle, spread },
    criterion: criterionOf(missed, points.length, parameters + 1),
  }
}

/** Without the constants that all formulas share. */
const criterionOf = (missed: number, points: number, parameters: number): number =>
  points * Math.log(Math.max(missed / points, exact)) +
  2 * parameters +
  (2 * parameters * (parameters + 1)) / (points - parameters - 1)

/** Squared relative error that only rounding makes. */
const exact = 1e-20

const secondsOf = ({ growth, start, slope }: Fit, size: number): number => start + slope * (growth?.of(size) ?? 0)

const bandOf = (fitted: Fit, size: number): { readonly low: number; readonly high: number } => {
  const { growth, variance, freedom, moments } = fitted
  const seconds = secondsOf(fitted, size)
  const away = growth === undefined ? 0 : (growth.of(size) - moments.middle) ** 2 / moments.spread
  // One measurement varies around the line, and the line itself is not known exactly.
  const deviation = Math.sqrt(variance * (seconds ** 2 + 1 / moments.weight + away))
  const within = studentWithin(0.95, freedom) * deviation
  return { low: seconds - within, high: seconds + within }
}

const formulaOf = ({ growth, start, slope }: Fit): string => {
  if (growth === undefined) return `${wordSignificant(start)} s, whatever the number of machines`
  const grows = `${wordSignificant(slope)} s${growth.words}`
  // What is below a thousandth of the rest is rounding.
  if (Math.abs(start) < slope / 1_000) return grows
  return start < 0 ? `${grows} − ${wordSignificant(-start)} s` : `${wordSignificant(start)} s + ${grows}`
}

/** Close enough for a smooth line, the sizes that were measured and the round ones among them. */
const curveSizes = (measured: readonly number[]): readonly number[] => {
  const powers = Array.from({ length: 14 }, (_, power) => 2 ** power)
  const sizes = [...powers, ...powers.map((power) => power * 3), 10, 100, 1_000, mostMachines, ...measured]
  return [...new Set(sizes)].filter((size) => size <= mostMachines).sort((left, right) => left - right)
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0)
