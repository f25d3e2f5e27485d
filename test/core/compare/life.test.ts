import { describe, expect, it } from "vitest"
import type { Json } from "../../../src/contract/index.ts"
import { type FleetLife, fleetLife } from "../../../src/core/compare/lives/life.ts"
import { livedRollouts } from "../../../src/core/compare/lives/rollouts.ts"
import { day, found, logOf, nowMs, release, rollout, type Said } from "./lives-log.ts"

const started = (at: number, id: string, more: { readonly [name: string]: Json } = {}): Said => [
  at,
  "rollout.started",
  { rollout: id, from: 1, to: 2, delivery: "in-place", ...more },
]
const ended = (at: number, id: string, how: string, more: { readonly [name: string]: Json } = {}): Said => [
  at,
  `rollout.${how}`,
  { rollout: id, from: 1, to: 2, ...more },
]

describe("livedRollouts", () => {
  it.each<readonly [string, readonly Said[], readonly string[]]>([
    ["the first", rollout(0, 1), ["first 1 finished"]],
    ["one to another release", rollout(0, 2), ["update 2 finished"]],
    ["one that goes back", rollout(0, 2, "finished", { from: 3 }), ["back 2 finished"]],
    [
      "one to a release that is newer, on purpose again",
      rollout(0, 4, "finished", {}, { back: true }),
      ["back 4 finished"],
    ],
    ["more machines", rollout(0, 2, "finished", { from: 2 }), ["again 2 finished"]],
    ["putting right", [started(0, "a", { from: 2, mends: true }), ended(1, "a", "finished")], ["repair 2 finished"]],
    [
      "taking the place of what drifted",
      [started(0, "a", { from: 2, drifted: { "web-1": "2026" } }), ended(1, "a", "finished")],
      ["repair 2 finished"],
    ],
    [
      "one that left a machine behind",
      rollout(0, 2, "finished", {}, { versions: { a: 2, b: 1 } }),
      ["update 2 partial"],
    ],
    ["one that stopped", rollout(0, 2, "stopped", {}, { code: "FC_STEP_FAILED" }), ["update 2 partial"]],
    ["one that was taken back", rollout(0, 2, "reverted", {}, { code: "FC_UNHEALTHY" }), ["update 2 reverted"]],
    ["one of an earlier Fireclay, which gave no code", rollout(0, 2, "reverted"), ["update 2 reverted"]],
    ["one that could not be taken back", rollout(0, 2, "failed"), ["update 2 failed"]],
    ["an abort", rollout(0, 2, "reverted", {}, { code: "FC_ROLLOUT_ABORTED" }), ["update 2 aborted"]],
    ["Ctrl-C", rollout(0, 2, "reverted", {}, { code: "FC_CANCELLED" }), ["update 2 aborted"]],
    ["the end of a window", rollout(0, 2, "stopped", {}, { code: "FC_PATCH_CLOSED" }), ["update 2 aborted"]],
    ["one that goes on", rollout(0, 2, null), ["update 2 under way"]],
    [
      "one whose controller died, and another that came later",
      [...rollout(0, 2, null), ...rollout(1, 3)],
      ["update 2 cut off", "update 3 finished"],
    ],
    [
      "one that another was let take over from",
      [started(0, "a"), [0, "rollout.told", { rollout: "a", word: "take-over" }], ...rollout(1, 3)],
      ["update 2 aborted", "update 3 finished"],
    ],
    [
      "one that another controller went on with",
      [started(0, "a"), started(1, "a"), ended(2, "a", "finished", { seconds: 5 })],
      ["update 2 finished"],
    ],
  ])("tells of %s", (_, said, told) => {
    expect(livedRollouts(logOf(said)).map(({ kind, to, outcome }) => `${kind} ${to} ${outcome}`)).toEqual(told)
  })

  it("counts the whole time of one that another controller went on with", () => {
    const said = [started(0, "a"), started(1, "a"), ended(2, "a", "finished", { seconds: 5 })]
    expect(livedRollouts(logOf(said))[0]?.seconds).toBe(2 * 86_400)
  })

  it("knows who waited for people, and what a measurement said", () => {
    const said: readonly Said[] = [
      started(0, "a"),
      [1, "rollout.marked", { rollout: "a", name: "step 1", verdict: "fail" }],
      [2, "rollout.told", { rollout: "a", word: "pause" }],
      ended(3, "a", "reverted"),
    ]
    expect(livedRollouts(logOf(said))[0]).toMatchObject({ waited: true, unwellAt: day(1) })
  })

  it("knows how long the image took, where one was built for it", () => {
    const said: readonly Said[] = [
      release(0, 1),
      [0.5, "image.built", { release: "sha256:1", startedAt: day(0.25) }],
      ...rollout(1, 1, "reverted", { delivery: "replace" }),
      ...rollout(2, 1, "finished", { delivery: "replace" }),
    ]
    expect(livedRollouts(logOf(said)).map(({ buildSeconds }) => buildSeconds)).toEqual([21_600, undefined])
  })
})

describe("fleetLife", () => {
  const lifeOf = (said: readonly Said[], until = 60): FleetLife => {
    const life = fleetLife("web", logOf(said), nowMs(until))
    if (life === undefined) throw new Error("no life")
    return life
  }

  it("is none where nothing was ever rolled out", () => {
    expect(fleetLife("web", logOf([release(0, 1)]), nowMs(1))).toBeUndefined()
  })

  it.each<readonly [string, readonly Said[], readonly [machines: number, months: number, until: number]]>([
    ["since its first rollout", rollout(0, 1, "finished", { seconds: 0 }), [2, 4, 60]],
    [
      "with more machines from then on",
      [
        ...rollout(0, 1, "finished", { seconds: 0 }),
        ...rollout(30, 1, "finished", { seconds: 0, from: 1, machines: 4 }),
      ],
      [4, 6, 60],
    ],
    ["until it was destroyed", [...rollout(0, 1, "finished", { seconds: 0 }), [30, "fleet.destroyed"]], [0, 2, 30]],
    [
      "again after that",
      [
        ...rollout(0, 1, "finished", { seconds: 0 }),
        [15, "fleet.destroyed"],
        ...rollout(45, 1, "finished", { seconds: 0 }),
      ],
      [2, 2, 60],
    ],
    ["with none, where the first was taken back", rollout(0, 1, "reverted"), [0, 0, 60]],
  ])("counts machines %s", (_, said, [machines, months, until]) => {
    const life = lifeOf(said)
    expect([life.machines, life.machineMonths, life.until]).toEqual([machines, months, day(until)])
  })

  it("counts what it went through as it is delivered now", () => {
    const life = lifeOf([
      ...rollout(0, 1),
      found(1, "m1", "/a"),
      ...rollout(30, 2, "finished", { delivery: "replace" }),
    ])
    expect(life).toMatchObject({ delivery: "replace", before: "in-place", since: day(30), drift: [], lookedOnDays: 0 })
    expect(life.rollouts.length).toBe(1)
  })

  it("tells how long it took until all was well again", () => {
    const { repairs } = lifeOf([
      ...rollout(0, 1, "finished", { seconds: 0 }),
      ...rollout(1, 2, "reverted", { seconds: 0 }),
      ...rollout(2, 3, "reverted", { seconds: 0, from: 1 }),
      ...rollout(4, 4, "finished", { seconds: 0, from: 1 }),
      found(5, "m1", "/a", "/b"),
      found(7, "m1"),
      ...rollout(8, 5, "failed", { seconds: 0 }),
    ])
    expect(repairs).toEqual({ drift: [2 * 86_400], rollouts: [3 * 86_400], unwell: [], outstanding: true })
  })

  it("tells how long a release that was not good stayed", () => {
    const { repairs } = lifeOf([
      started(0, "a"),
      [1, "rollout.marked", { rollout: "a", name: "step 1", verdict: "fail" }],
      ended(1.5, "a", "reverted"),
    ])
    expect(repairs.unwell).toEqual([43_200])
  })

  it("knows on how many days somebody looked, and found nothing", () => {
    const looked: readonly Said[] = [0.1, 0.2, 1, 3].map((at) => [at, "drift.looked", { machines: 2 }])
    expect(lifeOf([...rollout(0, 1), ...looked])).toMatchObject({ lookedOnDays: 3, drift: [] })
  })

  it("counts patches", () => {
    const patched = (at: number, count: number): Said => [
      at,
      "patch.applied",
      { machine: "m1", moves: Array.from({ length: count }, (_, index) => ({ name: `p${index}` })) },
    ]
    const said: readonly Said[] = [...rollout(0, 1), patched(1, 3), patched(2, 0), [3, "patch.forced"]]
    expect(lifeOf(said).patches).toEqual({ machines: 1, packages: 3, undone: 0, reboots: 0, forced: 1 })
  })

  it.each<readonly [string, readonly Said[], readonly string[]]>([
    ["files", [release(0, 1), release(1, 2)], ["files"]],
    ["a new file", [release(0, 1), release(1, 2, { "file:/etc/a": "1", "file:/etc/b": "1" })], ["files"]],
    ["a package", [release(0, 1), release(1, 2, { "file:/etc/a": "1", "package:nginx": "1" })], ["more"]],
    ["a patch", [release(0, 1), release(1, 2, { "file:/etc/a": "1", "patch:nginx": "1" })], ["packages"]],
    ["the lock", [release(0, 1), release(1, 2, { "file:/etc/a": "1" }, { lock: 1 })], ["packages"]],
    ["the base", [release(0, 1), release(1, 2, { "file:/etc/a": "1" }, { base: { os: "ubuntu" } })], ["more"]],
    ["files and a package", [release(0, 1), release(1, 2, { "file:/etc/a": "2", "package:nginx": "1" })], ["more"]],
  ])("knows that a release changed %s", (_, said, changes) => {
    expect(lifeOf([...said, ...rollout(2, 1)]).changes.map(({ what }) => what)).toEqual(changes)
  })

  it("knows volumes that one machine alone may hold", () => {
    const volumes = [
      { name: "data", path: "/data" },
      { name: "uploads", path: "/uploads", access: "shared" },
    ]
    expect(lifeOf([release(0, 1, {}, { volumes }), ...rollout(0, 1)]).exclusiveVolumes).toEqual(["data"])
  })
})
