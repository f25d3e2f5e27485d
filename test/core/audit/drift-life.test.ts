import { describe, expect, it } from "vitest"
import type { Json, StoredEvent } from "../../../src/contract/index.ts"
import { driftLives } from "../../../src/core/audit/drift-life.ts"

type Said = readonly [kind: string, body: { readonly [name: string]: Json }]

const logOf = (said: readonly Said[]): readonly StoredEvent[] =>
  said.map(([kind, body], index) => ({
    ...{ number: index + 1, at: `2026-11-27T00:00:0${index + 1}Z`, fleet: "web", who: "ann@laptop", hash: "" },
    ...{ kind, body },
  }))

const found = (machine: string, ...undeclared: readonly string[]): Said => [
  "drift.found",
  {
    machine,
    release: 1,
    declared: [],
    undeclared: undeclared.map((what) => ({ kind: "file", what, change: "added" })),
  },
]

describe("driftLives", () => {
  it.each<readonly [string, readonly Said[], readonly string[]]>([
    ["what is there still", [found("web1", "/a")], ["web1 file /a 1 still there"]],
    ["what is gone by itself", [found("web1", "/a"), found("web1")], ["web1 file /a 1 gone 2"]],
    [
      "what was put right",
      [found("web1", "/a", "/b"), ["drift.fixed", { machine: "web1" }], found("web1", "/b")],
      ["web1 file /b 1 still there", "web1 file /a 1 fixed 2 ann@laptop"].toSorted().reverse(),
    ],
    [
      "what a rollout put right, which is looked at before it is told",
      [
        found("web1", "/a"),
        ["rollout.started", { rollout: "a", from: 1, to: 1, mends: true }],
        ["rollout.finished", { rollout: "a", to: 1 }],
        found("web1"),
        ["drift.fixed", { machine: "web1" }],
      ],
      ["web1 file /a 1 fixed 3 ann@laptop"],
    ],
    [
      "what another machine's answer says nothing of",
      [found("web1", "/a"), ["drift.adopted", { machine: "web2" }], found("web1")],
      ["web1 file /a 1 gone 3"],
    ],
    [
      "a machine that was replaced, and is not there to be looked at",
      [found("web-r1-1", "/a"), ["drift.replaced", { machine: "web-r1-1" }]],
      ["web-r1-1 file /a 1 replaced 2 ann@laptop"],
    ],
    [
      "one that was replaced by a rollout to the same release",
      [found("web-r1-1", "/a"), ["drift.replaced", { machine: "web-r1-1" }], ["rollout.finished", { to: 1 }]],
      ["web-r1-1 file /a 1 replaced 2 ann@laptop"],
    ],
    [
      "what a delivery took away",
      [found("web1", "/a"), ["rollout.finished", { to: 2 }], found("web1")],
      ["web1 file /a 1 delivered 2 ann@laptop"],
    ],
    [
      "what came again",
      [found("web1", "/a"), found("web1"), found("web1", "/a")],
      ["web1 file /a 1 gone 2", "web1 file /a 3 still there"],
    ],
    [
      "what was only seen",
      [["drift.seen", { machine: "web1", kind: "program", what: "/tmp/x" }]],
      ["web1 program /tmp/x 1 seen"],
    ],
    [
      "resources",
      [["drift.found", { machine: "web1", declared: ["file:/etc/motd"], undeclared: [] }]],
      ["web1 file:/etc/motd 1 still there"],
    ],
    [
      "nothing of an event that says nothing",
      [
        ["drift.found", {}],
        ["drift.found", { machine: "web1" }],
      ],
      [],
    ],
  ])("tells of %s", (_, said, told) => {
    const lives = driftLives(logOf(said)).map(({ machine, what, foundAt, became, at, who }) =>
      [machine, what, foundAt.slice(18, 19), became, at?.slice(18, 19), who]
        .filter((word) => word !== undefined)
        .join(" "),
    )
    expect(lives.toSorted()).toEqual(told.toSorted())
  })
})
