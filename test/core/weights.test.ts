import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { type Member, Roster } from "../../src/contract/index.ts"
import { evenWeight, weightsFor } from "../../src/core/rollout/weights.ts"

const roster = (fresh: number, old: number, baselines = 0): Roster => {
  const some = (kind: string, count: number, member: Omit<Member, "id">): readonly Member[] =>
    Array.from({ length: count }, (_, index) => ({ id: `${kind}${index}`, ...member }))
  return new Roster(2, [
    ...some("f", fresh, { release: 2, phase: "serving" }),
    ...some("o", old, { release: 1, phase: "serving" }),
    ...some("b", baselines, { release: 1, phase: "serving", baseline: true }),
  ])
}

/** Percent of all requests that members of one kind get. */
const shareOf = (weights: ReadonlyMap<string, number>, kind: string): number => {
  const sum = (of: readonly (readonly [string, number])[]) => of.reduce((total, [, weight]) => total + weight, 0)
  return (100 * sum([...weights].filter(([id]) => id.startsWith(kind)))) / sum([...weights])
}

describe("weights for a share of the requests", () => {
  it("are whole numbers from 0 to 256 that come close to it, whatever the sizes", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 99 }),
        fc.integer({ min: 1, max: 20 }),
        fc.boolean(),
        (share, old, compares) => {
          const fresh = Math.max(1, Math.ceil((old * share) / 100))
          const baselines = compares ? fresh : 0
          const weights = weightsFor(roster(fresh, old, baselines), share)
          expect(weights.size).toBe(fresh + old + baselines)
          for (const weight of weights.values())
            expect(Number.isInteger(weight) && weight >= 0 && weight <= 256).toBe(true)
          // To a tenth of itself, or to what one step of a weight is.
          expect(Math.abs(shareOf(weights, "f") - share)).toBeLessThan(Math.max(1.5, share / 10))
        },
      ),
    )
  })

  it("give members to compare with as much each as fresh ones", () => {
    const weights = weightsFor(roster(2, 4, 2), 10)
    expect(weights.get("b0")).toBe(weights.get("f0"))
    expect(Math.round(shareOf(weights, "b"))).toBe(10)
  })

  it("leave the rest of the old side half of what is left", () => {
    const weights = weightsFor(roster(1, 3, 3), 60)
    expect([shareOf(weights, "f"), shareOf(weights, "b"), shareOf(weights, "o")].map(Math.round)).toEqual([60, 20, 20])
  })

  it("are even without a share, and nothing for the old side with all of it", () => {
    expect(new Set(weightsFor(roster(2, 3, 1), undefined).values())).toEqual(new Set([evenWeight]))
    expect(shareOf(weightsFor(roster(2, 3, 1), 100), "f")).toBe(100)
  })

  it("count who is about to be admitted, and not who has left", () => {
    const members = roster(1, 2)
    members.put({ id: "f1", release: 2, phase: "idle" })
    members.put({ id: "o1", release: 1, phase: "drained" })
    const weights = weightsFor(members, 50)
    expect([...weights.keys()].toSorted()).toEqual(["f0", "f1", "o0"])
    expect(shareOf(weights, "f")).toBe(50)
  })
})
