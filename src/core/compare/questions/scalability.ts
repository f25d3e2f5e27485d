import type { Answer, Measure, ScaleModel } from "../answers.ts"
import type { Comparison, ScalePoint } from "../document.ts"
import { measureOf } from "../measure.ts"
import { modelOf, mostMachines } from "../scaling.ts"
import { namesOf, tell } from "../told.ts"
import { capital, wordCount, wordFigure } from "../words.ts"

export const scaleModels = ({ ways, scale }: Comparison): readonly ScaleModel[] =>
  (["update", "grow"] as const).flatMap((what) =>
    ways.flatMap(({ name }) => modelOf(scale.filter((point) => point.way === name && point.what === what)) ?? []),
  )

/** How the time grows: measured as far as it was, by the models beyond. */
export const answerScalability = (comparison: Comparison, models: readonly ScaleModel[]): Answer => {
  const nameOf = namesOf(comparison.ways)
  const told = (["update", "grow"] as const).map((what) => largestOf(comparison, what))
  return {
    question: "Scalability",
    verdict: [
      ...tell(told, { nameOf, needed: "needed" }),
      ...models.map((model) => `${capital(beyond(model, nameOf))}.`),
      ...(["update", "grow"] as const).flatMap((what) =>
        compareBeyond(
          models.filter((model) => model.what === what),
          nameOf,
        ),
      ),
    ],
    measures: told.flatMap(({ measure }) => measure ?? []),
  }
}

/** Measured, at the most machines that every way was measured at. */
const largestOf = (
  comparison: Comparison,
  what: ScalePoint["what"],
): { readonly measure: Measure | undefined; readonly noun: string; readonly faster: string } => {
  const points = comparison.scale.filter((point) => point.what === what)
  const sizesOf = (way: string) => points.filter((point) => point.way === way).map(({ size }) => size)
  const measured = comparison.ways.map(({ name }) => sizesOf(name)).filter((sizes) => sizes.length > 0)
  const common = (measured[0] ?? []).filter((size) => measured.every((sizes) => sizes.includes(size)))
  const largest = Math.max(0, ...common)
  const machines = largest === 1 ? "1 machine" : `${largest} machines`
  const words = what === "update" ? `update ${machines}` : `grow from ${largest} to ${2 * largest} machines`
  const measure = measureOf(comparison, { name: words, unit: "s" }, (way) =>
    points.filter((point) => point.way === way && point.size === largest).map(({ seconds }) => seconds),
  )
  return { measure, noun: `time to ${words}`, faster: `to ${words}` }
}

const beyond = (model: ScaleModel, nameOf: (way: string) => string): string => {
  const last = model.curve.at(-1)
  const [least, most] = model.measured
  const doing = model.what === "update" ? "to update" : "to twice as many"
  const bounds = last === undefined ? "" : `${seconds(last.seconds)} (${seconds(last.low)} to ${seconds(last.high)})`
  return `${nameOf(model.way)}, ${doing}: ${model.formula}, measured from ${least} to ${most} machines; at ${wordCount(mostMachines)} that would be ${bounds}`
}

/** Where bands do not touch, even what is not measured is told apart. */
const compareBeyond = (models: readonly ScaleModel[], nameOf: (way: string) => string): readonly string[] => {
  const ends = models.flatMap(({ way, curve }) => {
    const last = curve.at(-1)
    return last === undefined ? [] : [{ way, ...last }]
  })
  const [best, ...others] = [...ends].sort((left, right) => left.seconds - right.seconds)
  if (best === undefined || others.length === 0) return []
  const doing = models[0]?.what === "grow" ? "grow from" : "update"
  const what = `${doing} ${wordCount(mostMachines)} machines`
  return others.every(({ low }) => low > best.high)
    ? [`By these models ${nameOf(best.way)} would be faster to ${what}.`]
    : [`The models do not tell which way would be faster to ${what}.`]
}

const seconds = (value: number): string => wordFigure(value, "s")
