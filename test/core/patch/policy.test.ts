import fc from "fast-check"
import { describe, expect, it } from "vitest"
import type { PatchSet, Update } from "../../../src/contract/index.ts"
import { choosePatches, type Offers, type PatchWant } from "../../../src/core/patch/policy.ts"
import { compareVersions } from "../../../src/core/patch/versions.ts"

const day = 86_400_000
const nowMs = Date.parse("2026-11-27T12:00:00Z")
const daysAgo = (days: number): string => new Date(nowMs - days * day).toISOString()

const update = (name: string, installed: string, candidate: string, more: Partial<Update> = {}): Update => ({
  ...{ name, installed, candidate, origin: "Debian/bookworm", security: false },
  ...more,
})

const secure = { origin: "Debian-Security/bookworm-security", security: true } as const

/** A machine that has what is updated, and what is added. */
const machine = (name: string, updates: readonly Update[], more: Partial<Offers> = {}): Offers => ({
  ...{ machine: name, updates, held: [], keptBack: {} },
  ...more,
  installed: { ...Object.fromEntries(updates.map((each) => [each.name, each.installed])), ...more.installed },
})

interface Row {
  readonly case: string
  readonly offers: readonly Offers[]
  readonly want?: Partial<PatchWant>
  readonly set: PatchSet
  /** Name, version, reason, and until when. */
  readonly heldBack?: readonly (readonly string[])[]
}

const rows: readonly Row[] = [
  { case: "nothing is offered", offers: [machine("a", [])], set: {} },
  {
    case: "the same is offered to all",
    offers: [machine("a", [update("x", "1", "2")]), machine("b", [update("x", "1", "2")])],
    set: { x: "2" },
  },
  {
    case: "one machine has it already, one does not have the package",
    offers: [machine("a", [update("x", "1", "2")]), machine("b", [], { installed: { x: "2" } }), machine("c", [])],
    set: { x: "2" },
  },
  {
    case: "one is offered something newer: the newest that all can get",
    offers: [machine("a", [update("x", "1", "2"), update("x", "1", "3")]), machine("b", [update("x", "1", "2")])],
    set: { x: "2" },
    heldBack: [["x", "3", "b cannot get it"]],
  },
  {
    case: "there is none that all can get",
    offers: [machine("a", [update("x", "1", "3")]), machine("b", [update("x", "1", "2")])],
    set: {},
    heldBack: [
      ["x", "3", "b cannot get it"],
      ["x", "2", "a cannot get it"],
    ],
  },
  {
    case: "one has the package and is offered nothing",
    offers: [machine("a", [update("x", "1", "2")]), machine("b", [], { installed: { x: "1" } })],
    set: {},
    heldBack: [["x", "2", "b cannot get it"]],
  },
  {
    case: "security only",
    offers: [machine("a", [update("x", "1", "2"), update("y", "1", "2", secure)])],
    want: { security: true },
    set: { y: "2" },
    heldBack: [["x", "2", "no security update"]],
  },
  {
    case: "security only, and what is newer is none",
    offers: [machine("a", [update("y", "1", "1+deb12u1", secure), update("y", "1", "2")])],
    want: { security: true },
    set: { y: "1+deb12u1" },
    heldBack: [["y", "2", "no security update"]],
  },
  {
    case: "too young; the older one will do",
    offers: [
      machine("a", [update("x", "1", "2", { since: daysAgo(5) }), update("x", "1", "3", { since: daysAgo(1) })]),
    ],
    want: { minimumAgeMs: 3 * day },
    set: { x: "2" },
    heldBack: [["x", "3", "too young", daysAgo(-2)]],
  },
  {
    case: "old enough to the millisecond, and of an unknown age",
    offers: [machine("a", [update("x", "1", "2", { since: daysAgo(3) }), update("y", "1", "2")])],
    want: { minimumAgeMs: 3 * day },
    set: { x: "2" },
    heldBack: [["y", "2", "nobody knows how old it is"]],
  },
  {
    case: "as old as the machine says that has known it longest",
    offers: [
      machine("a", [update("x", "1", "2", { since: daysAgo(1) })]),
      machine("b", [update("x", "1", "2", { since: daysAgo(4) })]),
    ],
    want: { minimumAgeMs: 3 * day },
    set: { x: "2" },
  },
  {
    case: "held by patterns",
    offers: [machine("a", [update("linux-image-amd64", "1", "2"), update("x", "1", "2"), update("xy", "1", "2")])],
    want: { hold: ["linux-*"], exclude: ["x"] },
    set: { xy: "2" },
    heldBack: [
      ["linux-image-amd64", "2", "the fleet holds linux-*"],
      ["x", "2", "--exclude x"],
    ],
  },
  {
    case: "held on one machine: on none, for they would differ",
    offers: [machine("a", [update("x", "1", "2")]), machine("b", [update("x", "1", "2")], { held: ["x"] })],
    set: {},
    heldBack: [["x", "2", "held on b"]],
  },
  {
    case: "held on a machine that has it already",
    offers: [machine("a", [update("x", "1", "2")]), machine("b", [], { installed: { x: "2" }, held: ["x"] })],
    set: { x: "2" },
  },
  {
    case: "kept back by apt, and an older one is not",
    offers: [
      machine("a", [update("x", "1", "2"), update("x", "1", "3")], { keptBack: { "x=3": "would remove y" } }),
      machine("b", [update("x", "1", "2"), update("x", "1", "3")]),
    ],
    set: { x: "2" },
    heldBack: [["x", "3", "would remove y on a"]],
  },
  {
    case: "kept back by apt",
    offers: [machine("a", [update("x", "1", "2")], { keptBack: { "x=2": "would remove y" } })],
    set: {},
    heldBack: [["x", "2", "would remove y on a"]],
  },
]

describe("choosePatches", () => {
  it.each(rows)("$case", ({ offers, want, set, heldBack = [] }) => {
    const choice = choosePatches(offers, { nowMs, ...want })
    expect(choice.set).toEqual(set)
    expect(
      choice.heldBack.map(({ name, version, reason, until }) => [
        ...[name, version, reason],
        ...(until === undefined ? [] : [until]),
      ]),
    ).toEqual(heldBack)
  })

  it("says of each update who has what", () => {
    const { taken } = choosePatches(
      [machine("a", [update("x", "1", "3", secure)]), machine("b", [update("x", "2", "3", secure)])],
      { nowMs },
    )
    expect(taken).toEqual([{ name: "x", version: "3", ...secure, machines: { a: "1", b: "2" } }])
  })

  it("says who has known an update longest", () => {
    const { taken } = choosePatches(
      [
        machine("a", [update("x", "1", "2", { since: daysAgo(1), sinceBy: "log" })]),
        machine("b", [update("x", "1", "2", { since: daysAgo(4), sinceBy: "archive" })]),
        machine("c", [update("x", "1", "2")]),
      ],
      { nowMs },
    )
    expect(taken).toMatchObject([{ since: daysAgo(4), sinceBy: "archive" }])
  })

  it("takes nobody back, and nobody to what it cannot get; what is offered is taken or held back", () => {
    const version = fc.constantFrom("1", "2", "3", "4")
    const offer = fc
      .tuple(version, fc.subarray(["1", "2", "3", "4"]), fc.boolean())
      .map(([installed, offered, held]) => {
        const newer = offered.filter((each) => compareVersions(each, installed) > 0)
        return { installed, updates: newer.map((each) => update("x", installed, each)), held: held ? ["x"] : [] }
      })
    fc.assert(
      fc.property(fc.array(offer, { minLength: 1, maxLength: 4 }), (machines) => {
        const offers = machines.map(({ installed, updates, held }, index) =>
          machine(`m${index}`, updates, { installed: { x: installed }, held }),
        )
        const { set, taken, heldBack } = choosePatches(offers, { nowMs })
        for (const { installed, updates, held } of offers) {
          const [has = "", to] = [installed.x, set.x]
          if (to === undefined || compareVersions(has, to) >= 0) continue
          expect(updates.map(({ candidate }) => candidate)).toContain(to)
          expect(held).toEqual([])
        }
        const told = [...taken, ...heldBack].map((each) => each.version)
        const newest = offers
          .flatMap(({ updates }) => updates.map(({ candidate }) => candidate))
          .toSorted()
          .at(-1)
        if (newest !== undefined) expect(told).toContain(newest)
      }),
    )
  })
})
