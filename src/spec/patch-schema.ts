import { z } from "zod"
import type { CalendarWindow, PatchPolicy, WeeklyWindow } from "../contract/index.ts"
import { closest } from "../schema/closest.ts"
import { duration } from "../schema/fields.ts"
import { isZone } from "../schema/zone.ts"

const days = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]
const form = /^(\S+) (\d\d):(\d\d)-(\d\d):(\d\d) (\S+)$/

/** What is wrong with a text; `undefined`: it is a window. */
const wrongIn = (text: string): { readonly message: string; readonly remedy: string } | undefined => {
  const [, named = "", ...rest] = form.exec(text) ?? []
  const [fromHour = 0, fromMinute = 0, untilHour = 0, untilMinute = 0] = rest.slice(0, 4).map(Number)
  const zone = rest[4]
  const example = 'write days, hours and a zone, such as "Sun 02:00-04:00 Europe/Berlin"'
  if (zone === undefined) return { message: `"${text}" is not a window`, remedy: example }
  if (daysIn(named) === undefined)
    return { message: `"${named}" are no days`, remedy: "write Sun, Mon-Fri, Sat,Sun or daily" }
  const [from, until] = [fromHour * 60 + fromMinute, untilHour * 60 + untilMinute]
  if (fromMinute > 59 || untilMinute > 59 || from >= dayMinutes || until > dayMinutes)
    return { message: `"${text}" has hours that no clock shows`, remedy: "write 00:00 to 23:59, or until 24:00" }
  if (from === until) return { message: `"${text}" ends when it begins`, remedy: "for a whole day write 00:00-24:00" }
  if (isZone(zone)) return undefined
  const guess = closest(zone, Intl.supportedValuesOf("timeZone"))
  return {
    message: `there is no time zone "${zone}"`,
    remedy: guess === undefined ? "write a name such as Europe/Berlin, or UTC" : `did you mean "${guess}"?`,
  }
}

const dayMinutes = 24 * 60

/** `Mon-Fri`, `Sat,Sun`, `daily`: numbers of days. */
const daysIn = (named: string): readonly number[] | undefined => {
  if (named === "daily") return days.map((_, index) => index)
  const parts = named.split(",").map((part) => {
    const [first = -1, last = first, ...more] = part.split("-").map((day) => days.indexOf(day))
    if (first === -1 || last === -1 || more.length > 0) return undefined
    return Array.from({ length: ((last - first + 7) % 7) + 1 }, (_, index) => (first + index) % 7)
  })
  return parts.includes(undefined) ? undefined : [...new Set(parts.flatMap((part) => part ?? []))].toSorted()
}

const weeklyWindow = z
  .string()
  .check((context) => {
    const wrong = wrongIn(context.value)
    if (wrong === undefined) return
    const { message, remedy } = wrong
    const params = { code: "FC_PATCH_WINDOW", remedy }
    context.issues.push({ code: "custom", input: context.value, message, params })
  })
  .transform((text): WeeklyWindow => {
    const [, named = "", fromHour, fromMinute, untilHour, untilMinute, zone = ""] = form.exec(text) ?? []
    return {
      ...{ kind: "weekly", text, zone, days: daysIn(named) ?? [] },
      fromMinute: Number(fromHour) * 60 + Number(fromMinute),
      untilMinute: Number(untilHour) * 60 + Number(untilMinute),
    }
  })

const window = z.union([
  weeklyWindow,
  z
    .strictObject({ ics: z.string().min(1, "a path is empty") })
    .transform(({ ics }): CalendarWindow => ({ kind: "calendar", ics })),
])

export const patchSchema = z
  .strictObject({
    window: z.union([window, z.array(window).min(1, "there is no window in the list")]).optional(),
    security: z.literal("daily").optional(),
    minimumAge: duration.optional(),
    hold: z.array(z.string().min(1, "a pattern is empty")).optional(),
    reboot: z.enum(["if-required", "never"]).optional(),
  })
  .transform(
    ({ window: windows, security, minimumAge, hold, reboot }): PatchPolicy => ({
      ...(windows === undefined ? {} : { windows: [windows].flat() }),
      ...(security === undefined ? {} : { security }),
      ...(minimumAge === undefined ? {} : { minimumAgeMs: minimumAge }),
      ...(hold === undefined ? {} : { hold }),
      ...(reboot === undefined ? {} : { reboot }),
    }),
  )
