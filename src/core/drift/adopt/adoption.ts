import type { GroupState, PackageState, PathState, UserState } from "../../../contract/index.ts"

/** What is on a machine now, of all that a report tells. */
export interface Seen {
  readonly paths: ReadonlyMap<string, SeenPath>
  /** Directories with more below them than a project should keep. */
  readonly large: ReadonlySet<string>
  readonly users: ReadonlyMap<string, UserState>
  readonly groups: ReadonlyMap<string, GroupState>
  readonly packages: ReadonlyMap<string, PackageState>
  readonly units: ReadonlyMap<string, SeenUnit>
}

/** Of a file that is not large, and is not named like a secret, with its bytes. */
export type SeenPath = PathState & {
  readonly bytes?: Uint8Array
  /** They hold the value of one of the project's secrets. */
  readonly secret?: true
}

export interface SeenUnit {
  readonly enabled: boolean
  readonly active: boolean
  /** Where it is described; empty: nowhere. */
  readonly fragment: string
}

/** A resource as a configuration calls it. */
export type Construct = "directory" | "file" | "group" | "link" | "pkg" | "service" | "user"

export type OptionValue = string | number | boolean | readonly string[]

/** A resource that is to be described, or some options of one that is. */
export interface AdoptedCall {
  readonly id: string
  readonly construct: Construct
  /** Its first argument: a path, or a name. */
  readonly name: string
  readonly options: { readonly [option: string]: OptionValue }
  /** What the file is to be. */
  readonly bytes?: Uint8Array
}

/** What cannot become part of a description. */
export interface Refused {
  readonly what: string
  readonly why: string
}

/** What it takes to describe a machine as it is. */
export interface Adoption {
  readonly add: readonly AdoptedCall[]
  readonly change: readonly AdoptedCall[]
  /** What is gone from the machine. */
  readonly remove: readonly Pick<AdoptedCall, "id" | "construct" | "name">[]
  readonly refused: readonly Refused[]
}

/** Of a directory so many paths become part of a project, at most. */
export const mostPaths = 200

/** Files up to so many bytes become part of a project. */
export const mostBytes = 256 * 1024
