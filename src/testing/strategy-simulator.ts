import { expect } from "vitest"
import type { Member, MemberPhase, Move, RolloutView, Strategy, StrategyOptions } from "../contract/index.ts"

/** One answer of a policy, with the fleet before and after it. */
export interface SimulatedAnswer {
  readonly before: RolloutView
  readonly moves: readonly Move[]
  readonly after: RolloutView
}

/** Follows a policy until it asks for nothing more. Fails when that takes longer than any sound policy needs. */
export const rollOut = (
  strategy: Strategy,
  options: StrategyOptions,
  start: RolloutView,
): readonly SimulatedAnswer[] => {
  const bound = 4 * (start.members.length + start.size) + 8
  const answers: SimulatedAnswer[] = []
  for (let view = start; ; ) {
    const moves = strategy.next(view, options)
    if (moves.length === 0) return answers
    const after = applyMoves(view, moves)
    answers.push({ before: view, moves, after })
    expect(answers.length, `${strategy.name} goes on after ${bound} answers`).toBeLessThanOrEqual(bound)
    view = after
  }
}

/** The fleet after an answer. `isDone` is asked for each single thing: a killed controller leaves some undone. */
export const applyMoves = (
  view: RolloutView,
  moves: readonly Move[],
  isDone: () => boolean = () => true,
): RolloutView => moves.reduce((before, move) => singles(move).filter(isDone).reduce(applyOne, before), view)

/** How many serve at the worst moment of an answer, whose moves may happen in any order. A switch happens at once. */
export const fewestServing = (view: RolloutView, moves: readonly Move[]): number => {
  const leaving = moves.filter((move) => move.do === "drain" || (move.do === "update" && isServing(view, move.id)))
  const gains = moves.flatMap((move) => (move.do === "switch" ? [move.admit.length - move.drain.length] : []))
  const lost = gains.filter((gain) => gain < 0).reduce((sum, gain) => sum - gain, 0)
  return servingIds(view).length - leaving.length - lost
}

export const servedReleases = (view: RolloutView): ReadonlySet<number | undefined> =>
  new Set(view.members.filter(({ phase }) => phase === "serving").map(({ release }) => release))

/** Fails on a move that makes no sense where the fleet stands, or on two moves of one member. */
export const answerIsSound = (view: RolloutView, moves: readonly Move[]): void => {
  const touched = moves.flatMap(singles).flatMap((single) => (single.do === "create" ? [] : [single.id]))
  expect(new Set(touched).size, "one move for each member").toBe(touched.length)
  for (const single of moves.flatMap(singles)) {
    if (single.do === "create") expect(view.delivery, "only replacement creates").toBe("replace")
    else memberMoveIsSound(view, single)
  }
}

type Single = { readonly do: "create" } | { readonly do: "update" | "admit" | "drain" | "retire"; readonly id: string }

const memberMoveIsSound = (view: RolloutView, single: Exclude<Single, { readonly do: "create" }>): void => {
  const member = view.members.find(({ id }) => id === single.id)
  expect(member, `${single.do} of a member that is there`).toBeDefined()
  const serving = member?.phase === "serving"
  if (single.do === "admit") expect([member?.release, serving], "admits what is new").toEqual([view.target, false])
  if (single.do === "drain") expect(serving, "drains what serves").toBe(true)
  if (single.do === "retire") expect([view.delivery, serving], "retires what is idle").toEqual(["replace", false])
  if (single.do === "update") {
    expect(view.delivery, "only in place updates").toBe("in-place")
    expect(member?.release, "updates what is old").not.toBe(view.target)
  }
}

const singles = (move: Move): readonly Single[] => {
  if (move.do === "create") return Array.from({ length: move.count }, () => ({ do: "create" }))
  if (move.do !== "switch") return [move]
  return [
    ...move.admit.map((id) => ({ do: "admit", id }) as const),
    ...move.drain.map((id) => ({ do: "drain", id }) as const),
  ]
}

const applyOne = (view: RolloutView, single: Single): RolloutView => {
  const withMembers = (members: readonly Member[]): RolloutView => ({ ...view, members })
  const put = (id: string, change: Partial<Member>): RolloutView =>
    withMembers(view.members.map((member) => (member.id === id ? { ...member, ...change } : member)))
  switch (single.do) {
    case "create":
      return withMembers([...view.members, { id: newId(view), release: view.target, phase: "idle" }])
    case "update":
      return put(single.id, { release: view.target })
    case "retire":
      return withMembers(view.members.filter(({ id }) => id !== single.id))
    default:
      return put(single.id, { phase: phaseAfter[single.do] })
  }
}

const phaseAfter: { readonly admit: MemberPhase; readonly drain: MemberPhase } = { admit: "serving", drain: "drained" }

const newId = ({ members }: RolloutView): string => {
  const numbers = members.flatMap(({ id }) => (/^m\d+$/.test(id) ? [Number(id.slice(1))] : []))
  return `m${Math.max(-1, ...numbers) + 1}`
}

const servingIds = (view: RolloutView): readonly string[] =>
  view.members.filter(({ phase }) => phase === "serving").map(({ id }) => id)

const isServing = (view: RolloutView, id: string): boolean => servingIds(view).includes(id)
