import type { Comparison, Timeline, Trial } from "../../../core/compare/document.ts"
import { type Html, html } from "../page/html.ts"
import { type Table, tableOf } from "../page/table.ts"
import { shortened } from "./bars.ts"
import { count, figure } from "./figures.ts"
import { drawing, filled, hueOf, label, line, px, roundSteps, swatch } from "./svg.ts"

const width = 360
const height = 220
const plot = { left: 38, right: 352, top: 34, bottom: 186 }
const failed = "failed"

/** What answered while the update was delivered: one picture for each way, all to the same scale. */
export const timelines = (comparison: Comparison): Html | undefined => {
  const shown = comparison.ways.flatMap(({ name }) => middleUpdate(comparison, name) ?? [])
  if (shown.length === 0) return undefined
  const scale = scaleOf(shown.map(({ timeline }) => timeline))
  const names = seriesNames(comparison, shown)
  return html`${legend(names, comparison)}
<div class="charts">
${shown.map((trial, index) => figureOfTrial(trial, { comparison, scale, names, id: `time-${index}` }))}
</div>`
}

/** Of an update's runs the one in the middle by the time that it took: neither the luckiest nor the unluckiest. */
export const middleUpdate = ({ trials }: Comparison, way: string): Trial | undefined => {
  const runs = trials
    .filter((trial) => trial.way === way && trial.change === "update")
    .toSorted((one, other) => one.seconds.all - other.seconds.all || one.round - other.round)
  return runs[Math.floor((runs.length - 1) / 2)]
}

/** The old version first, what failed last. */
const seriesNames = ({ from, to }: Comparison, trials: readonly Trial[]): readonly string[] => {
  const seen = new Set(trials.flatMap(({ timeline }) => Object.keys(timeline.series)))
  const known = ["old", "new", from, to]
  const others = [...seen].filter((name) => !known.includes(name) && name !== failed)
  return [...new Set([...known, ...others, failed])].filter((name) => seen.has(name))
}

/** Not the colours of ways: a version is no way. */
const seriesHue = (comparison: Comparison, names: readonly string[], name: string): string => {
  if (name === failed) return "hue-failed"
  if (name === "old" || name === "new") return `hue-${name}`
  if (name === comparison.from) return "hue-old"
  return name === comparison.to ? "hue-new" : hueOf(names.indexOf(name))
}

const legend = (names: readonly string[], comparison: Comparison): Html =>
  html`<ul class="legend" aria-label="Colours">${names.map((name) => html`<li>${swatch(seriesHue(comparison, names, name))} ${seriesTitle(comparison, name)}</li>`)}</ul>`

const seriesTitle = ({ from, to }: Comparison, name: string): string => {
  if (name === failed) return failed
  if (name === "old") return `answered by the old version, ${from}`
  return name === "new" ? `answered by the new version, ${to}` : `answered by ${name}`
}

interface Scale {
  readonly startSeconds: number
  readonly endSeconds: number
  readonly steps: readonly number[]
}

const scaleOf = (all: readonly Timeline[]): Scale => ({
  startSeconds: Math.min(...all.map(({ beganMs }) => -beganMs / 1_000)),
  endSeconds: Math.max(
    ...all.map((timeline) => {
      const { sliceMs, beganMs, endedMs } = timeline
      return (Math.max(endedMs, lengthOf(timeline) * sliceMs) - beganMs) / 1_000
    }),
  ),
  steps: roundSteps(Math.max(1, ...all.flatMap((timeline) => totalsOf(timeline)))),
})

const lengthOf = ({ series }: Timeline): number => Math.max(0, ...Object.values(series).map((counts) => counts.length))

/** Per second. */
const totalsOf = (timeline: Timeline): readonly number[] =>
  Array.from({ length: lengthOf(timeline) }, (_, slice) => {
    const total = Object.values(timeline.series).reduce((sum, counts) => sum + (counts[slice] ?? 0), 0)
    return (total * 1_000) / timeline.sliceMs
  })

interface Showing {
  readonly comparison: Comparison
  readonly id: string
  readonly scale: Scale
  readonly names: readonly string[]
}

const figureOfTrial = (trial: Trial, showing: Showing): Html => {
  const { way, round, requests } = trial
  return html`<figure aria-labelledby="${showing.id}-name"><figcaption id="${showing.id}-name"><b>${way}</b> <span class="soft">round ${round}: ${count(requests.failed)} of ${count(requests.sent)} failed</span></figcaption>
${areaChart(trial, showing)}
<details><summary>Figures of ${way}</summary>${tableOf(timelineTable(trial, showing.names))}</details>
</figure>`
}

const areaChart = ({ way, timeline, seconds, requests }: Trial, { comparison, id, scale, names }: Showing): Html => {
  const { startSeconds, endSeconds, steps } = scale
  const most = steps.at(-1) ?? 1
  const xOf = (at: number): number =>
    plot.left + ((at - startSeconds) / (endSeconds - startSeconds)) * (plot.right - plot.left)
  const yOf = (perSecond: number): number => plot.bottom - (perSecond / most) * (plot.bottom - plot.top)
  const stacked = stackedSlices(timeline, names)
  const areas = stacked.map(({ name, low, high }) => {
    const path = areaPath(timeline, low, high, { xOf, yOf })
    return path === ""
      ? undefined
      : filled(seriesHue(comparison, names, name), (attributes) => html`<path d="${path}" ${attributes}/>`)
  })
  return drawing({
    id,
    width,
    height,
    title: `What answered during the update, ${way}`,
    description: describe({ seconds, requests }),
    content: html`${axes(scale, xOf, yOf)}${areas}${rolloutMark(timeline, xOf)}${failureMarks(timeline, xOf)}`,
  })
}

const describe = ({ seconds, requests }: Pick<Trial, "seconds" | "requests">): string =>
  [
    seconds.first === undefined ? undefined : `The new version answered first after ${figure(seconds.first, "s")}`,
    `all answers came from it after ${figure(seconds.all, "s")}`,
    `the rollout was over after ${figure(seconds.total, "s")}`,
    `${count(requests.failed)} of ${count(requests.sent)} requests failed`,
  ]
    .filter((words) => words !== undefined)
    .join(", ")

interface Stacked {
  readonly name: string
  readonly low: readonly number[]
  readonly high: readonly number[]
}

/** Per second, one on top of the other. */
const stackedSlices = (timeline: Timeline, names: readonly string[]): readonly Stacked[] => {
  let low: readonly number[] = Array.from({ length: lengthOf(timeline) }, () => 0)
  return names.map((name) => {
    const counts = timeline.series[name] ?? []
    const high = low.map((under, slice) => under + ((counts[slice] ?? 0) * 1_000) / timeline.sliceMs)
    const stacked = { name, low, high }
    low = high
    return stacked
  })
}

interface Axes {
  readonly xOf: (seconds: number) => number
  readonly yOf: (perSecond: number) => number
}

/** Steps, not slopes: a slice is a count, and what lies between two of them was not measured. Stretches of nothing are left out. */
const areaPath = (
  { sliceMs, beganMs }: Timeline,
  low: readonly number[],
  high: readonly number[],
  { xOf, yOf }: Axes,
): string => {
  const edge = (slice: number): string => px(xOf((slice * sliceMs - beganMs) / 1_000))
  const stretches: [number, number][] = []
  for (const [slice, top] of high.entries()) {
    if (top === low[slice]) continue
    const last = stretches.at(-1)
    if (last?.[1] === slice) last[1] = slice + 1
    else stretches.push([slice, slice + 1])
  }
  return stretches
    .map(([start, end]) => {
      const slices = Array.from({ length: end - start }, (_, index) => start + index)
      const along = slices.map((slice) => `V${px(yOf(high[slice] ?? 0))}H${edge(slice + 1)}`).join("")
      const back = slices
        .toReversed()
        .map((slice) => `V${px(yOf(low[slice] ?? 0))}H${edge(slice)}`)
        .join("")
      return `M${edge(start)} ${px(yOf(low[start] ?? 0))}${along}${back}Z`
    })
    .join("")
}

const axes = ({ startSeconds, endSeconds, steps }: Scale, xOf: Axes["xOf"], yOf: Axes["yOf"]): Html => {
  const seconds = roundSteps(endSeconds, 5).filter((at) => at <= endSeconds)
  const before = startSeconds < 0 && xOf(0) - plot.left > 24
  return html`${steps.map((step) => html`${line([plot.left, yOf(step)], [plot.right, yOf(step)], step === 0 ? "axis" : "grid")}${label(plot.left - 5, yOf(step) + 4, count(step), { anchor: "end", soft: true })}`)}
${seconds.map((at) => html`${line([xOf(at), plot.bottom], [xOf(at), plot.bottom + 4], "axis")}${label(xOf(at), plot.bottom + 16, count(at), { anchor: "middle", soft: true })}`)}
${before ? label(plot.left, plot.bottom + 16, "before", { soft: true }) : undefined}
${label((plot.left + plot.right) / 2, height - 3, "seconds since the rollout began", { anchor: "middle", soft: true })}
${label(2, 12, "per second", { soft: true })}`
}

/** From its beginning to its end. */
const rolloutMark = ({ beganMs, endedMs }: Timeline, xOf: Axes["xOf"]): Html => {
  const tookSeconds = (endedMs - beganMs) / 1_000
  const [start, end] = [xOf(0), xOf(tookSeconds)]
  const middle = Math.min(plot.right - 52, Math.max(plot.left + 52, (start + end) / 2))
  const edges = [start, end].map(
    (x) => html`${line([x, 20], [x, plot.bottom], "halo")}${line([x, 20], [x, plot.bottom], "mark")}`,
  )
  return html`${edges}${line([start, 20], [end, 20], "mark-span")}${label(middle, 14, `rollout ${figure(tookSeconds, "s")}`, { anchor: "middle" })}`
}

/** A single failure among hundreds would not be seen in its area. */
const failureMarks = ({ series, sliceMs, beganMs }: Timeline, xOf: Axes["xOf"]): Html => {
  const marks = (series[failed] ?? []).flatMap((lost, slice) => {
    if (lost === 0) return []
    const x = xOf(((slice + 0.5) * sliceMs - beganMs) / 1_000)
    return `M${px(x)} 33l-3 -6h6Z`
  })
  return marks.length === 0 ? html`` : html`<path class="hue-failed" d="${marks.join("")}"/>`
}

const mostRows = 40

/** As many slices to a row as keep the table readable; each is in the raw numbers. */
const timelineTable = ({ way, timeline }: Trial, names: readonly string[]): Table => {
  const length = lengthOf(timeline)
  const perRow = Math.max(1, Math.ceil(length / mostRows))
  const secondsAt = (slice: number): string => ((slice * timeline.sliceMs - timeline.beganMs) / 1_000).toFixed(1)
  return {
    caption: `What answered during the update, ${way}`,
    head: ["seconds since it began", ...names.map((name) => shortened(name, 40))],
    rows: Array.from({ length: Math.ceil(length / perRow) }, (_, index) => {
      const [start, end] = [index * perRow, Math.min(length, (index + 1) * perRow)]
      return [
        `${secondsAt(start)} to ${secondsAt(end)}`,
        ...names.map((name) => {
          const sum = (timeline.series[name] ?? []).slice(start, end).reduce((total, each) => total + each, 0)
          return name === failed && sum > 0 ? { bad: count(sum) } : count(sum)
        }),
      ]
    }),
    none: "Nothing was sent.",
  }
}
