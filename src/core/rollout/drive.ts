import { FireclayError, type Fleet, type Move } from "../../contract/index.ts"
import { sizeOf } from "../fleet-size.ts"
import { type LeasedBench, refuseStopped } from "../lease.ts"
import type { Workbench } from "../workbench.ts"
import { type Hands, membersOf } from "./crew.ts"

/** What it took. */
export interface Driven {
  readonly moves: number
  /** Instances that were made. */
  readonly created: number
}

/** A policy that has not come to its end by then never will. */
const maximumRounds = 10_000

/**
 * Asks the fleet's policy, does what it says, asks again. It holds no state between two answers, so it can go on from
 * wherever a dead run stopped.
 *
 * @throws what a move threw, once all moves of its round have come to an end; FC_CANCELLED and FC_LEASE_LOST between two rounds
 */
export const drive = async (
  bench: LeasedBench,
  fleet: Fleet,
  crew: Hands,
  target: number,
  onMoves: (moves: readonly Move[]) => Promise<void>,
): Promise<Driven> => {
  const strategy = bench.strategies.get(fleet.by.strategy.name)
  if (strategy === undefined) throw new TypeError(`no strategy ${fleet.by.strategy.name}`)
  let driven: Driven = { moves: 0, created: 0 }
  for (let round = 0; round < maximumRounds; round += 1) {
    const members = await crew.members()
    const moves = strategy.next(
      { delivery: fleet.by.delivery, target, size: sizeOf(fleet), members },
      fleet.by.strategy.options,
    )
    if (moves.length === 0) return driven
    driven = { moves: driven.moves + moves.length, created: driven.created + countCreated(moves) }
    await bench.lease.ensure()
    refuseStopped(bench.signal)
    await onMoves(moves)
    await performAll(bench, fleet, crew, moves)
  }
  throw new FireclayError("FC_ROLLOUT_FAILED", `${strategy.name} did not come to an end`, {
    at: `fleets.${fleet.name}`,
  })
}

const countCreated = (moves: readonly Move[]): number =>
  moves.reduce((sum, move) => sum + (move.do === "create" ? move.count : 0), 0)

/** Side by side. The first failure counts, but only when nothing goes on behind the back of what follows. */
const performAll = async (bench: Workbench, fleet: Fleet, crew: Hands, moves: readonly Move[]): Promise<void> => {
  const perform = async (move: Move): Promise<void> => {
    for (const member of membersOf(move)) bench.progress({ fleet: fleet.name, member, doing: doing(move, member) })
    await crew.perform(move)
    for (const member of admittedBy(move)) bench.progress({ fleet: fleet.name, member, doing: "serving", done: true })
  }
  const results = await Promise.allSettled(moves.map(perform))
  const failed = results.find((result) => result.status === "rejected")
  if (failed !== undefined) throw failed.reason
}

const doing = (move: Move, member: string): string => {
  if (move.do === "switch") return move.admit.includes(member) ? "admitting" : "draining"
  return { create: "creating", update: "updating", admit: "admitting", drain: "draining", retire: "retiring" }[move.do]
}

const admittedBy = (move: Move): readonly string[] => {
  if (move.do === "admit") return [move.id]
  return move.do === "switch" ? move.admit : []
}
