import { describe, expect, it } from "vitest"
import { refuseClosed } from "../../../src/core/patch/time.ts"
import type { WindowState } from "../../../src/core/patch/window.ts"
import { caught } from "../../support/catch.ts"
import { webFleet } from "../rollout-fixture.ts"

const now = Date.parse("2026-11-29T02:00:00Z")
const minutes = (count: number): string => new Date(now + count * 60_000).toISOString()
const opens = minutes(60)
const closed: WindowState = { isOpen: false, opens }

describe("a patch that takes ten minutes", () => {
  const ask = (window: WindowState, force = false) =>
    refuseClosed(webFleet("rolling"), { window, forecast: { seconds: 600 }, nowMs: now, now: force })

  it.each<readonly [string, WindowState, boolean, ReturnType<typeof ask>]>([
    ["may begin where there is no window", { isOpen: true }, false, {}],
    ["has to be done when the window closes", { isOpen: true, until: minutes(11) }, false, { untilMs: now + 660_000 }],
    ["is done at a closed window if it has to be, and that is said", closed, true, { forced: { opens } }],
    ["the same where too little is left of it", { isOpen: true, until: minutes(9) }, true, { forced: {} }],
    ["is not forced where it fits anyway", { isOpen: true, until: minutes(11) }, true, {}],
  ])("%s", (_, window, force, answer) => {
    expect(ask(window, force)).toEqual(answer)
  })

  it.each<readonly [string, WindowState, string]>([
    ["the window is closed", closed, "the window of web is closed, and opens at 2026-11-29T03:00:00.000Z"],
    ["no window comes any more", { isOpen: false }, "the window of web is closed, and does not open again"],
    [
      "too little is left of it",
      { isOpen: true, until: minutes(9) },
      "the window of web is open for another 9 min, and this takes about 10 min",
    ],
  ])("is refused where %s: FC_PATCH_CLOSED", async (_, window, message) => {
    expect(await caught(async () => ask(window))).toMatchObject({ code: "FC_PATCH_CLOSED", message })
  })
})
