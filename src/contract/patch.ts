/** A newer version that its sources offer of a package that a machine has. */
export interface Update {
  /** As dpkg knows it: `libssl3`, with its architecture only where it is foreign: `libssl3:i386`. */
  readonly name: string
  readonly installed: string
  readonly candidate: string
  /** Where it comes from, as the archive says: `Debian-Security/bookworm-security`, `Debian/bookworm` … */
  readonly origin: string
  readonly security: boolean
  /** Since when it can be had, or longer: ISO 8601. Absent: nobody knows. */
  readonly since?: string
  /** Who says so: the time of its file, the date of the archive that lists it, or when Fireclay first saw it. */
  readonly sinceBy?: "file" | "archive" | "log"
}

/** The versions that a patch takes packages to, the same on every machine of a fleet; a package that a machine does not have stays away. */
export type PatchSet = { readonly [name: string]: string }

/** Hours that come again every week, by the clocks of a time zone. */
export interface WeeklyWindow {
  readonly kind: "weekly"
  /** As it was written: `Sun 02:00-04:00 Europe/Berlin`. */
  readonly text: string
  /** On which days it begins: 0 is Sunday. */
  readonly days: readonly number[]
  /** Minutes of the day. Where the end is not after the beginning, it is one of the next day. */
  readonly fromMinute: number
  readonly untilMinute: number
  /** A name of the IANA's database. */
  readonly zone: string
}

/** The events of a calendar file. */
export interface CalendarWindow {
  readonly kind: "calendar"
  /** Path of a file of RFC 5545, relative to the configuration. */
  readonly ics: string
}

export type PatchWindow = WeeklyWindow | CalendarWindow

/** What may be patched on a fleet, and when. No part of a release. */
export interface PatchPolicy {
  /** Absent: at any time. */
  readonly windows?: readonly PatchWindow[]
  /** Security updates alone: on any day, in the hours of the weekly windows. */
  readonly security?: "daily"
  /** How long a version has to have been offered before it is taken. */
  readonly minimumAgeMs?: number
  /** Patterns of the names of packages that stay as they are: `linux-image-*`. */
  readonly hold?: readonly string[]
  /** Absent: `if-required`. */
  readonly reboot?: "if-required" | "never"
}
