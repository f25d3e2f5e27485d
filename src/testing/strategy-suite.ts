import fc from "fast-check"
import { describe, expect, it } from "vitest"
import type { Delivery, Strategy, StrategyOptions } from "../contract/index.ts"
import {
  answerIsSound,
  applyMoves,
  ask,
  fewestServing,
  rollOut,
  type SimulatedView,
  servedReleases,
} from "./strategy-simulator.ts"

/** Options to test a strategy with, and what it promises with them. */
export interface StrategyCase {
  readonly options: StrategyOptions
  /** How many serve at every moment of a rollout that starts so. Absent: no promise. */
  readonly leastServing?: (start: SimulatedView) => number
  /** Two releases never serve side by side, unless they did at the start. */
  readonly unmixed?: boolean
  /** What served before stays, aside, when it is done. */
  readonly keeps?: boolean
}

/**
 * What every {@link Strategy} must do, from any start: a fleet may hold several releases in any phase, because a
 * controller was killed or a rollout failed.
 *
 * @example
 * strategySuite(rollingStrategy, [{ options: { batch: 2 }, leastServing: ({ size }) => size - 2 }])
 */
export const strategySuite = (strategy: Strategy, cases: readonly StrategyCase[]): void => {
  describe(`strategy ${strategy.name}`, () => {
    for (const delivery of strategy.deliveries)
      for (const which of cases)
        describe(`${delivery}, ${JSON.stringify(which.options)}`, () => {
          arrivalCases(strategy, which, viewOf(delivery))
          promiseCases(strategy, which, viewOf(delivery))
          interruptionCases(strategy, which, viewOf(delivery))
        })
  })
}

const arrivalCases = (
  strategy: Strategy,
  { options, keeps = false }: StrategyCase,
  views: fc.Arbitrary<SimulatedView>,
): void => {
  it("arrives at the target from anywhere, within a bound", () => {
    fc.assert(
      fc.property(views, (view) => expectArrived(rollOut(strategy, options, view).at(-1)?.after ?? view, keeps)),
    )
  })

  it("asks only for what can be done", () => {
    fc.assert(
      fc.property(views, (view) => {
        for (const { before, moves } of rollOut(strategy, options, view)) answerIsSound(before, moves)
      }),
    )
  })

  it("asks for nothing once it is there", () => {
    fc.assert(
      fc.property(views, (view) => {
        const there = rollOut(strategy, options, view).at(-1)?.after ?? view
        expect(ask(strategy, options, there)).toEqual([])
      }),
    )
  })

  it("leaves its view as it was, and answers the same to the same", () => {
    fc.assert(
      fc.property(views, (view) => {
        const copy = structuredClone(view)
        expect(ask(strategy, options, view)).toEqual(ask(strategy, options, copy))
        expect(view).toEqual(copy)
      }),
    )
  })
}

const promiseCases = (strategy: Strategy, which: StrategyCase, views: fc.Arbitrary<SimulatedView>): void => {
  const { options, leastServing } = which
  if (leastServing !== undefined)
    it("keeps as many serving as it promises", () => {
      fc.assert(
        fc.property(views, (view) => {
          for (const { before, moves } of rollOut(strategy, options, view))
            expect(fewestServing(before, moves)).toBeGreaterThanOrEqual(leastServing(view))
        }),
      )
    })

  if (which.unmixed === true)
    it("never serves two releases side by side", () => {
      fc.assert(
        fc.property(views, (view) => {
          fc.pre(servedReleases(view).size <= 1)
          for (const { after } of rollOut(strategy, options, view))
            expect(servedReleases(after).size).toBeLessThanOrEqual(1)
        }),
      )
    })
}

const interruptionCases = (
  strategy: Strategy,
  { options, keeps = false }: StrategyCase,
  views: fc.Arbitrary<SimulatedView>,
): void => {
  it("arrives also when it was cut off amid an answer", () => {
    fc.assert(
      fc.property(views, fc.nat({ max: 20 }), fc.infiniteStream(fc.boolean()), (view, answers, done) => {
        const cut = cutOff(strategy, options, view, answers, () => done.next().value === true)
        expectArrived(rollOut(strategy, options, cut).at(-1)?.after ?? cut, keeps)
      }),
    )
  })

  it("arrives also when it is turned round to another release", () => {
    fc.assert(
      fc.property(
        views,
        releases,
        fc.nat({ max: 20 }),
        fc.infiniteStream(fc.boolean()),
        (view, target, answers, done) => {
          const cut = cutOff(strategy, options, view, answers, () => done.next().value === true)
          const turned = { ...restarted(cut), target }
          expectArrived(rollOut(strategy, options, turned).at(-1)?.after ?? turned, keeps)
        },
      ),
    )
  })
}

/** Another rollout knows nothing of what this one wrote down. */
const restarted = ({ share: _, ...view }: SimulatedView): SimulatedView => ({ ...view, nowMs: 0, marks: [] })

/** A rollout up to some answer, of which only a part is done. */
const cutOff = (
  strategy: Strategy,
  options: StrategyOptions,
  view: SimulatedView,
  answers: number,
  isDone: () => boolean,
): SimulatedView => {
  const answer = rollOut(strategy, options, view)[answers]
  return answer === undefined ? view : applyMoves(answer.before, answer.moves, {}, isDone)
}

const expectArrived = (view: SimulatedView, keeps: boolean): void => {
  const [kept, rest] = [
    view.members.filter(isAside(view.target)),
    view.members.filter((member) => !isAside(view.target)(member)),
  ]
  if (!keeps) expect(kept).toEqual([])
  for (const member of rest) expect(member).toMatchObject({ release: view.target, phase: "serving" })
  if (view.delivery === "replace") expect(rest).toHaveLength(view.size)
}

const isAside =
  (target: number) =>
  ({ release, phase }: SimulatedView["members"][number]): boolean =>
    release !== target && phase !== "serving"

const releases = fc.integer({ min: 1, max: 3 })

const members = fc.array(
  fc.record({
    release: fc.option(releases, { nil: undefined, freq: 6 }),
    phase: fc.constantFrom("idle", "serving", "serving", "drained"),
  }),
  { maxLength: 8 },
)

const viewOf = (delivery: Delivery): fc.Arbitrary<SimulatedView> =>
  fc.record({ target: releases, size: fc.nat({ max: 6 }), members }).map((random) => ({
    delivery,
    nowMs: 0,
    marks: [],
    target: random.target,
    size: delivery === "replace" ? random.size : random.members.length,
    members: random.members.map((member, index) => ({ id: `m${index}`, ...member }) as const),
  }))
