import type { Gate } from "./gate.ts"
import type { Delivery } from "./project.ts"
import type { Json } from "./resource.ts"

/** A strategy as a configuration names it: data, so that it can be stored and compared. */
export interface StrategyWant {
  readonly name: string
  readonly options: StrategyOptions
  /** It shares requests out, which takes a router. */
  readonly needsRouter?: true
}

/**
 * A strategy that can be delivered the ways named in `D`. A way that it cannot be delivered is a key that is missing
 * from `can`, so that the editor says which.
 */
export interface StrategyFor<D extends Delivery> {
  readonly name: string
  readonly can: { readonly [K in D]: true }
  readonly deliveries: readonly Delivery[]
  readonly options: StrategyOptions
  /** It shares requests out, which takes a router. */
  readonly needsRouter?: true
}

export type StrategyOptions = { readonly [option: string]: Json }

/** Where one machine or instance stands. */
export type MemberPhase =
  /** Up, but not in the router. */
  | "idle"
  /** Takes traffic. */
  | "serving"
  /** Takes no new traffic and has nothing left in flight. */
  | "drained"

/** One machine or instance of a fleet, as a policy sees it. */
export interface Member {
  readonly id: string
  /** Number of the release it runs; `undefined`: none yet. */
  readonly release: number | undefined
  readonly phase: MemberPhase
  /** By replacement: made by a rollout of the release that was in force, to compare the new one with. */
  readonly baseline?: boolean
}

/** Members of one kind, in order. To take some costs what they are, not what all are. */
export interface Group {
  readonly size: number
  /** The first of them; absent: all. */
  readonly take: (count?: number) => readonly Member[]
}

export interface Side {
  readonly serving: Group
  readonly waiting: Group
}

/** A fleet by release: what is at the target, and all that is not, whatever it is. */
export interface Sides {
  readonly size: number
  /** All of them, in no order that means anything. */
  readonly all: () => readonly Member[]
  readonly fresh: Side
  readonly old: Side
  /** How many of the old side are there to be compared with. */
  readonly baselines: number
}

export type Verdict =
  | "pass"
  | "fail"
  /** Too little to judge by. */
  | "inconclusive"

/** Something that a rollout wrote down, or was told by a person. Outlives its controller. */
export interface Mark {
  /** A policy's own word, or one of `promote`, `pause`, `resume`. */
  readonly name: string
  /** Milliseconds since the rollout was begun. */
  readonly atMs: number
  /** Of what was measured. */
  readonly verdict?: Verdict
  /** For people. */
  readonly reason?: string
}

/** All that a policy may know. */
export interface RolloutView {
  readonly delivery: Delivery
  /** Release to arrive at. */
  readonly target: number
  /** How many members serve when all is well. */
  readonly size: number
  readonly members: Sides
  /** Milliseconds since the rollout was begun, by whichever controller. */
  readonly nowMs: number
  /** Oldest first. */
  readonly marks: readonly Mark[]
  /** Percent of new requests that go to the target's members; absent: what their number makes it. */
  readonly share?: number
  /** Milliseconds for which the target has been in force already; absent: it is not. */
  readonly inForceMs?: number
}

/** What a policy asks for. All moves of one answer happen side by side; then it is asked again. */
export type Move =
  /** By replacement: make this many instances of the target release and wait until each is healthy. */
  | { readonly do: "create"; readonly count: number; readonly baseline?: true }
  /** In place: converge to the target as it stands, serving or not, and wait until healthy. */
  | { readonly do: "update"; readonly id: string }
  /** Send it traffic. */
  | { readonly do: "admit"; readonly id: string }
  /** No new traffic; wait until nothing is in flight or the deadline has passed. */
  | { readonly do: "drain"; readonly id: string }
  /** Admit some and stop sending to others, at once. */
  | { readonly do: "switch"; readonly admit: readonly string[]; readonly drain: readonly string[] }
  /** By replacement: stop and remove an instance. */
  | { readonly do: "retire"; readonly id: string }
  /**
   * Send this percentage of new requests to the target's members, those yet to be admitted included; `null`: what their
   * number makes it.
   */
  | { readonly do: "weigh"; readonly share: number | null }
  /** Let these alone answer at the preview port. */
  | { readonly do: "preview"; readonly ids: readonly string[] }
  /** Write it down: it is among the marks from then on. */
  | { readonly do: "mark"; readonly name: string }
  /** Nothing until then, or until a person says something. Absent: as long as it takes. */
  | { readonly do: "wait"; readonly untilMs?: number; readonly why: string }
  /** Measure for so long, and write the verdict down as a mark of that name. */
  | {
      readonly do: "measure"
      readonly name: string
      readonly forMs: number
      readonly gates: readonly Gate[]
      readonly leastRequests: number
    }
  /** Go no further: lead back. */
  | { readonly do: "fail"; readonly why: string }

/** A pure policy: what is, and what was asked, to what happens next. No moves: the fleet is where it should be. */
export interface Strategy {
  readonly name: string
  readonly deliveries: readonly Delivery[]
  readonly next: (view: RolloutView, options: StrategyOptions) => readonly Move[]
  /** The order in which it takes members; absent: as the fleet lists them. */
  readonly arrange?: (members: readonly Member[], target: number, options: StrategyOptions) => readonly Member[]
}
