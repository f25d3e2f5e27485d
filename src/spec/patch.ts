/** Days, hours and a zone. Hours may go over midnight. */
export type WeeklyWindowText = `${string} ${number}:${number}-${number}:${number} ${string}`

/** Days, hours and a zone; or a calendar file, relative to the configuration, whose events are the windows. */
export type PatchWindowOption = WeeklyWindowText | { readonly ics: string }

export interface PatchOptions {
  /**
   * When the fleet may be patched: `"Sun 02:00-04:00 Europe/Berlin"`, several of them, or the events of an iCalendar file.
   * Days are `Sun`, `Mon-Fri`, `Sat,Sun` or `daily`. Default: at any time.
   *
   * @example
   * fleet(app, { on: local({ machines: 3 }), by: inPlace({ strategy: rolling() }), patch: { window: "Sat 23:00-02:00 UTC" } })
   */
  readonly window?: PatchWindowOption | readonly PatchWindowOption[]
  /** Security updates may come on any day, in the hours of the window. */
  readonly security?: "daily"
  /** How long a version has to have been offered before it is taken: `"3d"`. Default: not at all. */
  readonly minimumAge?: string
  /** Names of packages that stay as they are, or patterns of them: `["linux-image-*"]`. */
  readonly hold?: readonly string[]
  /** Whether a machine that needs it is rebooted. Default: `"if-required"`. */
  readonly reboot?: "if-required" | "never"
}
