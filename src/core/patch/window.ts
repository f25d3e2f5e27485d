import type { PatchPolicy, WeeklyWindow } from "../../contract/index.ts"
import { dayMs, minuteMs, weekTimeAt } from "./clock.ts"

/** Times from one moment until before another: milliseconds since 1970. */
export interface Span {
  readonly fromMs: number
  readonly untilMs: number
}

/** Whether a fleet may be patched now. */
export interface WindowState {
  readonly isOpen: boolean
  /** ISO 8601. Absent: there is no end, or it is not known. */
  readonly until?: string
  /** When it opens, where it is closed. Absent: not within a year, as far as anybody knows. */
  readonly opens?: string
}

/**
 * Pure.
 *
 * @param spans what the calendars among the windows say of the time around now
 * @param security whether only security updates are to be delivered
 */
export const windowAt = (
  policy: PatchPolicy | undefined,
  spans: readonly Span[],
  nowMs: number,
  security = false,
): WindowState => {
  if (policy?.windows === undefined) return { isOpen: true }
  const daily = security && policy.security === "daily"
  const openings = [
    ...policy.windows.flatMap((window) => (window.kind === "weekly" ? [weekly(window, daily)] : [])),
    ...spans.map(once),
  ]
  const untilMs = endOf(openings, nowMs)
  if (untilMs !== undefined) return { isOpen: true, ...(Number.isFinite(untilMs) ? { until: isoOf(untilMs) } : {}) }
  const opensMs = Math.min(...openings.map((opening) => opening.after(nowMs) ?? Number.POSITIVE_INFINITY))
  return { isOpen: false, ...(Number.isFinite(opensMs) ? { opens: isoOf(opensMs) } : {}) }
}

/** Whether what takes so long can be begun and ended before the window closes. */
export const fitsIn = ({ isOpen, until }: WindowState, nowMs: number, durationMs: number): boolean =>
  isOpen && (until === undefined || nowMs + durationMs <= Date.parse(until))

const isoOf = (ms: number): string => new Date(ms).toISOString()

/** Something that opens and closes. */
interface Opening {
  /** When it closes, where it is open; `undefined`: it is closed. */
  readonly end: (ms: number) => number | undefined
  /** When it opens next, where it is closed. */
  readonly after: (ms: number) => number | undefined
}

/** Where one closes while another is open, the end is that of the other. What does not end for so long has none. */
const endOf = (openings: readonly Opening[], nowMs: number): number | undefined => {
  let endMs: number | undefined
  for (;;) {
    const ms = endMs ?? nowMs
    const ends = openings.flatMap((opening) => opening.end(ms) ?? [])
    if (ends.length === 0) return endMs
    endMs = Math.max(...ends)
    if (endMs - nowMs > horizonMs) return Number.POSITIVE_INFINITY
  }
}

const once = ({ fromMs, untilMs }: Span): Opening => ({
  end: (ms) => (fromMs <= ms && ms < untilMs ? untilMs : undefined),
  after: (ms) => (fromMs > ms ? fromMs : undefined),
})

/** A window of one day a week may be skipped, with the hour that is skipped in spring. */
const horizonMs = 15 * dayMs

/** What the clocks show is what counts: an hour that they show twice is open twice, and one that they skip is not. */
const weekly = (window: WeeklyWindow, daily: boolean): Opening => {
  const { zone, fromMinute, untilMinute } = window
  const days = new Set(daily ? [0, 1, 2, 3, 4, 5, 6] : window.days)
  const isOpen = (ms: number): boolean => {
    const { day, minute } = weekTimeAt(zone, ms)
    if (fromMinute < untilMinute) return days.has(day) && fromMinute <= minute && minute < untilMinute
    return (days.has(day) && fromMinute <= minute) || (days.has((day + 6) % 7) && minute < untilMinute)
  }
  const change = (fromMs: number, to: boolean): number | undefined => {
    for (let ms = nextLook(window, fromMs); ms <= fromMs + horizonMs; ms = nextLook(window, ms))
      if (isOpen(ms) === to) return ms
    return undefined
  }
  return {
    end: (ms) => (isOpen(ms) ? (change(ms, false) ?? Number.POSITIVE_INFINITY) : undefined),
    after: (ms) => change(ms, true),
  }
}

const quarterMs = 15 * minuteMs

/** The next moment at which it may open or close: clocks are changed at full quarters of an hour. */
const nextLook = ({ zone, fromMinute, untilMinute }: WeeklyWindow, ms: number): number => {
  const startMs = Math.floor(ms / minuteMs) * minuteMs
  const { minute } = weekTimeAt(zone, startMs)
  const steps = [fromMinute, untilMinute, 24 * 60].map((edge) => edge - minute).filter((step) => step > 0)
  return Math.min(startMs + Math.min(...steps) * minuteMs, (Math.floor(startMs / quarterMs) + 1) * quarterMs)
}
