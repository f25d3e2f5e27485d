import type ICAL from "ical.js"
import { FireclayError } from "../../contract/index.ts"
import { isZone } from "../../schema/zone.ts"
import { dayMs, instantOf } from "./clock.ts"
import type { Span } from "./window.ts"

/**
 * The events of a calendar file around a time: those that are under way, and what follows within a year.
 *
 * @param at the file, for errors
 * @throws FireclayError FC_PATCH_WINDOW
 */
export const readCalendar = async (text: string, at: string, nowMs: number): Promise<readonly Span[]> => {
  // Loaded here: few fleets have a calendar.
  const { default: ical } = await import("ical.js")
  try {
    const calendar = new ical.Component(ical.parse(text) as string | unknown[])
    const zone = calendar.getFirstPropertyValue("x-wr-timezone")
    const context: Context = { ical, at, nowMs, zone: typeof zone === "string" ? zone : undefined }
    const events = calendar.getAllSubcomponents("vevent").filter((event) => !isCancelled(event))
    if (events.length === 0) throw unreadable("the calendar has no events", at)
    const spans = eventsOf(ical, events).flatMap((event) => spansOf(event, context))
    return spans.toSorted((one, other) => one.fromMs - other.fromMs)
  } catch (cause) {
    if (cause instanceof FireclayError) throw cause
    const message = cause instanceof Error ? cause.message : String(cause)
    throw unreadable(`the calendar cannot be read: ${message}`, at, cause)
  }
}

interface Context {
  readonly ical: typeof ICAL
  readonly at: string
  readonly nowMs: number
  /** For events that name none. */
  readonly zone: string | undefined
}

const unreadable = (message: string, at: string, cause?: unknown): FireclayError =>
  new FireclayError("FC_PATCH_WINDOW", message, {
    at,
    remedy: "export it again as iCalendar (RFC 5545), with the time zone of each event",
    ...(cause === undefined ? {} : { cause }),
  })

const isCancelled = (event: ICAL.Component): boolean => event.getFirstPropertyValue("status") === "CANCELLED"

/** Single changes of an event that comes again are components of their own. */
const eventsOf = (ical: typeof ICAL, components: readonly ICAL.Component[]): readonly ICAL.Event[] => {
  const changes = components.filter((component) => component.hasProperty("recurrence-id"))
  const uidOf = (component: ICAL.Component): unknown => component.getFirstPropertyValue("uid")
  return components
    .filter((component) => !changes.includes(component))
    .map((main) => {
      const exceptions = changes.filter((change) => uidOf(change) === uidOf(main))
      return new ical.Event(main, { exceptions: [...exceptions] })
    })
}

const yearMs = 366 * dayMs

/** More than a calendar for windows would have: the events of every minute are a mistake. */
const mostEvents = 10_000

const spansOf = (event: ICAL.Event, context: Context): readonly Span[] => {
  if (!event.isRecurring()) return [toSpan(event, event.startDate, event.endDate, context)]
  const spans: Span[] = []
  const iterator = event.iterator()
  for (let count = 0; count < mostEvents; count += 1) {
    const next = iterator.next() as ICAL.Time | undefined
    if (next === undefined) break
    const { item, startDate, endDate } = event.getOccurrenceDetails(next)
    const span = toSpan(item, startDate, endDate, context)
    if (span.fromMs > context.nowMs + yearMs) break
    if (span.untilMs > context.nowMs) spans.push(span)
  }
  return spans
}

const toSpan = ({ component }: ICAL.Event, start: ICAL.Time, end: ICAL.Time, context: Context): Span => {
  const zoneIn = (property: string): string | undefined =>
    component.getFirstProperty(property)?.getFirstParameter("tzid")
  const startZone = zoneIn("dtstart")
  return {
    fromMs: toInstant(start, startZone, context),
    untilMs: toInstant(end, component.hasProperty("dtend") ? zoneIn("dtend") : startZone, context),
  }
}

/** By the zone's name where the computer knows it; else by what the file itself says of the zone. */
const toInstant = (time: ICAL.Time, named: string | undefined, { ical, at, zone }: Context): number => {
  if (time.zone === ical.Timezone.utcTimezone) return time.toUnixTime() * 1000
  const name = named ?? zone
  if (name === undefined)
    throw unreadable(`the event of ${time.toString()} names no time zone, and neither does its calendar`, at)
  if (isZone(name)) return instantOf(name, time)
  if (time.zone === ical.Timezone.localTimezone) throw unreadable(`there is no time zone ${name}`, at)
  return time.toUnixTime() * 1000
}
