import type { FireclayError, Member, Move, OnFailure } from "../../contract/index.ts"
import type { Release } from "../ledger.ts"
import type { Bundle } from "../release.ts"
import type { ReleaseTask } from "./release-task.ts"
import type { Traffic } from "./traffic.ts"

/** What a rollout takes the fleet to. */
export interface Target {
  readonly release: Release
  readonly bundle: Bundle
  /** What runs once, on the first machine of the release. Absent: nothing does. */
  readonly task?: ReleaseTask
}

export type Versions = { readonly [member: string]: number | null }

/** The moves that are about members; the others are the rollout's own. */
export type MemberMove = Extract<Move, { readonly do: "create" | "update" | "admit" | "drain" | "switch" | "retire" }>

/** What became of a member; `undefined`: it is one no more. */
export type Changes = ReadonlyMap<string, Partial<Omit<Member, "id">> | undefined>

/** Carries out a policy's moves on real machines, and says where they stand. */
export interface Hands {
  readonly traffic: Traffic
  /** Looks afresh: whatever an earlier run left behind is part of the answer, and what failed on the way is not. */
  readonly members: () => Promise<readonly Member[]>
  /** Answers what it came to, which is not always what was asked for. */
  readonly perform: (move: MemberMove) => Promise<Changes>
  readonly preview: (ids: readonly string[]) => Promise<void>
  /**
   * Asks members that serve whether they still are well.
   *
   * @throws FireclayError FC_UNHEALTHY
   */
  readonly lookAfter: (ids: readonly string[]) => Promise<void>
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

/** What a move comes to when it does what it says. */
export const changesOf = (move: Exclude<MemberMove, { readonly do: "create" }>, target: number): Changes => {
  switch (move.do) {
    case "update":
      return new Map([[move.id, { release: target }]])
    case "admit":
      return new Map([[move.id, { phase: "serving" }]])
    case "drain":
      return new Map([[move.id, { phase: "drained" }]])
    case "retire":
      return new Map([[move.id, undefined]])
    case "switch":
      return new Map<string, Partial<Member>>([
        ...move.admit.map((id) => [id, { phase: "serving" }] as const),
        ...move.drain.map((id) => [id, { phase: "drained" }] as const),
      ])
  }
}

/** Which member a move is about, for progress and the log. */
export const membersOf = (move: Move): readonly string[] => {
  if ("id" in move) return [move.id]
  return move.do === "switch" ? [...move.admit, ...move.drain] : []
}
