import type { Samples } from "./samples.ts"

/** All times are milliseconds since the load began, unless the name says otherwise. */
export interface LoadResult {
  /** ISO 8601. */
  readonly startedAt: string
  /** Until the last answer. */
  readonly durationMs: number
  readonly requests: number
  readonly failed: number
  /** How many failed for each reason: `status 503`, `ECONNRESET`, `timeout` … */
  readonly reasons: { readonly [reason: string]: number }
  /** The first failures. */
  readonly examples: readonly { readonly atMs: number; readonly reason: string }[]
  /** Longest time without a successful answer, counting from the beginning and to the end of the load. */
  readonly longestGapMs: number
  /** When that gap began. */
  readonly longestGapAtMs: number
  /** Of the successful, from when each was due. */
  readonly latencyMs: { readonly p50: number; readonly p99: number; readonly p999: number; readonly max: number }
  /** When each class was answered first and last. */
  readonly classes: { readonly [name: string]: ClassTimes }
  /** The most that the generator itself was late with a request: beyond some 50 ms its host was too busy to judge. */
  readonly lateMs: number
  readonly samples: Samples
}

export interface ClassTimes {
  readonly requests: number
  readonly firstMs: number
  readonly lastMs: number
}

/** Pure: what the samples of a load amount to. */
export const summarize = (
  samples: Samples,
  load: { readonly startedAt: string; readonly lateMs: number },
): LoadResult => {
  const rows = completions(samples)
  const good = rows.filter(({ row }) => samples.outcome[row] === 0)
  const bad = rows.filter(({ row }) => samples.outcome[row] !== 0)
  const reasons = bad.map(({ row, atMs }) => ({ atMs, reason: samples.outcomes[samples.outcome[row] ?? 0] ?? "" }))
  const endMs = rows.at(-1)?.atMs ?? 0
  return {
    startedAt: load.startedAt,
    durationMs: endMs,
    requests: samples.count,
    failed: bad.length,
    reasons: tally(reasons.map(({ reason }) => reason)),
    examples: reasons.slice(0, 5),
    ...longestGap(good, endMs),
    latencyMs: latencies(good.map(({ row }) => samples.latencyMs[row] ?? 0)),
    classes: classTimes(samples, good),
    lateMs: load.lateMs,
    samples,
  }
}

/** Seconds from `fromMs` until the first answer of a class; `undefined`: there was none. */
export const secondsToClass = (result: LoadResult, fromMs: number, name: string): number | undefined => {
  const first = answersOf(result, (each) => each === name).find(({ atMs }) => atMs >= fromMs)
  return first === undefined ? undefined : (first.atMs - fromMs) / 1000
}

/** Seconds from `fromMs` until the last answer that was not of the class: from then on all were. 0: they always were. */
export const secondsToAllOnClass = (result: LoadResult, fromMs: number, name: string): number => {
  const last = answersOf(result, (each) => each !== name).at(-1)
  return last === undefined ? 0 : Math.max(0, (last.atMs - fromMs) / 1000)
}

/** Seconds between the first answer of the new class after `fromMs` and the last of the old: how long both served. */
export const mixedSeconds = (result: LoadResult, oldClass: string, newClass: string, fromMs: number): number => {
  const first = answersOf(result, (each) => each === newClass).find(({ atMs }) => atMs >= fromMs)
  const last = answersOf(result, (each) => each === oldClass).at(-1)
  return first === undefined || last === undefined ? 0 : Math.max(0, (last.atMs - first.atMs) / 1000)
}

/** Rows of the requests that were due from one time until before another. */
export const rowsBetween = ({ samples }: LoadResult, fromMs: number, toMs: number): readonly number[] =>
  Array.from({ length: samples.count }, (_, row) => row).filter((row) => {
    const dueMs = samples.dueMs[row] ?? 0
    return dueMs >= fromMs && dueMs < toMs
  })

/** Of those of these rows that were answered well. */
export const percentilesOf = (
  { samples }: LoadResult,
  rows: readonly number[],
): Omit<LoadResult["latencyMs"], "max"> => {
  const { p50, p99, p999 } = latencies(
    rows.filter((row) => samples.outcome[row] === 0).map((row) => samples.latencyMs[row] ?? 0),
  )
  return { p50, p99, p999 }
}

/** Longest time without a successful answer, within these bounds. */
export const longestGapIn = (result: LoadResult, fromMs: number, toMs: number): number => {
  const good = answersOf(result, () => true).filter(({ atMs }) => atMs >= fromMs && atMs < toMs)
  const times = [fromMs, ...good.map(({ atMs }) => atMs), Math.min(toMs, result.durationMs)]
  return Math.max(0, ...times.slice(1).map((atMs, index) => atMs - (times[index] ?? atMs)))
}

interface Completion {
  readonly row: number
  readonly atMs: number
}

/** In the order in which they completed, which is not the order in which they were due. */
const completions = ({ count, dueMs, latencyMs }: Samples): readonly Completion[] =>
  Array.from({ length: count }, (_, row) => ({ row, atMs: (dueMs[row] ?? 0) + (latencyMs[row] ?? 0) })).sort(
    (left, right) => left.atMs - right.atMs,
  )

const answersOf = ({ samples }: LoadResult, wanted: (name: string) => boolean): readonly Completion[] =>
  completions(samples).filter(
    ({ row }) => samples.outcome[row] === 0 && wanted(samples.classes[samples.class[row] ?? 0] ?? ""),
  )

const longestGap = (
  good: readonly Completion[],
  endMs: number,
): { readonly longestGapMs: number; readonly longestGapAtMs: number } => {
  let previous = 0
  let longest = { longestGapMs: 0, longestGapAtMs: 0 }
  for (const atMs of [...good.map((each) => each.atMs), endMs]) {
    if (atMs - previous > longest.longestGapMs) longest = { longestGapMs: atMs - previous, longestGapAtMs: previous }
    previous = atMs
  }
  return longest
}

const latencies = (all: readonly number[]): LoadResult["latencyMs"] => {
  const sorted = all.toSorted((left, right) => left - right)
  const at = (share: number): number => sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? 0
  return { p50: at(0.5), p99: at(0.99), p999: at(0.999), max: at(1) }
}

const classTimes = (samples: Samples, good: readonly Completion[]): LoadResult["classes"] => {
  const times: { [name: string]: ClassTimes } = {}
  for (const { row, atMs } of good) {
    const name = samples.classes[samples.class[row] ?? 0] ?? ""
    const known = times[name]
    times[name] = { requests: (known?.requests ?? 0) + 1, firstMs: known?.firstMs ?? atMs, lastMs: atMs }
  }
  return times
}

const tally = (names: readonly string[]): { readonly [name: string]: number } => {
  const counts: { [name: string]: number } = {}
  for (const name of names) counts[name] = (counts[name] ?? 0) + 1
  return counts
}
