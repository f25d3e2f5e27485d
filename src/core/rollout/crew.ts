import type { Member, Move } from "../../contract/index.ts"
import type { Release } from "../ledger.ts"
import type { Bundle } from "../release.ts"

/** What a rollout takes the fleet to. */
export interface Target {
  readonly release: Release
  readonly bundle: Bundle
}

/** Carries out a policy's moves on real machines, and says where they stand. One for each delivery. */
export interface Crew {
  /** Looks afresh: whatever an earlier run left behind is part of the answer. */
  readonly members: () => Promise<readonly Member[]>
  readonly perform: (move: Move) => Promise<void>
  /** Takes back what this rollout did to members that are now at its target, and serves with the old release again. */
  readonly revert: () => Promise<void>
  /** After a rollout that went well: what it left over. */
  readonly tidy: () => Promise<void>
}

/** Which member a move is about, for progress and the log. */
export const membersOf = (move: Move): readonly string[] => {
  if ("id" in move) return [move.id]
  return move.do === "switch" ? [...move.admit, ...move.drain] : []
}
