import type { Difference, Measure, Spread } from "../../../core/compare/answers.ts"
import { differenceOf } from "../../../core/compare/statistics.ts"

type Unit = Measure["unit"]

/** `3.21 s`, `24.0 MB`, `1,204 requests`: as many places as can be told apart. */
export const figure = (value: number, unit: Unit): string => {
  if (unit === "B") return bytesOf(value)
  const number = unit === "requests" || unit === "changes" ? count(value) : places(value, unit === "ms" ? 1 : 2)
  return `${number} ${Math.abs(value) === 1 && unit.endsWith("s") && unit.length > 2 ? singular[unit] : unit}`
}

const singular: { readonly [unit in Unit]: string } = {
  s: "s",
  ms: "ms",
  B: "B",
  "machine s": "machine s",
  requests: "request",
  changes: "change",
}

/** `3.21 s (3.05–3.60)`: the runs in the middle, and between what they lie. */
export const figureWithSpread = ({ runs, median, lowest, highest }: Spread, unit: Unit): string => {
  const middle = figure(median, unit)
  if (runs.length < 2 || lowest === highest) return middle
  const largest = Math.max(Math.abs(lowest), Math.abs(highest))
  return `${middle} (${bare(lowest, unit, largest)}–${bare(highest, unit, largest)})`
}

/** Without its unit where the figure before it says it already. */
const bare = (value: number, unit: Unit, largest: number): string => {
  if (unit === "B") return scaled(value, byteScale(largest))
  return figure(value, unit).replace(/ \D+$/, "")
}

/** For an axis: `2 s`, `400 MB`; where the unit is a word, the number alone. */
export const tick = (value: number, unit: Unit): string => {
  if (unit === "B" && value !== 0) return bytesOf(value).replace(/\.0+ /, " ")
  return unit === "s" || unit === "ms" ? `${plain(value)} ${unit}` : plain(value)
}

const plain = (value: number): string => value.toLocaleString("en-US", { maximumFractionDigits: 6 })

/** `1,204`; halves, as medians of an even number of runs are, keep their half. */
export const count = (value: number): string =>
  value.toLocaleString("en-US", { maximumFractionDigits: value < 100 ? 1 : 0 })

/** What is better, in few words; the figures stand beside it. Of two ways it need not be said which is the other. */
export const differenceIn = (measure: Measure, nameOf: (way: string) => string = (way) => way): string => {
  const { difference, spreads } = measure
  if (difference.clear) return clearlyLess(difference, spreads.length, nameOf)
  const ends = betweenEnds(measure)
  return ends?.clear === true
    ? `no way is clearly best; ${clearlyLess(ends, spreads.length, nameOf)}`
    : unclear[difference.why]
}

type Clear = Difference & { readonly clear: true }

const clearlyLess = ({ better, worse, factor }: Clear, ways: number, nameOf: (way: string) => string): string => {
  const less = factor === undefined ? "less" : `${factorOf(factor)} less`
  return `${nameOf(better)}: ${less}${ways === 2 ? "" : ` than ${nameOf(worse)}`}`
}

/** Of more than two ways the best two may be alike, and the worst still be far from them. */
const betweenEnds = ({ spreads, unit }: Measure): Difference | undefined => {
  const sorted = spreads.toSorted((one, other) => one.median - other.median)
  const [best, worst] = [sorted[0], sorted.at(-1)]
  return spreads.length > 2 && best !== undefined && worst !== undefined ? differenceOf([best, worst], unit) : undefined
}

const unclear: { readonly [why in (Difference & { readonly clear: false })["why"]]: string } = {
  spread: "no clear difference",
  equal: "no difference",
  small: "no difference that matters",
  few: "too few runs to tell",
  "one way": "only one way has it",
}

/** `2.1 ×`. */
const factorOf = (factor: number): string => `${factor < 10 ? factor.toFixed(1) : count(Math.round(factor))} ×`

const places = (value: number, most: number): string => {
  const size = Math.abs(value)
  const digits = size >= 100 || value === 0 ? 0 : size >= 10 ? Math.min(1, most) : most
  return value.toLocaleString("en-US", { minimumFractionDigits: digits, maximumFractionDigits: digits })
}

const byteUnits = ["B", "kB", "MB", "GB", "TB"] as const

const byteScale = (value: number): number =>
  value < 1000 ? 0 : Math.min(byteUnits.length - 1, Math.floor(Math.log10(value) / 3))

const scaled = (value: number, scale: number): string => places(value / 1000 ** scale, scale === 0 ? 0 : 1)

const bytesOf = (value: number): string => {
  const scale = byteScale(Math.abs(value))
  return `${scaled(value, scale)} ${byteUnits[scale]}`
}

/** Whether there is something to see: what differs, what may, and what only one way has. */
export const isTelling = (measure: Measure): boolean => {
  const alike: readonly string[] = ["small", "equal"]
  const { difference } = measure
  const ends = betweenEnds(measure) ?? difference
  return difference.clear || ends.clear || !alike.includes(difference.why) || !alike.includes(ends.why)
}
