import type { Measure } from "./answers.ts"
import type { Way } from "./document.ts"
import { differenceOf, leastRuns } from "./statistics.ts"
import { capital, wordCount, wordFactor, wordFigure, wordList } from "./words.ts"

/** A measure, and how a sentence speaks of it. */
export interface Told {
  readonly measure: Measure | undefined
  /** `time to deploy`. */
  readonly noun: string
  /** `to deploy`: the better way was faster to. Without it, the worse way needed more of the noun. */
  readonly faster?: string
}

export interface Teller {
  readonly nameOf: (way: string) => string
  /** `needed`, `had`: what a way with more of something did. */
  readonly needed: string
}

/** What is clear, then what is not. */
export const tell = (told: readonly Told[], teller: Teller): readonly string[] => {
  const all = told.flatMap(({ measure, ...words }) => (measure === undefined ? [] : [{ measure, ...words }]))
  if (all.length === 0) return ["Not measured."]
  const pairs = all.flatMap(pairsOf)
  const [two, several] = [pairs.filter(isOfTwo), pairs.filter((pair) => !isOfTwo(pair))]
  const ofTwo = [...two.flatMap((pair) => fasterSentence(pair, teller)), ...needSentences(two, teller)]
  return [...ofTwo, ...severalSentences(several, teller), ...unclearSentences(all, pairs)]
}

/** Each way, as a sentence names it: `in place`, where that tells it from the others. */
export const namesOf = (ways: readonly Way[]): ((way: string) => string) => {
  const areDistinct = new Set(ways.map(({ delivery }) => delivery)).size === ways.length
  return (name) => {
    const delivery = ways.find((way) => way.name === name)?.delivery
    return areDistinct && delivery !== undefined ? deliveryNames[delivery] : `“${name}”`
  }
}

export const deliveryNames: { readonly [delivery in Way["delivery"]]: "in place" | "by replacement" } = {
  "in-place": "in place",
  replace: "by replacement",
}

type Measured = Told & { readonly measure: Measure }

/** The best way, and one that is clearly worse. */
interface Pair extends Measured {
  readonly better: string
  readonly worse: string
  readonly factor: number | undefined
}

/** Of more than two ways, a worse one is told even where two others are alike. */
const pairsOf = (told: Measured): readonly Pair[] => {
  const { spreads, unit } = told.measure
  const [best, ...others] = [...spreads].sort((left, right) => left.median - right.median)
  return others.flatMap((other) => {
    const difference = best === undefined ? undefined : differenceOf([best, other], unit)
    return difference?.clear
      ? [{ ...told, better: difference.better, worse: other.way, factor: difference.factor }]
      : []
  })
}

const isOfTwo = ({ measure }: Pair): boolean => measure.spreads.length === 2

const fasterSentence = (pair: Pair, { nameOf }: Teller): readonly string[] =>
  pair.faster === undefined
    ? []
    : [
        `${capital(nameOf(pair.better))} was ${timesOf(pair)}faster ${pair.faster}: ${against(pair, pair.better, pair.worse)}.`,
      ]

const needSentences = (pairs: readonly Pair[], { nameOf, needed }: Teller): readonly string[] =>
  byWorse(pairs.filter(({ faster }) => faster === undefined)).map(
    ([way, these]) => `${capital(nameOf(way))} ${needed} ${wordList(these.map(moreOf))}.`,
  )

const moreOf = (pair: Pair): string => {
  const times = pair.factor === undefined ? "" : `${timesOf(pair)}the `
  return `${times}${pair.noun} (${against(pair, pair.worse, pair.better)})`
}

const severalSentences = (pairs: readonly Pair[], { nameOf, needed }: Teller): readonly string[] =>
  byWorse(pairs).flatMap(([way, these]) => {
    const slower = these.flatMap((pair) =>
      pair.faster === undefined
        ? []
        : [`${pair.faster} (${timesOf(pair).replace(/ $/, ", ")}${against(pair, way, pair.better)})`],
    )
    const more = these.filter(({ faster }) => faster === undefined).map(moreOf)
    const name = capital(nameOf(way))
    return [
      ...(slower.length > 0 ? [`${name} was slower than the fastest ${wordList(slower)}.`] : []),
      ...(more.length > 0 ? [`${name} ${needed}, against the way with the least, ${wordList(more)}.`] : []),
    ]
  })

const unclearSentences = (all: readonly Measured[], pairs: readonly Pair[]): readonly string[] => {
  const because = (...reasons: readonly string[]): readonly string[] =>
    all.flatMap(({ measure, noun }) => {
      const isTold = pairs.some((pair) => pair.measure === measure)
      return !isTold && !measure.difference.clear && reasons.includes(measure.difference.why) ? [noun] : []
    })
  const unclear = because("spread", "equal", "small")
  const few = because("few")
  const compared = pairs.length + unclear.length + few.length
  if (compared === 0) return ["Only one way was measured."]
  const of = (nouns: readonly string[]): string => {
    if (nouns.length === compared) return ""
    return nouns.length > mostNouns ? ` in the other ${nouns.length} figures` : ` in ${wordList(nouns)}`
  }
  return [
    ...(unclear.length > 0 ? [`No clear difference${of(unclear)}.`] : []),
    ...(few.length > 0 ? [`Too few runs to tell a difference${of(few)}: it takes ${leastRuns} of each way.`] : []),
  ]
}

/** More than these nobody reads; a table has them. */
const mostNouns = 3

/** `2.1 × `. */
const timesOf = ({ factor }: Pair): string => (factor === undefined ? "" : `${wordFactor(factor)} × `)

const against = ({ measure }: Pair, one: string, other: string): string =>
  `${figureOf(measure, one)} against ${figureOf(measure, other)}`

/** The median of a way: without its unit where the noun says it. */
const figureOf = ({ spreads, unit }: Measure, way: string): string => {
  const median = spreads.find((spread) => spread.way === way)?.median ?? 0
  if (median === 0) return "none"
  return unit === "requests" || unit === "changes" ? wordCount(median) : wordFigure(median, unit)
}

const byWorse = (pairs: readonly Pair[]): readonly (readonly [string, readonly Pair[]])[] =>
  [...new Set(pairs.map(({ worse }) => worse))].map((way) => [way, pairs.filter(({ worse }) => worse === way)] as const)
