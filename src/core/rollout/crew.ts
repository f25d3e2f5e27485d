import type { FireclayError, Member, Move, OnFailure } from "../../contract/index.ts"
import type { Release } from "../ledger.ts"
import type { Bundle } from "../release.ts"

/** What a rollout takes the fleet to. */
export interface Target {
  readonly release: Release
  readonly bundle: Bundle
}

export type Versions = { readonly [member: string]: number | null }

/** Carries out a policy's moves on real machines, and says where they stand. */
export interface Hands {
  /** Looks afresh: whatever an earlier run left behind is part of the answer, and what failed on the way is not. */
  readonly members: () => Promise<readonly Member[]>
  readonly perform: (move: Move) => Promise<void>
}

/** The hands of a rollout. One for each delivery. */
export interface Crew extends Hands {
  /** Takes back what this rollout did, all or a part of it; what was taken back serves with the old release again. */
  readonly revert: (scope: OnFailure) => Promise<void>
  /** The release of each member, as far as it was looked at; `null`: none. */
  readonly versions: () => Promise<Versions>
  /** Members that failed, and without which the rollout went on. They are where they were before it. */
  readonly failures: () => ReadonlyMap<string, FireclayError>
  /** After a rollout that went well: what it left over. */
  readonly tidy: () => Promise<void>
}

/** Which member a move is about, for progress and the log. */
export const membersOf = (move: Move): readonly string[] => {
  if ("id" in move) return [move.id]
  return move.do === "switch" ? [...move.admit, ...move.drain] : []
}
