import { describe, expect, it } from "vitest"
import type {
  Member,
  MemberPhase,
  Move,
  RolloutView,
  Strategy,
  StrategyFor,
  StrategyOptions,
} from "../../src/contract/index.ts"
import { replace } from "../../src/spec/index.ts"
import { allAtOnceStrategy } from "../../src/strategies/all-at-once.ts"
import { countOf } from "../../src/strategies/batches.ts"
import { blueGreenStrategy } from "../../src/strategies/blue-green.ts"
import { allAtOnce, type Batch, blueGreen, rolling, strategies } from "../../src/strategies/index.ts"
import { rollingStrategy } from "../../src/strategies/rolling.ts"
import { rollOut } from "../../src/testing/strategy-simulator.ts"
import { strategySuite } from "../../src/testing/strategy-suite.ts"

const serving = ({ members }: RolloutView): number => members.filter(({ phase }) => phase === "serving").length

strategySuite(allAtOnceStrategy, [{ options: {} }])

strategySuite(
  rollingStrategy,
  [1, 2, 3, 10].map((batch) => ({
    options: { batch },
    leastServing: (start: RolloutView) => Math.min(serving(start), Math.max(0, start.size - batch)),
  })),
)

/** The largest share of the fleet that a batch of these may be. */
const largest = (batches: readonly (number | string)[], size: number): number =>
  Math.max(...batches.map((batch) => countOf(batch as Batch, size)))

strategySuite(
  rollingStrategy,
  [["25%"], ["100%"], ["0.1%"], [1, "25%", "100%"], [3, 1], ["50%", 1, "34%"]].map((batches) => ({
    options: { batch: batches.length === 1 ? (batches[0] ?? 1) : batches },
    leastServing: (start: RolloutView) =>
      Math.min(serving(start), Math.max(0, start.size - largest(batches, start.size))),
  })),
)

strategySuite(
  rollingStrategy,
  (["reverse", "sorted", "shuffled"] as const).map((order) => ({
    options: { batch: [1, "50%"], order },
    leastServing: (start: RolloutView) =>
      Math.min(serving(start), Math.max(0, start.size - largest([1, "50%"], start.size))),
  })),
)

strategySuite(blueGreenStrategy, [
  { options: {}, unmixed: true, leastServing: (start) => Math.min(serving(start), start.size) },
])

describe("the usual course", () => {
  it("rolling, in place, one after the other", () => {
    expect(course(rollingStrategy, { batch: 1 }, inPlace("a", "b"))).toEqual([
      "drain a",
      "update a",
      "admit a",
      "drain b",
      "update b",
      "admit b",
    ])
  })

  it("rolling, in place, first takes what does not serve", () => {
    const view = inPlace("a", "b", "c")
    const members = view.members.map((member) => (member.id === "c" ? { ...member, phase: "idle" as const } : member))
    expect(course(rollingStrategy, { batch: 1 }, { ...view, members })[0]).toBe("update c")
  })

  it.each<readonly [string, unknown, readonly number[]]>([
    ["a number", 3, [3, 3, 3, 1]],
    ["a share", "25%", [2, 2, 2, 2, 2]],
    ["a share of less than one", "5%", Array(10).fill(1)],
    ["all", "100%", [10]],
    ["a list, whose last repeats", [1, "20%"], [1, 2, 2, 2, 2, 1]],
    ["a list that ends with all", [1, "25%", "100%"], [1, 2, 7]],
    ["a list that is longer than the fleet", [4, 5, 6, 7], [4, 5, 1]],
  ])("rolling in batches, %s: none begins before the one before is well", (_, batch, sizes) => {
    const ids = Array.from({ length: 10 }, (_value, index) => `m${index}`)
    const expected = ["drain", "update", "admit"]
    const seen = rollOut(rollingStrategy, { batch: batch as Batch }, inPlace(...ids))
    expect(seen.map(({ moves }) => [moves[0]?.do, moves.length])).toEqual(
      sizes.flatMap((size) => expected.map((verb) => [verb, size])),
    )
    const made = rollOut(rollingStrategy, { batch: batch as Batch }, replacing(...ids))
    expect(made.flatMap(({ moves }) => moves.flatMap((move) => (move.do === "create" ? [move.count] : [])))).toEqual(
      sizes,
    )
  })

  it("rolling in batches goes on in the one that was cut off", () => {
    const view = inPlace("a", "b", "c", "d", "e", "f")
    const members = view.members.map((member) =>
      member.id === "c" || member.id === "d" ? { ...member, release: 2 } : member,
    )
    expect(course(rollingStrategy, { batch: [1, 3] }, { ...view, members }).slice(0, 4)).toEqual([
      "drain a, drain b",
      "update a, update b",
      "admit a, admit b",
      "drain e, drain f",
    ])
  })

  it.each([
    ["listed", ["web2", "web10", "db1", "web1"]],
    ["reverse", ["web1", "db1", "web10", "web2"]],
    ["sorted", ["db1", "web1", "web2", "web10"]],
  ] as const)("rolling in place, %s", (order, expected) => {
    expect(updated({ order }, inPlace("web2", "web10", "db1", "web1"))).toEqual(expected)
  })

  it("rolling in place, shuffled: the same again for one release, another order for others", () => {
    const ids = Array.from({ length: 8 }, (_value, index) => `web${index}`)
    const at = (target: number) => updated({ order: "shuffled" }, { ...inPlace(...ids), target }).join()
    expect(at(2)).toBe(at(2))
    expect(at(2).split(",").toSorted()).toEqual(ids)
    expect(new Set([2, 3, 4, 5, 6].map(at)).size).toBe(5)
  })

  it("rolling, by replacement, two at a time", () => {
    expect(course(rollingStrategy, { batch: 2 }, replacing("a", "b", "c"))).toEqual([
      "drain a, drain b",
      "retire a, retire b",
      "create 2",
      "admit m0, admit m1",
      "drain c",
      "retire c",
      "create 1",
      "admit m2",
    ])
  })

  it("rolling, a first deployment, all together", () => {
    expect(course(rollingStrategy, {}, { ...replacing(), size: 2 })).toEqual(["create 2", "admit m0, admit m1"])
  })

  it("blue-green: a full set, one switch, then the old ones go", () => {
    expect(course(blueGreenStrategy, {}, replacing("a", "b"))).toEqual([
      "create 2",
      "switch m0+m1 for a+b",
      "retire a, retire b",
    ])
  })

  it("all at once, by replacement: the old ones go first", () => {
    expect(course(allAtOnceStrategy, {}, replacing("a", "b"))).toEqual([
      "drain a, drain b",
      "retire a, retire b",
      "create 2",
      "admit m0, admit m1",
    ])
  })

  it("all at once, in place: without draining", () => {
    expect(course(allAtOnceStrategy, {}, inPlace("a", "b"))).toEqual(["update a, update b"])
  })
})

describe("what a configuration names", () => {
  it("is frozen data that a policy of the same name stands behind", () => {
    for (const want of [allAtOnce(), rolling({ batch: 2 }), blueGreen()]) {
      expect(Object.isFrozen(want) && Object.isFrozen(want.can) && Object.isFrozen(want.options)).toBe(true)
      const policy = strategies.find(({ name }) => name === want.name)
      expect(policy?.deliveries).toEqual(want.deliveries)
      expect(Object.keys(want.can).sort()).toEqual([...want.deliveries].sort())
    }
  })

  it("keeps its options", () => {
    expect(rolling().options).toEqual({ batch: 1 })
    expect(rolling({ batch: 3 }).options).toEqual({ batch: 3 })
  })

  it.each<readonly [unknown, string]>([
    [0, "rolling.batch"],
    [-1, "rolling.batch"],
    [1.5, "rolling.batch"],
    [Number.NaN, "rolling.batch"],
    ["0%", "rolling.batch"],
    ["101%", "rolling.batch"],
    ["-5%", "rolling.batch"],
    ["half", "rolling.batch"],
    ["5", "rolling.batch"],
    [[], "rolling.batch"],
    [null, "rolling.batch"],
    [[1, "200%"], "rolling.batch[1]"],
    [[1, [2]], "rolling.batch[1]"],
  ])("refuses a batch of %j", (batch, at) => {
    expect(() => rolling({ batch: batch as Batch })).toThrow(expect.objectContaining({ code: "FC_SPEC_VALUE", at }))
  })

  it("refuses an order that there is not, and one by replacement", () => {
    expect(() => rolling({ order: "random" as "listed" })).toThrow(
      expect.objectContaining({ code: "FC_SPEC_VALUE", at: "rolling.order" }),
    )
    const ordered = rolling({ order: "sorted" })
    expect(Object.isFrozen(ordered) && Object.isFrozen(ordered.can)).toBe(true)
    expect([ordered.deliveries, ordered.options]).toEqual([["in-place"], { batch: 1, order: "sorted" }])
    expect(() => replace({ strategy: ordered as unknown as StrategyFor<"replace"> })).toThrow(
      expect.objectContaining({ code: "FC_STRATEGY_DELIVERY", at: "replace.strategy" }),
    )
  })

  it("cannot be changed behind the project's back", () => {
    const batches: Batch[] = [1, "50%"]
    const { options } = rolling({ batch: batches })
    batches[0] = 5
    expect(options).toEqual({ batch: [1, "50%"] })
    expect(Object.isFrozen(options.batch)).toBe(true)
  })

  it("refuses blue-green in place also at run time", () => {
    expect(() => blueGreenStrategy.next(inPlace("a"), {})).toThrow(
      expect.objectContaining({ code: "FC_STRATEGY_DELIVERY" }),
    )
  })
})

const old = (id: string, phase: MemberPhase = "serving"): Member => ({ id, release: 1, phase })

const inPlace = (...ids: readonly string[]): RolloutView => ({
  delivery: "in-place",
  target: 2,
  size: ids.length,
  members: ids.map((id) => old(id)),
})

const replacing = (...ids: readonly string[]): RolloutView => ({ ...inPlace(...ids), delivery: "replace" })

/** Machines in the order in which they are changed. */
const updated = (options: StrategyOptions, view: RolloutView): readonly string[] =>
  rollOut(rollingStrategy, options, view).flatMap(({ moves }) =>
    moves.flatMap((move) => (move.do === "update" ? [move.id] : [])),
  )

const course = (strategy: Strategy, options: StrategyOptions, view: RolloutView): readonly string[] =>
  rollOut(strategy, options, view).map(({ moves }) => moves.map(inWords).join(", "))

const inWords = (move: Move): string => {
  if (move.do === "create") return `create ${move.count}`
  if (move.do === "switch") return `switch ${move.admit.join("+")} for ${move.drain.join("+")}`
  return `${move.do} ${move.id}`
}
