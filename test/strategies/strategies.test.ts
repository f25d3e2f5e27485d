import { describe, expect, it } from "vitest"
import type { Member, MemberPhase, Move, RolloutView, Strategy } from "../../src/contract/index.ts"
import { allAtOnceStrategy } from "../../src/strategies/all-at-once.ts"
import { blueGreenStrategy } from "../../src/strategies/blue-green.ts"
import { allAtOnce, blueGreen, rolling, strategies } from "../../src/strategies/index.ts"
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

  it.each([0, -1, 1.5, Number.NaN])("refuses a batch of %s", (batch) => {
    expect(() => rolling({ batch })).toThrow(expect.objectContaining({ code: "FC_SPEC_VALUE", at: "rolling.batch" }))
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

const course = (strategy: Strategy, options: { readonly batch?: number }, view: RolloutView): readonly string[] =>
  rollOut(strategy, options, view).map(({ moves }) => moves.map(inWords).join(", "))

const inWords = (move: Move): string => {
  if (move.do === "create") return `create ${move.count}`
  if (move.do === "switch") return `switch ${move.admit.join("+")} for ${move.drain.join("+")}`
  return `${move.do} ${move.id}`
}
