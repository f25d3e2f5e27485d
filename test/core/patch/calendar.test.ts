import { describe, expect, it } from "vitest"
import { readCalendar } from "../../../src/core/patch/calendar.ts"
import { caught } from "../../support/catch.ts"

const nowMs = Date.parse("2026-11-27T12:00:00Z")

const calendar = (...lines: readonly string[]): string =>
  ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//test//EN", ...lines, "END:VCALENDAR", ""].join("\r\n")

const event = (...lines: readonly string[]): readonly string[] => ["BEGIN:VEVENT", "UID:one", ...lines, "END:VEVENT"]

/** As `FROM/UNTIL` without seconds. */
const spans = async (text: string): Promise<readonly string[]> => {
  const read = await readCalendar(text, "windows.ics", nowMs)
  const shown = (ms: number): string => new Date(ms).toISOString().slice(0, 16)
  return read.map(({ fromMs, untilMs }) => `${shown(fromMs)}/${shown(untilMs)}`)
}

const berlin = (day: string, time: string): string => `;TZID=Europe/Berlin:${day}T${time}00`
const utc = ["DTSTART:20261201T010000Z", "DTEND:20261201T030000Z"]

/** As Outlook has it: a name that only the file itself explains. */
const outlook = [
  "BEGIN:VTIMEZONE",
  "TZID:W. Europe Standard Time",
  ...["BEGIN:STANDARD", "DTSTART:16010101T030000", "TZOFFSETFROM:+0200", "TZOFFSETTO:+0100"],
  ...["RRULE:FREQ=YEARLY;INTERVAL=1;BYDAY=-1SU;BYMONTH=10", "END:STANDARD"],
  ...["BEGIN:DAYLIGHT", "DTSTART:16010101T020000", "TZOFFSETFROM:+0100", "TZOFFSETTO:+0200"],
  ...["RRULE:FREQ=YEARLY;INTERVAL=1;BYDAY=-1SU;BYMONTH=3", "END:DAYLIGHT"],
  "END:VTIMEZONE",
]

describe("readCalendar", () => {
  it.each<readonly [string, string, readonly string[]]>([
    ["one event", calendar(...event(...utc)), ["2026-12-01T01:00/2026-12-01T03:00"]],
    [
      "one with a duration, in a zone",
      calendar(...event(`DTSTART${berlin("20261201", "0200")}`, "DURATION:PT90M")),
      ["2026-12-01T01:00/2026-12-01T02:30"],
    ],
    [
      "every week, of which one is cancelled and one moved",
      calendar(
        ...event(
          ...[
            `DTSTART${berlin("20260101", "0200")}`,
            `DTEND${berlin("20260101", "0400")}`,
            "RRULE:FREQ=WEEKLY;UNTIL=20261225T000000Z",
          ],
          `EXDATE${berlin("20261203", "0200")}`,
        ),
        ...event(
          ...[`RECURRENCE-ID${berlin("20261210", "0200")}`],
          ...[`DTSTART${berlin("20261211", "0500")}`, `DTEND${berlin("20261211", "0530")}`],
        ),
      ),
      ["2026-12-11T04:00/2026-12-11T04:30", "2026-12-17T01:00/2026-12-17T03:00", "2026-12-24T01:00/2026-12-24T03:00"],
    ],
    [
      "every day, three times, one of which is over",
      calendar(...event("DTSTART:20261126T120000Z", "DTEND:20261126T130000Z", "RRULE:FREQ=DAILY;COUNT=3")),
      ["2026-11-27T12:00/2026-11-27T13:00", "2026-11-28T12:00/2026-11-28T13:00"],
    ],
    [
      "the second Tuesday of each month, over the change of the clocks",
      calendar(
        ...event(
          ...[`DTSTART${berlin("20260113", "2200")}`, `DTEND${berlin("20260114", "0100")}`],
          "RRULE:FREQ=MONTHLY;BYDAY=2TU;UNTIL=20270501T000000Z",
        ),
      ),
      [
        "2026-12-08T21:00/2026-12-09T00:00",
        "2027-01-12T21:00/2027-01-13T00:00",
        "2027-02-09T21:00/2027-02-10T00:00",
        "2027-03-09T21:00/2027-03-10T00:00",
        "2027-04-13T20:00/2027-04-13T23:00",
      ],
    ],
    [
      "a zone that the calendar names",
      calendar("X-WR-TIMEZONE:America/New_York", ...event("DTSTART:20261201T010000", "DTEND:20261201T020000")),
      ["2026-12-01T06:00/2026-12-01T07:00"],
    ],
    [
      "a zone that the file explains",
      calendar(
        ...outlook,
        ...event(
          ...[
            "DTSTART;TZID=W. Europe Standard Time:20270401T020000",
            "DTEND;TZID=W. Europe Standard Time:20270401T030000",
          ],
        ),
      ),
      ["2027-04-01T00:00/2027-04-01T01:00"],
    ],
    [
      "whole days",
      calendar("X-WR-TIMEZONE:Europe/Berlin", ...event("DTSTART;VALUE=DATE:20261201", "DTEND;VALUE=DATE:20261202")),
      ["2026-11-30T23:00/2026-12-01T23:00"],
    ],
    [
      "not those that were called off",
      calendar(...event(...utc, "STATUS:CANCELLED"), ...event("DTSTART:20261202T010000Z", "DTEND:20261202T020000Z")),
      ["2026-12-02T01:00/2026-12-02T02:00"],
    ],
  ])("reads %s", async (_, text, expected) => {
    expect(await spans(text)).toEqual(expected)
  })

  it("looks a year ahead and no further", async () => {
    const text = calendar(...event(...utc, "RRULE:FREQ=MONTHLY"))
    expect(await spans(text)).toHaveLength(12)
  })

  it.each([
    ["what is no calendar", "hello", /cannot be read/],
    ["one without events", calendar(), /no events/],
    [
      "an event without a zone",
      calendar(...event("DTSTART:20261201T010000", "DTEND:20261201T020000")),
      /names no time zone/,
    ],
    [
      "a zone that nobody explains",
      calendar(...event("DTSTART;TZID=Nowhere:20261201T010000", "DTEND;TZID=Nowhere:20261201T020000")),
      /no time zone Nowhere/,
    ],
  ])("refuses %s", async (_, text, message) => {
    const error = await caught(() => readCalendar(text, "windows.ics", nowMs))
    expect(error).toMatchObject({ code: "FC_PATCH_WINDOW", at: "windows.ics" })
    expect(error.message).toMatch(message)
  })
})
