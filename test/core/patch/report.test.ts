import { describe, expect, it } from "vitest"
import type { StoredEvent } from "../../../src/contract/index.ts"
import { historyOf } from "../../../src/core/audit/history.ts"
import { toReport } from "../../../src/core/patch/report.ts"

const eventsOf = (...events: readonly (readonly [string, StoredEvent["body"]])[]): readonly StoredEvent[] =>
  events.map(([kind, body], index) => ({
    ...{ number: index + 1, at: "2026-11-29T02:00:00.000Z", who: "ops@here", hash: "", fleet: "web" },
    ...{ kind, body },
  }))

const moves = [{ name: "tool", from: "1", to: "2" }]
const applied = (machine: string, more: StoredEvent["body"] = {}): readonly [string, StoredEvent["body"]] => [
  "patch.applied",
  { machine, release: 2, transaction: `${machine}-2`, moves, restarted: [], stale: [], keptFiles: [], ...more },
]
const upgraded = { moves, restarted: [], stale: [], keptFiles: [] }
const none = { moves: [], restarted: [], stale: [], keptFiles: [] }

describe("the report of a patch", () => {
  it.each<readonly [string, readonly StoredEvent[], ReturnType<typeof toReport>]>([
    ["of nothing is empty", eventsOf(["rollout.finished", { to: 2 }]), []],
    [
      "says what changed on each machine",
      eventsOf(applied("one", { restarted: ["app.service"] }), applied("two")),
      [
        { machine: "one", ...upgraded, restarted: ["app.service"], rebooted: false, undone: false },
        { machine: "two", ...upgraded, rebooted: false, undone: false },
      ],
    ],
    [
      "says what was taken back",
      eventsOf(applied("one"), ["patch.undone", { machine: "one", transaction: "one-2" }]),
      [{ machine: "one", ...upgraded, rebooted: false, undone: true }],
    ],
    [
      "says who was started anew, patched or not",
      eventsOf(applied("one"), ["patch.rebooted", { machine: "one" }], ["patch.rebooted", { machine: "two" }]),
      [
        { machine: "one", ...upgraded, rebooted: true, undone: false },
        { machine: "two", ...none, rebooted: true, undone: false },
      ],
    ],
  ])("%s", (_, events, report) => {
    expect(toReport(events)).toEqual(report)
  })
})

describe("the history", () => {
  const events = eventsOf(
    ["patch.forced", { opens: "2026-11-29T02:00:00.000Z" }],
    applied("one", { restarted: ["app.service"] }),
    ["patch.rebooted", { machine: "one" }],
    ["patch.undone", { machine: "one", transaction: "one-2" }],
  )

  it("of a machine tells of its patches", () => {
    expect(historyOf(events, "one").map(({ what }) => what)).toEqual([
      "was patched: tool 1 → 2; restarted app.service",
      "was started anew",
      "its patch was taken back",
    ])
  })

  it("of a fleet tells of all, and of what was done outside of its window", () => {
    expect(historyOf(events).map(({ who, what }) => `${who} ${what}`)).toEqual([
      "ops@here patched outside of its window, which opens 2026-11-29T02:00:00.000Z",
      "ops@here one was patched: tool 1 → 2; restarted app.service",
      "ops@here one was started anew",
      "ops@here the patch of one was taken back",
    ])
  })
})
