import type { Delivery, Member, Move, Strategy, StrategyOptions } from "../contract/index.ts"

export interface Forecast {
  readonly created: number
  readonly updated: number
  readonly retired: number
  /** Instances or machines at the same time, at most. */
  readonly peak: number
  /** Rounds of moves that wait for each other. */
  readonly rounds: number
  /** Fewest members that serve at any time. */
  readonly leastServing: number
}

const maximumRounds = 10_000

/** Plays a policy through on paper, as if everything went well. Pure. */
export const forecast = (
  strategy: Strategy,
  options: StrategyOptions,
  start: {
    readonly delivery: Delivery
    readonly target: number
    readonly size: number
    readonly members: readonly Member[]
  },
): Forecast => {
  let members = start.members
  let result: Forecast = {
    created: 0,
    updated: 0,
    retired: 0,
    peak: members.length,
    rounds: 0,
    leastServing: serving(members),
  }
  while (result.rounds < maximumRounds) {
    const moves = strategy.next({ ...start, members }, options)
    if (moves.length === 0) return result
    members = moves.reduce((current, move) => after(current, move, start.target, result.rounds), members)
    result = {
      created: result.created + sum(moves, (move) => (move.do === "create" ? move.count : 0)),
      updated: result.updated + sum(moves, (move) => (move.do === "update" ? 1 : 0)),
      retired: result.retired + sum(moves, (move) => (move.do === "retire" ? 1 : 0)),
      peak: Math.max(result.peak, members.length),
      rounds: result.rounds + 1,
      leastServing: Math.min(result.leastServing, serving(members)),
    }
  }
  return result
}

const after = (members: readonly Member[], move: Move, target: number, round: number): readonly Member[] => {
  const set = (ids: readonly string[], change: Partial<Member>) =>
    members.map((member) => (ids.includes(member.id) ? { ...member, ...change } : member))
  switch (move.do) {
    case "create":
      return [
        ...members,
        ...Array.from(
          { length: move.count },
          (_, index): Member => ({ id: `new-${round}-${members.length + index}`, release: target, phase: "idle" }),
        ),
      ]
    case "update":
      return set([move.id], { release: target })
    case "admit":
      return set([move.id], { phase: "serving" })
    case "drain":
      return set([move.id], { phase: "drained" })
    case "retire":
      return members.filter(({ id }) => id !== move.id)
    case "switch":
      return members.map((member) => {
        if (move.admit.includes(member.id)) return { ...member, phase: "serving" }
        return move.drain.includes(member.id) ? { ...member, phase: "drained" } : member
      })
  }
}

const serving = (members: readonly Member[]): number => members.filter(({ phase }) => phase === "serving").length

const sum = (moves: readonly Move[], count: (move: Move) => number): number =>
  moves.reduce((total, move) => total + count(move), 0)
