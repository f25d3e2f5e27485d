import { setTimeout as sleep } from "node:timers/promises"
import type { Requests, Timeline } from "../core/index.ts"
import { type LoadResult, longestGapIn, mixedSeconds, percentilesOf, rowsBetween, startLoad } from "../probes/index.ts"
import { newName, oldName, type TellApart } from "./tell-apart.ts"
import type { ComparisonWant } from "./want.ts"

/** What was done under load, and what the load saw of it. */
export interface UnderLoad<T> {
  readonly result: T
  readonly startedAt: string
  /** On the load's clock. */
  readonly beganMs: number
  readonly endedMs: number
  readonly load: LoadResult
}

/** When it began and ended, told by what is done: it may need to prepare itself. Absent: all of it. */
export interface Span {
  readonly begin: () => void
  readonly end: () => void
  /** On the load's clock. */
  readonly mark: () => number
}

/** Does something under load. */
export const underLoad = async <T>(
  url: string,
  { ratePerSecond, steadyMs }: Pick<ComparisonWant, "ratePerSecond" | "steadyMs">,
  { classify }: Pick<TellApart, "classify">,
  work: (span: Span) => Promise<T>,
): Promise<UnderLoad<T>> => {
  const load = startLoad({ url, ratePerSecond, classify })
  try {
    await sleep(steadyMs)
    let [beganMs, endedMs] = [load.mark(), Number.NaN]
    let startedAt = new Date().toISOString()
    const begin = (): void => {
      ;[beganMs, startedAt] = [load.mark(), new Date().toISOString()]
    }
    const end = (): void => {
      endedMs = load.mark()
    }
    const result = await work({ begin, end, mark: load.mark })
    if (Number.isNaN(endedMs)) end()
    await sleep(steadyMs)
    return { result, startedAt, beganMs, endedMs, load: await load.stop() }
  } catch (error) {
    await load.stop()
    throw error
  }
}

/**
 * Pure: what whoever sent requests saw from the beginning to the end of what was done.
 *
 * @param arriving the name of what was on its way in
 */
export const requestsOf = (
  { load, beganMs, endedMs }: UnderLoad<unknown>,
  { slowMs, steadyMs }: Pick<ComparisonWant, "slowMs" | "steadyMs">,
  arriving: typeof oldName | typeof newName = newName,
): Requests => {
  const leaving = arriving === newName ? oldName : newName
  const during = rowsBetween(load, beganMs, endedMs)
  const { samples } = load
  const bad = during.filter((row) => samples.outcome[row] !== 0)
  const reasons: { [reason: string]: number } = {}
  for (const row of bad) {
    const reason = samples.outcomes[samples.outcome[row] ?? 0] ?? ""
    reasons[reason] = (reasons[reason] ?? 0) + 1
  }
  return {
    sent: during.length,
    failed: bad.length,
    slow: during.filter((row) => samples.outcome[row] === 0 && (samples.latencyMs[row] ?? 0) > slowMs).length,
    reasons,
    longestGapMs: longestGapIn(load, beganMs, endedMs),
    mixedSeconds: mixedSeconds(load, leaving, arriving, beganMs),
    latencyMs: {
      // What prepares and what ends the measuring disturbs a little, and is in neither.
      before: percentilesOf(load, rowsBetween(load, 0, steadyMs)),
      during: percentilesOf(load, during),
      after: percentilesOf(load, rowsBetween(load, load.durationMs - steadyMs, Number.POSITIVE_INFINITY)),
    },
    lateMs: load.lateMs,
  }
}

/** Pure: what answered when, by when each request was due. */
export const timelineOf = ({ load, beganMs, endedMs }: UnderLoad<unknown>, sliceMs = 100): Timeline => {
  const { samples, durationMs } = load
  const slices = Math.max(1, Math.ceil((durationMs + 1) / sliceMs))
  const series: { [name: string]: number[] } = {}
  for (let row = 0; row < samples.count; row += 1) {
    const name = samples.outcome[row] === 0 ? (samples.classes[samples.class[row] ?? 0] ?? "") : "failed"
    series[name] ??= Array<number>(slices).fill(0)
    const slice = Math.min(slices - 1, Math.floor((samples.dueMs[row] ?? 0) / sliceMs))
    const counts = series[name]
    if (counts !== undefined) counts[slice] = (counts[slice] ?? 0) + 1
  }
  return { sliceMs, beganMs, endedMs, series }
}
