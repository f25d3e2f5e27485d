import type { Delivery } from "./project.ts"

/** A strategy as a configuration names it: data, so that it can be stored and compared. */
export interface StrategyWant {
  readonly name: string
  readonly options: StrategyOptions
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
}

export type StrategyOptions = {
  readonly [option: string]: string | number | readonly (string | number)[]
}

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
}

/** All that a policy may know. Time, where a policy needs it, is part of what it is given. */
export interface RolloutView {
  readonly delivery: Delivery
  /** Release to arrive at. */
  readonly target: number
  /** How many members serve when all is well. */
  readonly size: number
  readonly members: readonly Member[]
}

/** What a policy asks for. All moves of one answer happen side by side; then it is asked again. */
export type Move =
  /** By replacement: make this many instances of the target release and wait until each is healthy. */
  | { readonly do: "create"; readonly count: number }
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

/** A pure policy: what is, and what was asked, to what happens next. No moves: the fleet is where it should be. */
export interface Strategy {
  readonly name: string
  readonly deliveries: readonly Delivery[]
  readonly next: (view: RolloutView, options: StrategyOptions) => readonly Move[]
}
