import type { Answer, Measure } from "../answers.ts"
import type { Comparison, Percentiles, Requests } from "../document.ts"
import { lostRuns, measureOf, sum, trialRuns } from "../measure.ts"
import { differenceOf, spreadOf } from "../statistics.ts"
import { namesOf, type Told, tell } from "../told.ts"
import { capital, wordCount, wordFigure, wordList } from "../words.ts"

/** What those saw who sent requests meanwhile. */
export const answerErrors = (comparison: Comparison): Answer => {
  const lost = measureOf(comparison, { name: "all changes, failed requests", unit: "requests" }, (way) =>
    lostRuns(comparison, way),
  )
  const told: readonly Told[] = rows.map(({ noun, unit, of }) => ({
    noun,
    measure: measureOf(comparison, { name: `update, ${noun}`, unit }, (way) =>
      trialRuns(comparison, way, "update", ({ requests }) => of(requests)),
    ),
  }))
  const nameOf = namesOf(comparison.ways)
  return {
    question: "Error rate",
    verdict: [
      ...sayLost(comparison, lost),
      ...tell(told.slice(1), { nameOf, needed: "had" }),
      ...sayNewVersion(comparison),
    ],
    measures: [lost, ...told.map(({ measure }) => measure)].filter((measure) => measure !== undefined),
  }
}

interface Row {
  readonly noun: string
  readonly unit: Measure["unit"]
  readonly of: (requests: Requests) => number
}

const phases: { readonly [phase in keyof Requests["latencyMs"]]: string } = {
  before: "before the update",
  during: "during it",
  after: "after it",
}

const percentiles: { readonly [name in keyof Percentiles]: string } = { p50: "p50", p99: "p99", p999: "p99.9" }

/** Failed ones first: they have a sentence of their own. */
const rows: readonly Row[] = [
  { noun: "failed requests", unit: "requests", of: ({ failed }) => failed },
  { noun: "slow requests", unit: "requests", of: ({ slow }) => slow },
  { noun: "longest gap between answers", unit: "ms", of: ({ longestGapMs }) => longestGapMs },
  { noun: "time with two versions", unit: "s", of: ({ mixedSeconds }) => mixedSeconds },
  ...(["before", "during", "after"] as const).flatMap((phase) =>
    (["p50", "p99", "p999"] as const).map(
      (percentile): Row => ({
        noun: `${percentiles[percentile]} ${phases[phase]}`,
        unit: "ms",
        of: ({ latencyMs }) => latencyMs[phase][percentile],
      }),
    ),
  ),
]

const sayLost = ({ ways, trials }: Comparison, lost: Measure | undefined): readonly string[] => {
  if (lost === undefined) return []
  const nameOf = namesOf(ways)
  const totals = lost.spreads.map(({ way, runs }) => {
    const sent = sum(trials.filter((trial) => trial.way === way).map(({ requests }) => requests.sent))
    return { name: nameOf(way), failed: sum(runs), of: `${wordCount(sum(runs))} of ${wordCount(sent)}` }
  })
  const [first, ...rest] = totals
  if (first === undefined) return []
  if (rest.length > 0 && totals.every(({ failed }) => failed === 0))
    return [`No way lost a request: ${totals.map(({ name, of }) => `${of} ${name}`).join(", ")}.`]
  const others = rest.map(({ name, of }) => `; ${name} ${of}`).join("")
  return [`${capital(first.name)} lost ${first.of} requests${others}${doubtOf(lost)}.`]
}

const doubtOf = ({ difference }: Measure): string => {
  if (difference.clear || difference.why === "one way") return ""
  return difference.why === "few" ? ": too few runs to tell" : ": no clear difference"
}

/** Requests before and after the update were answered by different versions, whatever the way. */
const sayNewVersion = (comparison: Comparison): readonly string[] => {
  const changed = (["p50", "p99"] as const).flatMap((percentile) => {
    const found = comparison.ways.map(({ name }) => beforeAndAfter(comparison, name, percentile))
    const [first] = found
    const isEverywhere = found.every((one) => one !== undefined && one.word === first?.word)
    return isEverywhere && first !== undefined ? [{ ...first, percentile }] : []
  })
  return (["slower", "faster"] as const).flatMap((word) => {
    const these = changed.filter((one) => one.word === word)
    const figures = these.map(
      ({ percentile, before, after }) => `${percentile} ${after} after the update, ${before} before`,
    )
    return these.length === 0 ? [] : [`The new version answers ${word}, whatever the way: ${wordList(figures)}.`]
  })
}

const beforeAndAfter = (
  comparison: Comparison,
  way: string,
  percentile: keyof Percentiles,
): { readonly word: "slower" | "faster"; readonly before: string; readonly after: string } | undefined => {
  const spreads = (["before", "after"] as const).flatMap((phase) => {
    const spread = spreadOf(
      trialRuns(comparison, way, "update", ({ requests }) => requests.latencyMs[phase][percentile]),
    )
    return spread === undefined ? [] : [{ way: phase, ...spread }]
  })
  const [before, after] = spreads.map(({ median }) => wordFigure(median, "ms"))
  const difference = differenceOf(spreads, "ms")
  if (!difference.clear || before === undefined || after === undefined) return undefined
  return { word: difference.better === "before" ? "slower" : "faster", before, after }
}
