import type { FireclayError, PathState, Step } from "../../contract/index.ts"
import type { Ground } from "../eyes/ground.ts"

/** All that checks know of a machine before anything is done to it: what the steps would be, and answers. */
export interface Outlook {
  readonly machine: string
  /** In the order in which they would be done. */
  readonly steps: readonly Step[]
  /** What stands at the paths of the steps and above them. */
  readonly states: ReadonlyMap<string, PathState | undefined>
  /** What those paths stand on; links are followed. */
  readonly grounds: ReadonlyMap<string, Ground | undefined>
  /** What lies in directories that the steps would replace by something else. */
  readonly entries: ReadonlyMap<string, readonly string[]>
  /** Which of the users and groups that the steps name are there. */
  readonly users: ReadonlySet<string>
  readonly groups: ReadonlySet<string>
  /** Text of what the steps write, where it is short and readable. */
  readonly text: (sha256: string) => string | undefined
  /** Whoever looks is root there. */
  readonly isRoot: boolean
  /** Room that packages will need, where it is known. */
  readonly packageRoom: readonly RoomNeed[]
}

/** Room that is needed below a path beside what the steps themselves say. */
export interface RoomNeed {
  readonly path: string
  readonly bytes: number
}

/** What a check found. With an error nothing is done to any machine. */
export interface Findings {
  readonly errors: readonly FireclayError[]
  /** What a person who reads the plan should know. */
  readonly notes: readonly string[]
}

/** Pure: what is wrong, or may become so. */
export type Check = (outlook: Outlook) => Findings

export const nothingFound: Findings = { errors: [], notes: [] }

/** The directories above a path, innermost first, down to the root. */
export const above = (path: string): readonly string[] => {
  const parts = path.split("/").slice(1, -1)
  return [...parts.map((_, index) => `/${parts.slice(0, index + 1).join("/")}`).toReversed(), "/"]
}

/** The innermost thing above a path, or the path itself, that is there. */
export const groundOf = ({ grounds }: Outlook, path: string): (Ground & { readonly path: string }) | undefined => {
  for (const candidate of [path, ...above(path)]) {
    const ground = grounds.get(candidate)
    if (ground?.isDirectory === true) return { ...ground, path: candidate }
  }
  return undefined
}
