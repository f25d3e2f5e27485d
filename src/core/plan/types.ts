import type { Change, FireclayError, MachineFacts, ResourceType, Step } from "../../contract/index.ts"
import type { PackageOutlook } from "../foresee/packages.ts"
import type { Irreversible } from "../irreversible.ts"
import type { Debt, MachineState } from "../machine-state.ts"

export type ResourceTypes = ReadonlyMap<string, ResourceType>

/** Why something changes: the description did, or the machine did behind its back. */
export type Cause = "intent" | "drift"

export interface CausedChange extends Change {
  /** Each property's own: one file may have a mode that drifted and a content that is meant to change. */
  readonly cause: Cause
  /** A reaction that an earlier run was to bring; ISO 8601. */
  readonly owedSince?: string
}

export interface ResourceDifference {
  readonly id: string
  /** The base that describes it, where that is another spec. */
  readonly origin?: string
  readonly action: "create" | "change" | "remove"
  /** `drift` as soon as one of its changes is. */
  readonly cause: Cause
  readonly changes: readonly CausedChange[]
  readonly steps: readonly Step[]
  readonly creates: boolean
}

/** Steps for what nobody described, done before all others. */
export interface Mending {
  readonly steps: readonly Step[]
  /** Contents of theirs that lie on the machine already, by sha256: where. */
  readonly there: ReadonlyMap<string, string>
}

/** What would happen to one machine. */
export interface MachinePlan {
  readonly machine: string
  /** Release in force there; `undefined`: none. */
  readonly from: number | undefined
  readonly differences: readonly ResourceDifference[]
  /** The only resources that it is about; `undefined`: all of the description, and what left it. */
  readonly only: ReadonlySet<string> | undefined
  /** Reactions that it gives cause to and leaves out. */
  readonly owes: readonly Omit<Debt, "since">[]
  /** All steps in order, as they would be done. */
  readonly steps: readonly Step[]
  /** Beside `steps`. Absent: what nobody described stays. */
  readonly mending?: Mending
  /** Texts that steps write and that no source gave, by sha256. */
  readonly texts: ReadonlyMap<string, string>
  /** Steps that could not be undone, and why. */
  readonly irreversible: readonly Irreversible[]
  /** What packages will do; absent: nobody asked, or there are none to change. */
  readonly packages?: PackageOutlook
  /** What the plan rests on. A later look that differs from this one makes the plan stale. */
  readonly sight: Sight
  readonly state: MachineState | undefined
  /** What an earlier undo could not finish; until it is mended nothing more is done there. */
  readonly broken: string | undefined
  /** The machine's transactions when it was looked at: it takes the steps only as long as they are the same. */
  readonly turn: string
  /** What would go wrong: nothing is done there before it is mended. */
  readonly problem: FireclayError | undefined
  /** What a person who reads the plan should know. */
  readonly notes: readonly string[]
  /** What it says of itself, where its list of resources depends on that. */
  readonly facts?: MachineFacts
  readonly roundTrips: number
}

/** What a plan saw, by digest. */
export interface Sight {
  /** Equal for equal observations and wants. */
  readonly fingerprint: string
  /** What was described. */
  readonly manifest: string
  /** The transaction that had brought the machine where it was; `null`: none had. */
  readonly transaction: string | null
  /** What each resource looked like. */
  readonly resources: { readonly [id: string]: string }
}
