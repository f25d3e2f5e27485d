import { FireclayError, type Fleet } from "../../contract/index.ts"
import { type Forecast, unknownPace } from "../forecast.ts"
import type { FleetRecord } from "../ledger.ts"
import { fitsIn, type WindowState } from "./window.ts"

/**
 * Refuses what by the pace of the last rollout would not come to its end in time.
 *
 * @throws FireclayError FC_PATCH_CLOSED
 */
export const refuseLate = (
  { name, by }: Fleet,
  { pace = unknownPace }: FleetRecord,
  nowMs: number,
  untilMs: number | undefined,
): void => {
  // Instances of the old release and of the new one side by side are nothing to stop at.
  if (untilMs === undefined || by.delivery === "replace") return
  const batchMs = pace.drain + pace.update + pace.admit + (by.settleMs ?? 0)
  if (nowMs + batchMs <= untilMs) return
  throw new FireclayError(
    "FC_PATCH_CLOSED",
    `the window is open for another ${seconds(untilMs - nowMs)}, and the next machines take about ${seconds(batchMs)}`,
    { at: `fleets.${name}.patch.window`, remedy: `go on in the next window: fireclay patch ${name}` },
  )
}

/** In words that a person can use: `40 s`, `12 min`. */
export const seconds = (ms: number): string => {
  const whole = Math.max(0, Math.round(ms / 1000))
  return whole < 120 ? `${whole} s` : `${Math.round(whole / 60)} min`
}

export interface WindowWant {
  readonly window: WindowState
  readonly forecast: Pick<Forecast, "seconds">
  readonly nowMs: number
  /** Whatever the window says. */
  readonly now: boolean
}

/** The time that a patch has. */
export interface PatchTime {
  /** When it has to be done: milliseconds since 1970. Absent: whenever. */
  readonly untilMs?: number
  /** Somebody said that it is done although the window is closed, or about to be; and when it opens: ISO 8601. */
  readonly forced?: { readonly opens?: string }
}

/**
 * Pure: until when a patch has to be done.
 *
 * @throws FireclayError FC_PATCH_CLOSED: the window is closed, or what is left of it is too short
 */
export const refuseClosed = ({ name }: Fleet, { window, forecast, nowMs, now }: WindowWant): PatchTime => {
  const { isOpen, until, opens } = window
  const needsMs = forecast.seconds * 1000
  const fits = fitsIn(window, nowMs, needsMs)
  if (now) return fits ? {} : { forced: opens === undefined ? {} : { opens } }
  if (fits) return until === undefined ? {} : { untilMs: Date.parse(until) }
  const message = isOpen
    ? `the window of ${name} is open for another ${seconds(Date.parse(until ?? "") - nowMs)}, and this takes about ${seconds(needsMs)}`
    : `the window of ${name} is closed, and ${opens === undefined ? "does not open again" : `opens at ${opens}`}`
  throw new FireclayError("FC_PATCH_CLOSED", message, {
    at: `fleets.${name}.patch.window`,
    remedy: "wait for it; what cannot wait is done with --now, which the log remembers",
  })
}
