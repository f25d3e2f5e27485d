import type { Answers, ScaleModel } from "../../../core/compare/answers.ts"
import type { Comparison, ScalePoint } from "../../../core/compare/document.ts"
import { wordFigure, wordSignificant } from "../../../core/compare/words.ts"
import { type Html, html } from "../page/html.ts"
import { type Table, tableOf } from "../page/table.ts"
import { count, figure, tick } from "./figures.ts"
import { drawing, hueOf, label, line, px } from "./svg.ts"

type What = ScalePoint["what"]

const titles: { readonly [what in What]: string } = {
  update: "Time of an update",
  grow: "Time to twice as many machines",
}

const width = 360
const height = 264
const plot = { left: 62, right: 350, top: 10, bottom: 224 }

/** Time against machines: what was measured as marks, what is expected as a line, within what bounds as a band. */
export const curves = ({ scale, ways }: Comparison, { models }: Answers): Html | undefined => {
  const shown = (["update", "grow"] as const).flatMap((what) => {
    const points = scale.filter((point) => point.what === what)
    const fitted = models.filter((model) => model.what === what)
    return points.length + fitted.length === 0 ? [] : [{ what, points, fitted }]
  })
  if (shown.length === 0) return undefined
  const names = ways.map(({ name }) => name)
  return html`<div class="charts large">${shown.map((of) => curveFigure(of, names))}</div>`
}

interface Scaling {
  readonly what: What
  readonly points: readonly ScalePoint[]
  readonly fitted: readonly ScaleModel[]
}

const curveFigure = (of: Scaling, names: readonly string[]): Html => {
  const { what, points, fitted } = of
  return html`<figure aria-labelledby="scale-${what}-name"><figcaption id="scale-${what}-name"><b>${titles[what]}</b></figcaption>
${curveChart(of, names)}
<ul class="formulas">${names.map((way, index) => formulaOf(way, index, of))}</ul>
<details><summary>Figures: ${titles[what].toLowerCase()}</summary>
${tableOf(measuredTable(what, points, names))}
${tableOf(expectedTable(what, fitted))}
</details>
</figure>`
}

const formulaOf = (way: string, index: number, { points, fitted }: Scaling): Html | undefined => {
  const model = fitted.find((each) => each.way === way)
  if (model === undefined && points.every((point) => point.way !== way)) return undefined
  const key = html`<svg class="swatch" viewBox="0 0 16 12" aria-hidden="true" focusable="false">${sign(index, 8, 6)}</svg>`
  if (model === undefined) return html`<li>${key} <b>${way}</b>: too few sizes were measured for a formula</li>`
  const last = model.curve.at(-1)
  const far =
    last === undefined
      ? undefined
      : html`; at ${count(last.size)} machines <b>${expected(last.seconds)}${last.seconds < 120 ? "" : ` (${wordFigure(last.seconds, "s")})`}</b>, with 95 % from ${expected(last.low)} to ${expected(last.high)}`
  return html`<li>${key} <b>${way}</b>: <code>${model.formula}</code>, measured with ${model.measured[0]} to ${model.measured[1]} machines${far}</li>`
}

/** Three digits: an expectation has no more. */
const expected = (seconds: number): string => `${wordSignificant(Math.max(0, seconds))} s`

interface Axes {
  readonly xOf: (size: number) => number
  readonly yOf: (seconds: number) => number
  readonly sizes: readonly number[]
  readonly seconds: readonly number[]
}

const curveChart = (of: Scaling, names: readonly string[]): Html => {
  const axes = axesOf(of)
  return drawing({
    id: `scale-${of.what}`,
    width,
    height,
    title: titles[of.what],
    description: of.fitted.map(({ way, formula }) => `${way}: ${formula}`).join("; "),
    content: html`${grid(axes, of.what)}${of.fitted.map((model) => band(model, names.indexOf(model.way), axes))}${of.fitted.map((model) => fittedLine(model, names.indexOf(model.way), axes))}${of.points.map((point) => mark(point, names, axes))}`,
  })
}

/** Both logarithmic: one machine and ten thousand on one picture, and a straight line says that time is in proportion. */
const axesOf = ({ points, fitted }: Scaling): Axes => {
  const curve = fitted.flatMap((model) => model.curve)
  const times = [...points, ...curve].map(({ seconds }) => seconds).filter((seconds) => seconds > 0)
  const low = times.length === 0 ? 0 : Math.floor(Math.log10(Math.min(...times)))
  const high = times.length === 0 ? 1 : Math.max(low + 1, Math.ceil(Math.log10(Math.max(...times) * 1.2)))
  const widest = Math.ceil(Math.log10(Math.max(10, ...[...points, ...curve].map(({ size }) => size))))
  const within = (value: number): number => Math.min(1, Math.max(0, value))
  return {
    xOf: (size) => plot.left + within(Math.log10(size) / widest) * (plot.right - plot.left),
    yOf: (seconds) =>
      plot.bottom - (seconds <= 0 ? 0 : within((Math.log10(seconds) - low) / (high - low))) * (plot.bottom - plot.top),
    sizes: powers(0, widest),
    seconds: powers(low, high),
  }
}

const powers = (low: number, high: number): readonly number[] =>
  Array.from({ length: high - low + 1 }, (_, index) => Number(`1e${low + index}`))

const grid = ({ xOf, yOf, sizes, seconds }: Axes, what: What): Html =>
  html`${seconds.map(
    (at) =>
      html`${line([plot.left, yOf(at)], [plot.right, yOf(at)], yOf(at) === plot.bottom ? "axis" : "grid")}${label(plot.left - 5, yOf(at) + 4, tick(at, "s"), { anchor: "end", soft: true })}`,
  )}${sizes.map(
    (size, index) =>
      html`${line([xOf(size), plot.top], [xOf(size), plot.bottom], index === 0 ? "axis" : "grid")}${label(xOf(size), plot.bottom + 16, count(size), { anchor: index === sizes.length - 1 ? "end" : "middle", soft: true })}`,
  )}${label((plot.left + plot.right) / 2, height - 6, what === "grow" ? "machines before it" : "machines", { anchor: "middle", soft: true })}`

const band = ({ curve }: ScaleModel, way: number, { xOf, yOf }: Axes): Html | undefined => {
  if (curve.length < 2) return undefined
  const upper = curve.map(({ size, high }) => `${px(xOf(size))} ${px(yOf(high))}`)
  const lower = curve.toReversed().map(({ size, low }) => `${px(xOf(size))} ${px(yOf(low))}`)
  return html`<path class="band ${hueOf(way)}" d="M${[...upper, ...lower].join("L")}Z"/>`
}

/** Broken where nothing was measured. */
const fittedLine = ({ curve, measured }: ScaleModel, way: number, { xOf, yOf }: Axes): Html => {
  const at = ({ size, seconds }: ScaleModel["curve"][number]): string => `${px(xOf(size))} ${px(yOf(seconds))}`
  const near = curve.filter(({ size }) => size <= measured[1])
  const far = curve.filter(({ size }) => size > measured[1])
  const piece = (kind: string, points: typeof curve): Html | undefined =>
    points.length < 2 ? undefined : html`<path class="${kind} ${hueOf(way)}" d="M${points.map(at).join("L")}"/>`
  return html`${piece("curve", near)}${piece("curve beyond", [...near.slice(-1), ...far])}`
}

const shapes = [
  "M-3.5 0a3.5 3.5 0 1 0 7 0a3.5 3.5 0 1 0 -7 0Z",
  "M-3.2 -3.2h6.4v6.4h-6.4Z",
  "M0 -4.2l4.2 7.4h-8.4Z",
  "M0 -4.6l4 4.6l-4 4.6l-4 -4.6Z",
  "M0 4.2l4.2 -7.4h-8.4Z",
  "M-4 -1.3h2.7v-2.7h2.6v2.7h2.7v2.6h-2.7v2.7h-2.6v-2.7h-2.7Z",
]

/** Ways stand beside each other where they were measured at the same size. */
const mark = ({ way, size, seconds }: ScalePoint, names: readonly string[], { xOf, yOf }: Axes): Html => {
  const aside = (names.indexOf(way) - (names.length - 1) / 2) * 4
  return sign(names.indexOf(way), xOf(size) + aside, yOf(seconds))
}

/** Each way has a shape, for who cannot tell its colour. */
const sign = (way: number, x: number, y: number): Html =>
  html`<path class="sign ${hueOf(way)}" transform="translate(${px(x)} ${px(y)})" d="${shapes[way % shapes.length]}"/>`

const measuredTable = (what: What, points: readonly ScalePoint[], names: readonly string[]): Table => ({
  caption: `${titles[what]}, measured`,
  head: ["machines", ...names],
  rows: [...new Set(points.map(({ size }) => size))]
    .toSorted((one, other) => one - other)
    .map((size) => [
      count(size),
      ...names.map((way) =>
        points
          .filter((point) => point.size === size && point.way === way)
          .map(({ seconds }) => figure(seconds, "s"))
          .join(", "),
      ),
    ]),
  none: "Nothing was measured.",
})

const told = [1, 10, 100, 1_000, 10_000]

const expectedTable = (what: What, fitted: readonly ScaleModel[]): Table => ({
  caption: `${titles[what]}, expected, and within what bounds at 95 %`,
  head: ["way", "machines", "expected", "at least", "at most"],
  rows: fitted.flatMap(({ way, curve }) =>
    curve
      .filter(({ size }, index) => told.includes(size) || index === curve.length - 1)
      .map(({ size, seconds, low, high }) => [way, count(size), expected(seconds), expected(low), expected(high)]),
  ),
  none: "There are too few sizes for a formula.",
})
