/** What the clocks and calendars of a zone show. */
export interface WallTime {
  readonly year: number
  /** 1 is January. */
  readonly month: number
  readonly day: number
  readonly hour: number
  readonly minute: number
}

const formats = new Map<string, Intl.DateTimeFormat>()

const formatOf = (zone: string): Intl.DateTimeFormat => {
  const format =
    formats.get(zone) ??
    new Intl.DateTimeFormat("en-US", {
      ...{ timeZone: zone, calendar: "gregory", hourCycle: "h23" },
      ...{ year: "numeric", month: "numeric", day: "numeric", hour: "numeric", minute: "numeric" },
    })
  formats.set(zone, format)
  return format
}

export const wallTimeAt = (zone: string, ms: number): WallTime => {
  const parts = formatOf(zone).formatToParts(ms)
  const field = (type: string): number => Number(parts.find((part) => part.type === type)?.value)
  return {
    ...{ year: field("year"), month: field("month"), day: field("day") },
    ...{ hour: field("hour"), minute: field("minute") },
  }
}

/** The day of the week, 0 being Sunday, and the minute of the day. */
export const weekTimeAt = (zone: string, ms: number): { readonly day: number; readonly minute: number } => {
  const wall = wallTimeAt(zone, ms)
  return { day: new Date(asIfUtc(wall)).getUTCDay(), minute: wall.hour * 60 + wall.minute }
}

/**
 * When the clocks of a zone show a time. Of a time that they show twice the first; one that they skip is as long after the
 * change as it would have been after its beginning, as RFC 5545 has it.
 */
export const instantOf = (zone: string, wall: WallTime): number => {
  const guess = asIfUtc(wall)
  const offsetAt = (ms: number): number => asIfUtc(wallTimeAt(zone, ms)) - Math.floor(ms / minuteMs) * minuteMs
  // The change of an hour is never near to another one.
  const [before, after] = [offsetAt(guess - dayMs), offsetAt(guess + dayMs)]
  const shown = [guess - before, guess - after].filter((ms) => asIfUtc(wallTimeAt(zone, ms)) === guess)
  return shown.length === 0 ? guess - before : Math.min(...shown)
}

export const minuteMs = 60_000
export const dayMs = 24 * 60 * minuteMs

const asIfUtc = ({ year, month, day, hour, minute }: WallTime): number => Date.UTC(year, month - 1, day, hour, minute)
