import type { By, Fleet } from "../contract/index.ts"
import type { Way } from "../core/index.ts"
import type { StoredRelease } from "./import-release.ts"

export const parts = ["update", "small", "faults", "drift", "scale"] as const
/** What is measured: the update and the way back; a file or a package only; what goes wrong; changes by hand; sizes. */
export type Part = (typeof parts)[number]

/** What is to be compared, where all that the user left open is decided. */
export interface ComparisonWant {
  /** How Fireclay's own command line is started: program and first arguments. */
  readonly cli: readonly string[]
  readonly project: string
  readonly spec: string
  readonly from: Version
  readonly to: Version
  readonly ways: readonly WayWant[]
  readonly size: number
  readonly ratePerSecond: number
  readonly slowMs: number
  readonly runs: number
  readonly only: readonly Part[]
  /** How long the load runs before and after each change, to know what undisturbed looks like. */
  readonly steadyMs: number
  /** What is asked for. */
  readonly path: string
  /** Its first group, in an answer, names the version. Absent: the answers of both versions are compared. */
  readonly pattern?: string
  /** With how many machines scalability is measured. */
  readonly sizes: readonly number[]
  /** Its data may be had by one machine at a time only: there is one machine, then. */
  readonly hasExclusiveVolume: boolean
  /** The package that only a package changes by. */
  readonly package: string
}

/** One state of the project's directory. */
export interface Version {
  /** What people call it: the directory as it was given. */
  readonly label: string
  readonly directory: string
  /** Name of the configuration's file in it. */
  readonly config: string
  /** It is known only as it was released; the directory says what else a fleet needs. */
  readonly release?: StoredRelease
  /** There was no other version: one file more makes it one. */
  readonly touched?: true
}

/** A way, with all that a fleet that is delivered so needs. */
export interface WayWant extends Way {
  readonly by: By
  readonly holdMs?: Fleet["holdMs"]
}
