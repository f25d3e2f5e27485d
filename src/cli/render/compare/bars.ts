import type { Measure } from "../../../core/compare/answers.ts"
import { type Html, html } from "../page/html.ts"
import { figureWithSpread, tick } from "./figures.ts"
import { drawing, filled, hueOf, label, line, px, roundSteps } from "./svg.ts"

const width = 360
const rowHeight = 36
const margin = { left: 6, right: 12, bottom: 22 }

/** A bar as long as the median for each way, a line from the lowest to the highest run, and a dot for each run. */
export const barChart = (id: string, { name, unit, spreads }: Measure, ways: readonly string[]): Html => {
  const steps = roundSteps(Math.max(...spreads.map(({ highest }) => highest)), 3)
  const last = steps.at(-1) ?? 1
  const xOf = (value: number): number => margin.left + (value / last) * (width - margin.left - margin.right)
  const bottom = spreads.length * rowHeight
  const grid = steps.map((step, index) => {
    const isLast = index === steps.length - 1
    const words = isLast && isWord(unit) ? `${tick(step, unit)} ${unit}` : tick(step, unit)
    const anchor = index === 0 ? "start" : isLast ? "end" : "middle"
    return html`${line([xOf(step), 2], [xOf(step), bottom + 2], step === 0 ? "axis" : "grid")}${label(xOf(step), bottom + 15, words, { anchor, soft: true })}`
  })
  const rows = spreads.map((spread, index) =>
    row(spread, ways.indexOf(spread.way), { unit, xOf, top: index * rowHeight }),
  )
  return drawing({
    id,
    width,
    height: bottom + margin.bottom,
    title: name,
    description: spreads.map((spread) => `${spread.way}: ${figureWithSpread(spread, unit)}`).join("; "),
    content: html`${grid}${rows}`,
  })
}

interface Place {
  readonly unit: Measure["unit"]
  readonly xOf: (value: number) => number
  readonly top: number
}

const row = (spread: Measure["spreads"][number], way: number, { unit, xOf, top }: Place): Html => {
  const { runs, median, lowest, highest } = spread
  const middle = top + 25
  const figures = isWord(unit) ? figureWithSpread(spread, unit).replace(unitWords, "") : figureWithSpread(spread, unit)
  const bar = filled(
    hueOf(way),
    (attributes) =>
      html`<rect x="${px(xOf(0))}" y="${px(middle - 7)}" width="${px(xOf(median) - xOf(0))}" height="14" ${attributes}/>`,
  )
  const spans = lowest !== highest
  return html`${label(margin.left + 2, top + 13, fitting(spread.way, figures))}${label(width - margin.right, top + 13, figures, { anchor: "end" })}${bar}${
    spans
      ? html`${line([xOf(lowest), middle], [xOf(highest), middle], "whisker")}${line([xOf(lowest), middle - 5], [xOf(lowest), middle + 5], "whisker")}${line([xOf(highest), middle - 5], [xOf(highest), middle + 5], "whisker")}`
      : undefined
  }${runs.map((run) => html`<circle class="run" cx="${px(xOf(run))}" cy="${px(middle)}" r="2.6"/>`)}`
}

/** A unit that is a word stands at the end of the axis, and not beside each figure, where there is no room for it. */
const isWord = (unit: Measure["unit"]): boolean => unit.length > 2

const unitWords = / [a-z]+( s)?(?= |$)/

/** At most, of a letter or digit. */
const letterWidth = 7.2

/** As much of a name as fits beside its figures. */
const fitting = (name: string, figures: string): string =>
  shortened(name, Math.max(8, Math.floor((width - margin.left - margin.right - 12) / letterWidth) - figures.length))

/** Without its middle where it is too long: names differ at their ends. */
export const shortened = (text: string, most: number): string => {
  if (text.length <= most) return text
  const kept = most - 1
  return `${text.slice(0, Math.ceil(kept / 2))}…${text.slice(text.length - Math.floor(kept / 2))}`
}
