import { describe, expect, it } from "vitest"
import type { StoredEvent } from "../../../src/contract/index.ts"
import { type Count, rateDifference, shareDifference } from "../../../src/core/compare/lives/chance.ts"
import { type ComparedLives, compareLives } from "../../../src/core/compare/lives.ts"
import { found, logOf, nowMs, release, rollout, type Said } from "./lives-log.ts"

const way = (name: string, count: number, of: number): Count => ({ way: name, count, of })

describe("shareDifference", () => {
  it.each([
    ["1 of 100 and 30 of 100", [1, 100], [30, 100], "a better"],
    ["the other way about", [30, 100], [1, 100], "b better"],
    ["none of 20 and 10 of 20", [0, 20], [10, 20], "a better"],
    ["5 of 50 and 7 of 50", [5, 50], [7, 50], "spread"],
    ["1 of 20 and none of 20: chance alone does that half of the time", [1, 20], [0, 20], "few"],
    ["none of 50 and none of 50", [0, 50], [0, 50], "equal"],
    ["3 of 3 and none of 3", [3, 3], [0, 3], "few"],
    ["nothing on one side", [0, 0], [1, 9], "few"],
  ] as const)("of %s: %s", (_, [count, of], [other, others], said) => {
    const told = shareDifference(way("a", count, of), way("b", other, others))
    expect(told.clear ? `${told.better} better` : told.why).toBe(said)
  })
})

describe("rateDifference", () => {
  it.each([
    ["40 in 10 months and 10 in 10", [40, 10], [10, 10], "b better 4"],
    ["40 in 40 months and 10 in 10: as often", [40, 40], [10, 10], "equal"],
    ["none in 10 months and 12 in 10", [0, 10], [12, 10], "a better"],
    ["3 in 10 months and none in 10", [3, 10], [0, 10], "few"],
    ["10 in 10 months and 14 in 10", [10, 10], [14, 10], "spread"],
    ["a year with 10,000 and one with 10,500", [10_000, 12], [10_500, 12], "small"],
    ["no time at all", [1, 0], [0, 1], "few"],
  ] as const)("of %s: %s", (_, [count, of], [other, others], said) => {
    const told = rateDifference(way("a", count, of), way("b", other, others))
    const factor = told.clear && told.factor !== undefined ? ` ${Math.round(told.factor)}` : ""
    expect(told.clear ? `${told.better} better${factor}` : told.why).toBe(said)
  })
})

/** So many releases, one a day, and when they are over the log is read. */
const updates = (
  count: number,
  delivery: "in-place" | "replace",
  seconds: (index: number) => number,
  end: (index: number) => string = () => "finished",
): readonly Said[] => [
  ...rollout(0, 1, "finished", { delivery }),
  ...Array.from({ length: count }, (_, index) =>
    rollout(index + 1, index + 2, end(index), {
      ...{ delivery, from: 1, seconds: seconds(index) },
    }),
  ).flat(),
]

const looks = (days: number): readonly Said[] =>
  Array.from({ length: days }, (_, index) => [index + 0.9, "drift.looked", { machines: 2 }])

const compare = (pets: readonly Said[], cattle: readonly Said[], days = 60): ComparedLives => {
  const sorted = (said: readonly Said[], fleet: string): readonly StoredEvent[] =>
    logOf(
      said.toSorted(([a], [b]) => a - b),
      fleet,
    )
  return compareLives(["pets", "cattle"], [...sorted(pets, "pets"), ...sorted(cattle, "cattle")], nowMs(days))
}

const said = ({ measures }: ComparedLives): readonly string[] =>
  measures.map(({ name, pairs }) => {
    const [{ difference } = { difference: { clear: false, why: "one way" } as const }] = pairs
    return `${name}: ${difference.clear ? difference.better : difference.why}`
  })

const advice = ({ recommendations }: ComparedLives): readonly string[] =>
  recommendations.map(
    ({ fleet, choice, rules }) => `${fleet} ${choice} ${rules.findIndex(({ decided }) => decided) + 1}`,
  )

const drifting = (times: number): readonly Said[] =>
  Array.from({ length: times }, (_, index) => [
    found(index + 1.5, "m1", `/a${index}`, `/b${index}`),
    found(index + 1.6, "m1"),
  ]).flat()

const files = (count: number): readonly Said[] => Array.from({ length: count }, (_, index) => release(index, index + 1))

describe("compareLives", () => {
  it("finds the same of two fleets that lived the same life", () => {
    const life = [...updates(10, "in-place", (index) => 10 + (index % 3)), ...looks(60)]
    const compared = compare(life, life)
    expect(said(compared)).toEqual([
      "update: equal",
      "update, building the image included: equal",
      "rollouts that failed: equal",
      "drift found: equal",
    ])
    expect(advice(compared)).toEqual(["pets either 7", "cattle either 7"])
  })

  it("says nothing of what only one of them was looked at for", () => {
    const compared = compare(
      [...updates(10, "in-place", () => 10), ...drifting(20)],
      updates(10, "replace", () => 10),
    )
    expect(compared.measures.find(({ name }) => name === "drift found")).toMatchObject({
      figures: [{ fleet: "pets", count: 20 }],
      pairs: [],
    })
    expect(advice(compared)).toEqual(["pets either 7", "cattle either 7"])
  })

  it("compares by months of machines: the older fleet may have more of everything", () => {
    const old = [...rollout(0, 1), ...drifting(20)]
    const young = [...rollout(54, 1), found(54.5, "m1", "/a"), found(55, "m1", "/b")]
    const told = (days: number): string | undefined =>
      said(compare(old, young, days)).find((each) => each.startsWith("drift found:"))
    expect(told(62)).toBe("drift found: spread")
    expect(told(60.5)).toBe("drift found: few")
  })

  it.each<readonly [string, ComparedLives, readonly string[]]>([
    [
      "drift that one way has clearly less of",
      compare(
        [...updates(10, "in-place", () => 10), ...drifting(20)],
        [...updates(10, "replace", () => 10), ...looks(60)],
      ),
      ["pets by replacement 3", "cattle by replacement 3"],
    ],
    [
      "the same between fleets of the same way",
      compare(
        [...updates(10, "in-place", () => 10), ...drifting(20)],
        [...updates(10, "in-place", () => 10), ...looks(60)],
      ),
      ["pets either 7", "cattle either 7"],
    ],
    [
      "releases that change nothing but files",
      compare(
        [...updates(10, "in-place", () => 10), ...files(6), ...drifting(2)],
        [...updates(10, "replace", () => 10), ...files(6)],
      ),
      ["pets immutable base, configuration in place 4", "cattle immutable base, configuration in place 4"],
    ],
    [
      "files alone, where nothing drifts and no image is built",
      compare(
        [...updates(10, "in-place", () => 10), ...files(6)],
        updates(10, "in-place", () => 10),
      ),
      ["pets either 7", "cattle either 7"],
    ],
    [
      "rollouts that failed more often",
      compare(
        updates(
          30,
          "in-place",
          () => 10,
          (index) => (index % 2 === 0 ? "reverted" : "finished"),
        ),
        updates(30, "replace", () => 10),
      ),
      ["pets by replacement 5", "cattle by replacement 5"],
    ],
    [
      "updates that are faster",
      compare(
        updates(10, "in-place", (index) => 10 + index / 10),
        updates(10, "replace", (index) => 60 + index / 10),
      ),
      ["pets in place 6", "cattle in place 6"],
    ],
    [
      "too little",
      compare(
        updates(2, "in-place", () => 10),
        updates(10, "replace", () => 60),
      ),
      ["pets either 2", "cattle either 7"],
    ],
    [
      "a volume for one machine",
      compare(
        [release(0, 1, {}, { volumes: [{ name: "data", path: "/data" }] }), ...rollout(0, 1)],
        updates(10, "replace", () => 60),
      ),
      ["pets in place 1", "cattle either 7"],
    ],
  ])("advises by %s", (_, compared, told) => {
    expect(advice(compared)).toEqual(told)
  })

  it("writes out every rule, what it saw, and which held", () => {
    const [pets] = compare(
      [...updates(10, "in-place", (index) => 10 + index / 10), ...drifting(20)],
      [...updates(10, "replace", (index) => 60 + index / 10), ...looks(60)],
    ).recommendations
    expect(pets?.because).toEqual([
      "pets (in place): 20 times, 5.00 per machine and month; cattle (by replacement): 0 times, 0.00 per machine and month.",
    ])
    expect(pets?.rules.map(({ held, decided }) => [held, decided])).toEqual([
      [false, false],
      [false, false],
      [true, true],
      [false, false],
      [false, false],
      [true, false],
      [false, false],
    ])
    expect(pets?.rules.every(({ saw }) => saw.endsWith("."))).toBe(true)
  })

  it("refuses a fleet to which nothing was ever rolled out", () => {
    expect(() => compare([], rollout(0, 1))).toThrow("nothing was ever rolled out to pets")
  })

  it("holds three fleets against each other, each with each", () => {
    const all = ["a", "b", "c"].flatMap((name) => logOf(rollout(0, 1), name))
    const { measures } = compareLives(["a", "b", "c"], all, nowMs(30))
    expect(measures.find(({ name }) => name === "rollouts that failed")?.pairs.map(({ fleets }) => fleets)).toEqual([
      ["a", "b"],
      ["a", "c"],
      ["b", "c"],
    ])
  })
})
