/** What a path is. Owners are names where the machine knows one, otherwise numbers in decimal. */
export interface PathState {
  readonly kind: "file" | "directory" | "link" | "other"
  /** Permission bits, such as 0o644. */
  readonly mode: number
  readonly owner: string
  readonly group: string
  /** Bytes. */
  readonly size: number
  /** Where a link points, as written. */
  readonly target?: string
}

/** Something below a directory. */
export interface TreeEntry {
  readonly path: string
  readonly kind: PathState["kind"]
  /** It lies on another file system than the directory that was asked about. */
  readonly elsewhere: boolean
}

export interface PackageState {
  readonly version: string
  readonly held: boolean
}

export interface UserState {
  readonly name: string
  readonly uid: number
  /** Name of the primary group. */
  readonly group: string
  readonly comment: string
  readonly home: string
  readonly shell: string
  /** Names of the supplementary groups, sorted. */
  readonly groups: readonly string[]
}

export interface GroupState {
  readonly name: string
  readonly gid: number
}

export interface UnitState {
  /** systemd's LoadState is `loaded`. */
  readonly exists: boolean
  readonly active: boolean
  readonly enabled: boolean
  /** systemd's ActiveState, such as `active`, `inactive`, `failed`. */
  readonly state: string
}

export interface RunResult {
  readonly exitCode: number
  /** Without trailing line ends. */
  readonly stdout: string
}

/** What would become of a package. */
export interface PackageMove {
  readonly name: string
  /** Version that is installed; `null`: none. */
  readonly from: string | null
  /** Version that will be; `null`: none. */
  readonly to: string | null
}

/** `name`, or `name=version`, of what would be installed; names of what would be removed, with what nothing needs then. */
export type PackageQuestion = { readonly install: readonly string[] } | { readonly remove: readonly string[] }

/** What the machine's package manager says that it would do. */
export interface PackageForesight {
  /** `apt`, `dnf` or `apk`; empty: none that is known. */
  readonly manager: string
  /** False: the machine has no lists of what its sources offer, so the rest is empty. */
  readonly hasLists: boolean
  readonly moves: readonly PackageMove[]
  /** Names among the moves that are held. */
  readonly held: readonly string[]
  /** Names among the moves whose present file neither a source nor the manager's own store has. */
  readonly lost: readonly string[]
  /** Names that cannot stay where the named ones go, those included. */
  readonly needs: readonly string[]
  /** Words of the question that no source offers. */
  readonly unknown: readonly string[]
  /** Why it could not be done, in the manager's words. */
  readonly refused: readonly string[]
  /** Bytes to fetch. */
  readonly downloadBytes: number
  /** Bytes that it takes on disk; less than 0: it frees them. */
  readonly spaceBytes: number
}

/**
 * Questions to a machine. There is no way to write through it. Plain `await`s: all questions that are
 * open at the same time travel together, in one script.
 */
export interface Eyes {
  /** `undefined`: nothing is there. Links are not followed. */
  readonly stat: (path: string) => Promise<PathState | undefined>
  /** `undefined`: no readable file there. */
  readonly sha256: (path: string) => Promise<string | undefined>
  /** Text of a file for a diff; `undefined` when absent, larger than 64 KiB or not UTF-8. */
  readonly text: (path: string) => Promise<string | undefined>
  /** All below a directory, of any depth but not below mounts; empty where there is none. Links are not followed. */
  readonly tree: (path: string) => Promise<readonly TreeEntry[]>
  readonly package: (name: string) => Promise<PackageState | undefined>
  /** Takes about as long as a package manager takes to start: only for what is going to be done. */
  readonly packages: (question: PackageQuestion) => Promise<PackageForesight>
  readonly user: (name: string) => Promise<UserState | undefined>
  readonly group: (name: string) => Promise<GroupState | undefined>
  readonly unit: (name: string) => Promise<UnitState>
  /** A command that only looks. Its standard input is empty. */
  readonly run: (argv: readonly string[]) => Promise<RunResult>
}
