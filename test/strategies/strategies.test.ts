import { describe, expect, it } from "vitest"
import type { Member, MemberPhase, Move, Strategy, StrategyFor, StrategyOptions } from "../../src/contract/index.ts"
import { replace } from "../../src/spec/index.ts"
import { allAtOnceStrategy } from "../../src/strategies/all-at-once.ts"
import { countOf } from "../../src/strategies/batches.ts"
import { blueGreenStrategy } from "../../src/strategies/blue-green.ts"
import { canaryStrategy } from "../../src/strategies/canary.ts"
import { immutableStrategy } from "../../src/strategies/immutable.ts"
import {
  allAtOnce,
  type Batch,
  blueGreen,
  canary,
  errorRate,
  immutable,
  rolling,
  rollingWithAdditionalBatch,
  strategies,
} from "../../src/strategies/index.ts"
import { rollingStrategy } from "../../src/strategies/rolling.ts"
import { additionalBatchStrategy } from "../../src/strategies/rolling-with-additional-batch.ts"
import { ask, rollOut, type SimulatedView } from "../../src/testing/strategy-simulator.ts"
import { strategySuite } from "../../src/testing/strategy-suite.ts"

const serving = ({ members }: SimulatedView): number => members.filter(({ phase }) => phase === "serving").length

strategySuite(allAtOnceStrategy, [{ options: {} }])

strategySuite(
  rollingStrategy,
  [1, 2, 3, 10].map((batch) => ({
    options: { batch },
    leastServing: (start: SimulatedView) => Math.min(serving(start), Math.max(0, start.size - batch)),
  })),
)

/** The largest share of the fleet that a batch of these may be. */
const largest = (batches: readonly (number | string)[], size: number): number =>
  Math.max(...batches.map((batch) => countOf(batch as Batch, size)))

strategySuite(
  rollingStrategy,
  [["25%"], ["100%"], ["0.1%"], [1, "25%", "100%"], [3, 1], ["50%", 1, "34%"]].map((batches) => ({
    options: { batch: batches.length === 1 ? (batches[0] ?? 1) : batches },
    leastServing: (start: SimulatedView) =>
      Math.min(serving(start), Math.max(0, start.size - largest(batches, start.size))),
  })),
)

strategySuite(
  rollingStrategy,
  (["reverse", "sorted", "shuffled"] as const).map((order) => ({
    options: { batch: [1, "50%"], order },
    leastServing: (start: SimulatedView) =>
      Math.min(serving(start), Math.max(0, start.size - largest([1, "50%"], start.size))),
  })),
)

strategySuite(blueGreenStrategy, [
  { options: {}, unmixed: true, leastServing: (start) => Math.min(serving(start), start.size) },
])

strategySuite(blueGreenStrategy, [
  {
    options: { keepMs: 60_000 },
    unmixed: true,
    keeps: true,
    leastServing: (start) => Math.min(serving(start), start.size),
  },
  ...[{ promote: "hand" }, { promote: "time", promoteMs: 60_000 }].map((options) => ({
    options,
    unmixed: true,
    leastServing: (start: SimulatedView) => Math.min(serving(start), start.size),
  })),
])

strategySuite(
  rollingStrategy,
  [
    { batch: 3, maxUnavailable: 1 },
    { batch: [1, "50%"], maxUnavailable: "25%", pauseMs: 30_000 },
  ].map((options) => ({
    options,
    leastServing: (start: SimulatedView) =>
      Math.min(serving(start), Math.max(0, start.size - countOf(options.maxUnavailable as Batch, start.size))),
  })),
)

strategySuite(
  additionalBatchStrategy,
  [{ batch: 1 }, { batch: "50%", pauseMs: 1_000 }, { batch: [1, 3] }].map((options) => ({
    options,
    leastServing: (start: SimulatedView) => Math.min(serving(start), start.size),
  })),
)

strategySuite(
  immutableStrategy,
  [
    { first: 1, togetherMs: 0 },
    { first: 3, togetherMs: 5_000 },
  ].map((options) => ({
    options,
    leastServing: (start: SimulatedView) => Math.min(serving(start), start.size),
  })),
)

strategySuite(
  canaryStrategy,
  [
    canary(),
    canary({ gates: [] }),
    canary({ steps: [{ weight: 5 }, { weight: 30, for: "1m" }, { weight: 99, for: "90s" }], every: "20s" }),
    canary({ gates: [errorRate({ aboveBaseline: "1%" })] }),
  ].map(({ options }) => ({
    options,
    leastServing: (start: SimulatedView) =>
      Math.min(serving(start), start.delivery === "replace" ? start.size : Math.max(0, start.size - 1)),
  })),
)

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

  it("blue-green, by hand: shown at the preview port until somebody promotes it", () => {
    expect(course(blueGreenStrategy, { promote: "hand", keepMs: 1 }, replacing("a", "b"))).toEqual([
      "create 2",
      "preview m0+m1, mark previewed",
      "mark ready",
      "wait",
      "switch m0+m1 for a+b, preview ",
    ])
  })

  it("blue-green, kept: a rollback is one switch, and the time over, what was kept goes", () => {
    const kept = {
      ...replacing("a"),
      members: [old("a", "drained"), { id: "b", release: 2, phase: "serving" } as const],
    }
    const options = { keepMs: 60_000 }
    expect(course(blueGreenStrategy, options, kept)).toEqual([])
    expect(course(blueGreenStrategy, options, { ...kept, inForceMs: 59_999 })).toEqual([])
    expect(course(blueGreenStrategy, options, { ...kept, inForceMs: 60_000 })).toEqual(["retire a"])
    expect(course(blueGreenStrategy, options, { ...kept, target: 1 })).toEqual(["switch a for b"])
    expect(course(blueGreenStrategy, options, { ...kept, target: 3 })[0]).toBe("retire a, create 1")
  })

  it("rolling with an additional batch: made first, then as many leave", () => {
    expect(course(additionalBatchStrategy, { batch: 2 }, replacing("a", "b", "c"))).toEqual([
      "create 2",
      "admit m0, admit m1",
      "drain a, drain b",
      "retire a, retire b",
      "create 1",
      "admit m2",
      "drain c",
      "retire c",
    ])
  })

  it("rolling with a pause between its batches", () => {
    expect(course(rollingStrategy, { batch: 1, pauseMs: 1_000 }, inPlace("a", "b"))).toEqual([
      "drain a",
      "update a",
      "admit a",
      "mark batch:1",
      "wait",
      "drain b",
      "update b",
      "admit b",
    ])
  })

  it("immutable: one first, then the rest; joined, then alone", () => {
    expect(course(immutableStrategy, { first: 1, togetherMs: 1 }, replacing("a", "b", "c"))).toEqual([
      "create 1",
      "admit m0, create 2",
      "admit m1, admit m2",
      "mark joined",
      "wait",
      "drain a, drain b, drain c",
      "retire a, retire b, retire c",
    ])
  })

  const small = canary({ steps: [{ weight: 25, for: "20s" }, { weight: 50 }], every: "10s" }).options

  it("canary, by replacement: a share of the requests, measured; then all of them", () => {
    expect(course(canaryStrategy, small, replacing("a", "b"))).toEqual([
      "create 1",
      "weigh 25",
      "admit m0",
      "mark begun:0",
      "measure step:0",
      "measure step:0",
      "mark passed:0",
      "weigh 50",
      "mark begun:1",
      ...Array(10).fill("measure step:1"),
      "mark passed:1",
      "create 1",
      "admit m1",
      "weigh 100",
      "drain a, drain b",
      "retire a, retire b",
    ])
  })

  it("canary, with a fresh baseline", () => {
    const { options } = canary({ steps: [{ weight: 10, for: "1m" }], gates: [errorRate({ aboveBaseline: "1%" })] })
    expect(course(canaryStrategy, options, replacing("a", "b"))).toEqual([
      "create 1, create 1 to compare with",
      "weigh 10",
      "admit m0, admit m1",
      "mark begun:0",
      "measure step:0",
      "measure step:0",
      "mark passed:0",
      "create 1",
      "admit m2",
      "weigh 100",
      "drain a, drain b, drain m1",
      "retire a, retire b, retire m1",
    ])
  })

  it("canary, in place: as many machines as the share, one after the other", () => {
    const { options } = canary({ steps: [{ weight: 50, for: "1m" }], gates: [] })
    expect(course(canaryStrategy, options, inPlace("a", "b", "c"))).toEqual([
      "drain a",
      "update a",
      "weigh 50",
      "admit a",
      "drain b",
      "update b",
      "admit b",
      "mark begun:0",
      "wait",
      "mark passed:0",
      "weigh null",
      "drain c",
      "update c",
      "admit c",
    ])
  })

  const verdicts = (...words: readonly ("pass" | "fail" | "inconclusive")[]) => {
    const rest = [...words]
    return { verdict: () => rest.shift() ?? "pass" }
  }
  const one = canary({ steps: [{ weight: 50, for: "20s" }], every: "10s" }).options
  const measured = (world: Parameters<typeof rollOut>[3]): readonly string[] =>
    rollOut(canaryStrategy, one, replacing("a", "b"), world)
      .flatMap(({ moves }) => moves.map(inWords))
      .slice(4)

  it("canary: a gate that fails ends it at once", () => {
    expect(measured(verdicts("fail"))).toEqual(["measure step:0", "fail"])
    expect(measured(verdicts("pass", "fail"))).toEqual(["measure step:0", "measure step:0", "fail"])
  })

  it("canary: without traffic it is inconclusive and waits; resume measures again, promote goes on", () => {
    const nothing = ["measure step:0", "measure step:0", "wait"]
    expect(measured(verdicts("inconclusive", "inconclusive")).slice(0, 4)).toEqual([...nothing, "mark passed:0"])
    const resumed = { ...verdicts("inconclusive", "inconclusive", "pass"), word: () => "resume" }
    expect(measured(resumed).slice(0, 5)).toEqual([...nothing, "measure step:0", "mark passed:0"])
    expect(measured(verdicts("inconclusive", "pass")).slice(0, 3)).toEqual([
      "measure step:0",
      "measure step:0",
      "mark passed:0",
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

  it("all at once, in place: none is changed while one serves", () => {
    expect(course(allAtOnceStrategy, {}, inPlace("a", "b"))).toEqual([
      "drain a, drain b",
      "update a, update b",
      "admit a, admit b",
    ])
  })
})

describe("what a configuration names", () => {
  it("is frozen data that a policy of the same name stands behind", () => {
    const wants = [
      allAtOnce(),
      rolling({ batch: 2 }),
      rollingWithAdditionalBatch(),
      immutable(),
      blueGreen({ keep: "1m", promote: "hand" }),
      canary(),
    ]
    expect(wants.map(({ name }) => name)).toEqual(strategies.map(({ name }) => name))
    for (const want of wants) {
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
    expect(() => ask(blueGreenStrategy, {}, inPlace("a"))).toThrow(
      expect.objectContaining({ code: "FC_STRATEGY_DELIVERY" }),
    )
  })
})

const old = (id: string, phase: MemberPhase = "serving"): Member => ({ id, release: 1, phase })

const inPlace = (...ids: readonly string[]): SimulatedView => ({
  delivery: "in-place",
  target: 2,
  size: ids.length,
  nowMs: 0,
  marks: [],
  members: ids.map((id) => old(id)),
})

const replacing = (...ids: readonly string[]): SimulatedView => ({ ...inPlace(...ids), delivery: "replace" })

/** Machines in the order in which they are changed. */
const updated = (options: StrategyOptions, view: SimulatedView): readonly string[] =>
  rollOut(rollingStrategy, options, view).flatMap(({ moves }) =>
    moves.flatMap((move) => (move.do === "update" ? [move.id] : [])),
  )

const course = (strategy: Strategy, options: StrategyOptions, view: SimulatedView): readonly string[] =>
  rollOut(strategy, options, view).map(({ moves }) => moves.map(inWords).join(", "))

const inWords = (move: Move): string => {
  if (move.do === "create") return `create ${move.count}${move.baseline === true ? " to compare with" : ""}`
  if (move.do === "switch") return `switch ${move.admit.join("+")} for ${move.drain.join("+")}`
  if (move.do === "weigh") return `weigh ${move.share}`
  if (move.do === "preview") return `preview ${move.ids.join("+")}`
  if (move.do === "mark" || move.do === "measure") return `${move.do} ${move.name}`
  if (move.do === "wait" || move.do === "fail") return move.do
  return `${move.do} ${move.id}`
}
