import { describe, expect, it } from "vitest"
import type { Delivery, Member, Move, Strategy, StrategyOptions } from "../../src/contract/index.ts"
import { forecast } from "../../src/core/forecast.ts"
import { strategies } from "../../src/strategies/index.ts"

const serving = (count: number, release: number | undefined): readonly Member[] =>
  Array.from({ length: count }, (_, index) => ({ id: `m${index}`, release, phase: "serving" }))

const idle = (count: number): readonly Member[] =>
  serving(count, undefined).map((member) => ({ ...member, phase: "idle" }))

interface Row {
  readonly strategy: string
  readonly delivery: Delivery
  readonly size: number
  readonly members: readonly Member[]
  readonly batch?: StrategyOptions[string]
  readonly created?: number
  readonly updated?: number
  readonly retired?: number
  readonly peak: number
  readonly leastServing: number
  readonly rounds: number
}

const rows: readonly Row[] = [
  {
    strategy: "blue-green",
    delivery: "replace",
    size: 3,
    members: [],
    created: 3,
    peak: 3,
    leastServing: 0,
    rounds: 2,
  },
  {
    strategy: "blue-green",
    delivery: "replace",
    size: 3,
    members: serving(3, 1),
    created: 3,
    retired: 3,
    peak: 6,
    leastServing: 3,
    rounds: 3,
  },
  { strategy: "blue-green", delivery: "replace", size: 3, members: serving(3, 2), peak: 3, leastServing: 3, rounds: 0 },
  {
    strategy: "all-at-once",
    delivery: "replace",
    size: 2,
    members: serving(2, 1),
    created: 2,
    retired: 2,
    peak: 2,
    leastServing: 0,
    rounds: 4,
  },
  {
    strategy: "rolling",
    delivery: "replace",
    size: 4,
    members: serving(4, 1),
    created: 4,
    retired: 4,
    peak: 4,
    leastServing: 3,
    rounds: 16,
  },
  {
    strategy: "rolling",
    delivery: "replace",
    size: 8,
    batch: [1, "25%", "100%"],
    members: serving(8, 1),
    created: 8,
    retired: 8,
    peak: 8,
    leastServing: 3,
    rounds: 12,
  },
  {
    strategy: "rolling",
    delivery: "in-place",
    size: 8,
    batch: [1, "50%"],
    members: serving(8, 1),
    updated: 8,
    peak: 8,
    leastServing: 4,
    rounds: 9,
  },
  {
    strategy: "rolling",
    delivery: "replace",
    size: 4,
    batch: 2,
    members: serving(4, 1),
    created: 4,
    retired: 4,
    peak: 4,
    leastServing: 2,
    rounds: 8,
  },
  {
    strategy: "rolling",
    delivery: "in-place",
    size: 3,
    members: serving(3, 1),
    updated: 3,
    peak: 3,
    leastServing: 2,
    rounds: 9,
  },
  {
    strategy: "rolling",
    delivery: "in-place",
    size: 3,
    members: idle(3),
    updated: 3,
    peak: 3,
    leastServing: 0,
    rounds: 6,
  },
  {
    strategy: "all-at-once",
    delivery: "in-place",
    size: 3,
    members: serving(3, 1),
    updated: 3,
    peak: 3,
    leastServing: 0,
    rounds: 3,
  },
]

const strategyOf = (name: string): Strategy => {
  const found = strategies.find((strategy) => strategy.name === name)
  if (found === undefined) throw new Error(`no strategy ${name}`)
  return found
}

const play = ({ strategy, delivery, size, members, batch }: Row, policy = strategyOf(strategy)) =>
  forecast(policy, batch === undefined ? {} : { batch }, { delivery, target: 2, size, members })

describe("a forecast", () => {
  it.each(rows)("of $strategy $delivery, $size, from $members.length, batch $batch", (row) => {
    const { strategy: _, delivery: __, size: ___, members: ____, batch: _____, ...figures } = row
    expect(play(row)).toMatchObject({ created: 0, updated: 0, retired: 0, ...figures })
  })

  it.each(rows)("of $strategy $delivery, $size, from $members.length, never gives two members one name", (row) => {
    const views: (readonly Member[])[] = []
    const policy = strategyOf(row.strategy)
    play(row, {
      ...policy,
      next: (view, options) => {
        views.push(view.members.all())
        return policy.next(view, options)
      },
    })
    const twice = views.filter((members) => new Set(members.map(({ id }) => id)).size < members.length)
    expect(twice).toEqual([])
  })

  it("understands every move", () => {
    const script: readonly (readonly Move[])[] = [
      [{ do: "create", count: 2 }],
      [
        { do: "switch", admit: ["m1"], drain: ["m0"] },
        { do: "update", id: "m0" },
      ],
      [
        { do: "admit", id: "m0" },
        { do: "drain", id: "m1" },
      ],
      [{ do: "retire", id: "m1" }],
      [],
    ]
    const views: string[] = []
    const strategy: Strategy = {
      name: "scripted",
      deliveries: ["replace"],
      next: ({ members }) => {
        views.push(
          members
            .all()
            .map(({ id, release, phase }) => `${id}:${release}:${phase}`)
            .toSorted()
            .join(" "),
        )
        return script[views.length - 1] ?? []
      },
    }
    const members: readonly Member[] = [
      { id: "m0", release: 1, phase: "serving" },
      { id: "m1", release: 1, phase: "idle" },
    ]
    expect(forecast(strategy, {}, { delivery: "replace", target: 2, size: 2, members })).toMatchObject({
      created: 2,
      updated: 1,
      retired: 1,
      peak: 4,
      rounds: 4,
      leastServing: 1,
    })
    expect(views.map((view) => view.replaceAll(/new-[\d-]+/g, "new"))).toEqual([
      "m0:1:serving m1:1:idle",
      "m0:1:serving m1:1:idle new:2:idle new:2:idle",
      "m0:2:drained m1:1:serving new:2:idle new:2:idle",
      "m0:2:serving m1:1:drained new:2:idle new:2:idle",
      "m0:2:serving new:2:idle new:2:idle",
    ])
  })

  it("comes to an end with a policy that does not", () => {
    const strategy: Strategy = { name: "endless", deliveries: ["in-place"], next: () => [{ do: "update", id: "m0" }] }
    const { rounds } = forecast(strategy, {}, { delivery: "in-place", target: 2, size: 1, members: serving(1, 1) })
    expect(rounds).toBe(10_020)
  })
})
