import { describe, expect, it } from "vitest"
import type { PatchPolicy } from "../../src/contract/index.ts"
import { fleet, inPlace, local, rolling, spec } from "../../src/index.ts"
import { caught } from "../support/catch.ts"

/** Whatever it is given, as JavaScript may. */
const policyOf = (patch: unknown): PatchPolicy | undefined =>
  fleet(spec("app", { resources: [] }), {
    on: local({ machines: 1 }),
    by: inPlace({ strategy: rolling() }),
    patch: patch as object,
  }).patch

const all = [0, 1, 2, 3, 4, 5, 6]

describe("patch of a fleet", () => {
  it.each<readonly [string, readonly number[], number, number, string]>([
    ["Sun 02:00-04:00 Europe/Berlin", [0], 120, 240, "Europe/Berlin"],
    ["Mon-Fri 00:00-24:00 UTC", [1, 2, 3, 4, 5], 0, 1440, "UTC"],
    ["Fri-Mon,Wed 23:30-01:15 America/New_York", [0, 1, 3, 5, 6], 1410, 75, "America/New_York"],
    ["daily 20:00-00:00 Asia/Kathmandu", all, 1200, 0, "Asia/Kathmandu"],
  ])("takes the window %s", (text, days, fromMinute, untilMinute, zone) => {
    expect(policyOf({ window: text })).toEqual({
      windows: [{ kind: "weekly", text, days, fromMinute, untilMinute, zone }],
    })
  })

  it("takes several windows, calendars among them, and all else", () => {
    const options = { security: "daily", hold: ["linux-*"], reboot: "never" } as const
    const policy = policyOf({ window: [{ ics: "a.ics" }, "Sun 02:00-04:00 UTC"], minimumAge: "3d", ...options })
    expect(policy).toMatchObject({
      windows: [
        { kind: "calendar", ics: "a.ics" },
        { kind: "weekly", zone: "UTC" },
      ],
      minimumAgeMs: 3 * 86_400_000,
      ...options,
    })
    expect(policyOf({})).toEqual({})
    expect(Object.isFrozen(policy?.windows)).toBe(true)
  })

  it.each<readonly [string, unknown, string, string, RegExp]>([
    ["hours without days", { window: "02:00-04:00 UTC" }, "FC_PATCH_WINDOW", "fleet.patch.window", /such as/],
    ["no zone", { window: "Sun 02:00-04:00" }, "FC_PATCH_WINDOW", "fleet.patch.window", /such as/],
    ["a day that there is not", { window: "Son 02:00-04:00 UTC" }, "FC_PATCH_WINDOW", "fleet.patch.window", /Mon-Fri/],
    [
      "a list of days that ends",
      { window: "Sun, 02:00-04:00 UTC" },
      "FC_PATCH_WINDOW",
      "fleet.patch.window",
      /Mon-Fri/,
    ],
    ["an hour that there is not", { window: "Sun 02:00-25:00 UTC" }, "FC_PATCH_WINDOW", "fleet.patch.window", /24:00/],
    [
      "a beginning at the end of the day",
      { window: "Sun 24:00-02:00 UTC" },
      "FC_PATCH_WINDOW",
      "fleet.patch.window",
      /24:00/,
    ],
    ["no time at all", { window: "Sun 02:00-02:00 UTC" }, "FC_PATCH_WINDOW", "fleet.patch.window", /00:00-24:00/],
    [
      "a zone that there is not, in a list",
      { window: ["Sun 02:00-04:00 UTC", "Sun 02:00-04:00 Europe/Berln"] },
      "FC_PATCH_WINDOW",
      "fleet.patch.window[1]",
      /did you mean "Europe\/Berlin"/,
    ],
    ["an empty list", { window: [] }, "FC_SPEC_VALUE", "fleet.patch.window", /^$/],
    ["an unknown key", { windows: "Sun 02:00-04:00 UTC" }, "FC_SPEC_UNKNOWN_KEY", "fleet.patch.windows", /"window"/],
    ["an age in words", { minimumAge: "three days" }, "FC_SPEC_DURATION", "fleet.patch.minimumAge", /3|example/],
    ["another rhythm", { security: "hourly" }, "FC_SPEC_VALUE", "fleet.patch.security", /^$/],
  ])("refuses %s", async (_, patch, code, at, remedy) => {
    const error = await caught(() => policyOf(patch))
    expect({ code: error.code, at: error.at }).toEqual({ code, at })
    expect(error.remedy ?? "").toMatch(remedy)
  })
})
