import fc from "fast-check"
import { describe, expect, it } from "vitest"
import type { PatchPolicy, WeeklyWindow } from "../../../src/contract/index.ts"
import { fitsIn, type Span, windowAt } from "../../../src/core/patch/window.ts"

const minuteMs = 60_000
const days = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]

const weekly = (names: readonly string[], from: string, until: string, zone = "Europe/Berlin"): WeeklyWindow => {
  const minuteOf = (time: string): number => Number(time.slice(0, 2)) * 60 + Number(time.slice(3))
  return {
    ...{ kind: "weekly", text: `${names.join(",")} ${from}-${until} ${zone}`, zone },
    ...{ days: names.map((name) => days.indexOf(name)), fromMinute: minuteOf(from), untilMinute: minuteOf(until) },
  }
}

const at = (policy: PatchPolicy, iso: string, spans: readonly Span[] = [], security = false) => {
  const { isOpen, until, opens } = windowAt(policy, spans, Date.parse(iso), security)
  return [isOpen, (until ?? opens)?.replace(":00.000Z", "Z")]
}

const sunday = weekly(["Sun"], "02:00", "04:00")
const night = weekly(["Sat"], "23:00", "01:30")
const span = (from: string, until: string): Span => ({ fromMs: Date.parse(from), untilMs: Date.parse(until) })

interface Row {
  readonly case: string
  readonly windows: readonly WeeklyWindow[]
  readonly now: string
  readonly spans?: readonly Span[]
  readonly security?: true
  readonly policy?: Partial<PatchPolicy>
  /** Whether it is open, and until when it is, or when it opens. */
  readonly says: readonly [boolean, string | undefined]
}

const rows: readonly Row[] = [
  { case: "before", windows: [sunday], now: "2026-11-27T12:00Z", says: [false, "2026-11-29T01:00Z"] },
  { case: "at its beginning", windows: [sunday], now: "2026-11-29T01:00Z", says: [true, "2026-11-29T03:00Z"] },
  { case: "in its last second", windows: [sunday], now: "2026-11-29T02:59:59Z", says: [true, "2026-11-29T03:00Z"] },
  { case: "at its end", windows: [sunday], now: "2026-11-29T03:00Z", says: [false, "2026-12-06T01:00Z"] },
  { case: "over midnight, before", windows: [night], now: "2026-11-28T22:30Z", says: [true, "2026-11-29T00:30Z"] },
  { case: "over midnight, after", windows: [night], now: "2026-11-29T00:29Z", says: [true, "2026-11-29T00:30Z"] },
  { case: "over midnight, a day late", windows: [night], now: "2026-11-29T22:30Z", says: [false, "2026-12-05T22:00Z"] },
  {
    case: "one that follows on another",
    windows: [night, weekly(["Sun"], "01:30", "05:00")],
    now: "2026-11-28T23:00Z",
    says: [true, "2026-11-29T04:00Z"],
  },
  {
    case: "the nearest of several",
    windows: [sunday, weekly(["Mon", "Fri"], "20:00", "21:00", "America/New_York")],
    now: "2026-11-27T12:00Z",
    says: [false, "2026-11-28T01:00Z"],
  },
  {
    case: "the whole day",
    windows: [weekly(["Sun"], "00:00", "24:00")],
    now: "2026-11-29T12:00Z",
    says: [true, "2026-11-29T23:00Z"],
  },
  {
    case: "on every day, all day",
    windows: [weekly(days, "00:00", "24:00")],
    now: "2026-11-29T12:00Z",
    says: [true, undefined],
  },
  {
    case: "two that leave no gap",
    windows: [weekly(days, "00:00", "12:00"), weekly(days, "11:00", "00:00")],
    now: "2026-11-29T12:00Z",
    says: [true, undefined],
  },
  // On 29 March 2026 Berlin's clocks go from 02:00 to 03:00, on 25 October from 03:00 to 02:00.
  { case: "an hour of it is skipped", windows: [sunday], now: "2026-03-28T12:00Z", says: [false, "2026-03-29T01:00Z"] },
  { case: "with an hour less", windows: [sunday], now: "2026-03-29T01:00Z", says: [true, "2026-03-29T02:00Z"] },
  {
    case: "all of it is skipped, so a week later",
    windows: [weekly(["Sun"], "02:10", "02:50")],
    now: "2026-03-28T12:00Z",
    says: [false, "2026-04-05T00:10Z"],
  },
  { case: "with an hour more", windows: [sunday], now: "2026-10-25T00:00Z", says: [true, "2026-10-25T03:00Z"] },
  {
    case: "shown twice, the first time",
    windows: [weekly(["Sun"], "02:10", "02:50")],
    now: "2026-10-25T00:10Z",
    says: [true, "2026-10-25T00:50Z"],
  },
  {
    case: "shown twice, in between",
    windows: [weekly(["Sun"], "02:10", "02:50")],
    now: "2026-10-25T00:50Z",
    says: [false, "2026-10-25T01:10Z"],
  },
  {
    case: "half an hour's change, and an offset of half an hour",
    windows: [weekly(["Sun"], "01:00", "03:00", "Australia/Lord_Howe")],
    now: "2026-10-03T14:30Z",
    says: [true, "2026-10-03T16:00Z"],
  },
  {
    case: "events",
    windows: [],
    spans: [span("2026-12-01T01:00Z", "2026-12-01T02:00Z"), span("2026-12-01T02:00Z", "2026-12-01T02:30Z")],
    now: "2026-12-01T01:30Z",
    says: [true, "2026-12-01T02:30Z"],
  },
  {
    case: "an event before the weekly one",
    windows: [sunday],
    spans: [span("2026-11-28T01:00Z", "2026-11-28T02:00Z")],
    now: "2026-11-27T12:00Z",
    says: [false, "2026-11-28T01:00Z"],
  },
  { case: "events that are over", windows: [], now: "2026-12-01T01:30Z", says: [false, undefined] },
  {
    case: "security on any day",
    windows: [sunday],
    policy: { security: "daily" },
    security: true,
    now: "2026-11-27T01:30Z",
    says: [true, "2026-11-27T03:00Z"],
  },
  {
    case: "not security, although that could be on any day",
    windows: [sunday],
    policy: { security: "daily" },
    now: "2026-11-27T01:30Z",
    says: [false, "2026-11-29T01:00Z"],
  },
]

describe("windowAt", () => {
  it.each(rows)("$case", ({ windows, policy, now, spans, security, says }) => {
    expect(at({ windows, ...policy }, now, spans, security)).toEqual(says)
  })

  it("is open where nobody spoke of windows", () => {
    expect(windowAt(undefined, [], 0)).toEqual({ isOpen: true })
    expect(windowAt({ hold: ["x"] }, [], 0)).toEqual({ isOpen: true })
  })

  it("says what clocks say that are looked at every minute", () => {
    const minutes = fc.integer({ min: 0, max: 24 * 60 - 1 })
    const window = fc
      .record({
        days: fc.subarray(days, { minLength: 1 }),
        from: minutes,
        until: minutes,
        zone: fc.constantFrom("Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "UTC"),
      })
      .filter(({ from, until }) => from !== until)
    // Around the changes of 2026.
    const day = fc.constantFrom("03-07", "03-28", "04-04", "10-03", "10-24", "10-31", "06-15")
    fc.assert(
      fc.property(fc.array(window, { minLength: 1, maxLength: 2 }), day, minutes, (described, date, minute) => {
        const nowMs = Date.parse(`2026-${date}T00:00:00Z`) + minute * minuteMs + 1_234
        const windows = described.map(({ days: names, from, until, zone }) => ({
          ...weekly(names, "00:00", "00:01", zone),
          ...{ fromMinute: from, untilMinute: until },
        }))
        const { isOpen, until, opens } = windowAt({ windows }, [], nowMs)
        const shown = (ms: number): boolean => described.some((each) => isShown(each, ms))
        expect(isOpen).toBe(shown(nowMs))
        // Several together may leave no gap.
        const changeMs = isOpen && until === undefined ? Number.POSITIVE_INFINITY : Date.parse(until ?? opens ?? "")
        expect(changeMs).toBeGreaterThan(nowMs)
        if (Number.isFinite(changeMs)) expect(shown(changeMs)).toBe(!isOpen)
        for (let ms = nowMs; ms < Math.min(changeMs, nowMs + 2 * 86_400_000); ms += minuteMs)
          if (shown(ms) !== isOpen) expect(new Date(ms).toISOString()).toBe(until ?? opens)
      }),
      { numRuns: 40 },
    )
  })
})

describe("fitsIn", () => {
  const nowMs = Date.parse("2026-11-29T02:00:00Z")
  it.each([
    ["it ends when the window does", { isOpen: true, until: "2026-11-29T03:00:00.000Z" }, 60, true],
    ["it ends a minute later", { isOpen: true, until: "2026-11-29T03:00:00.000Z" }, 61, false],
    ["there is no end", { isOpen: true }, 100_000, true],
    ["it is closed", { isOpen: false, opens: "2026-11-29T03:00:00.000Z" }, 0, false],
  ])("%s", (_, state, minutes, fits) => {
    expect(fitsIn(state, nowMs, minutes * minuteMs)).toBe(fits)
  })
})

const clocks = new Map<string, Intl.DateTimeFormat>()

/** Written another way than what is tested: by the words of a clock. */
const isShown = (
  window: { readonly days: readonly string[]; from: number; until: number; zone: string },
  ms: number,
) => {
  const clock =
    clocks.get(window.zone) ??
    new Intl.DateTimeFormat("en-GB", { timeZone: window.zone, weekday: "short", hour: "2-digit", minute: "2-digit" })
  clocks.set(window.zone, clock)
  const [, day = "", hour, minute] = /^(\w{3}),? (\d\d):(\d\d)$/.exec(clock.format(ms)) ?? []
  const now = Number(hour) * 60 + Number(minute)
  const eve = days[(days.indexOf(day) + 6) % 7] ?? ""
  const isOver = window.until <= window.from
  return isOver
    ? (window.days.includes(day) && now >= window.from) || (window.days.includes(eve) && now < window.until)
    : window.days.includes(day) && now >= window.from && now < window.until
}
