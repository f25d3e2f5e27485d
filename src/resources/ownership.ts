import type { Change, Eyes, Ownership, PathState, PlanContext, Step } from "../contract/index.ts"

export const formatMode = (mode: number): string => `0${mode.toString(8).padStart(3, "0")}`

/** What of mode, owner and group differs. */
export const ownershipChanges = (want: Ownership, have: PathState): readonly Change[] => [
  ...(want.mode === have.mode ? [] : [{ property: "mode", from: formatMode(have.mode), to: formatMode(want.mode) }]),
  ...(want.owner === have.owner ? [] : [{ property: "owner", from: have.owner, to: want.owner }]),
  ...(want.group === have.group ? [] : [{ property: "group", from: have.group, to: want.group }]),
]

/** The directories above a path, outermost first, without the root. */
export const ancestors = (path: string): readonly string[] => {
  const parts = path.split("/").slice(1, -1)
  return parts.map((_, index) => `/${parts.slice(0, index + 1).join("/")}`)
}

/** Those directories above a path that are not there. */
export const missingAncestors = async (eyes: Eyes, path: string): Promise<readonly string[]> => {
  const above = ancestors(path)
  const states = await Promise.all(above.map((directory) => eyes.stat(directory)))
  return above.filter((_, index) => states[index] === undefined)
}

/** Steps for directories that nobody described but that a path needs: they are not there, or will no longer be. */
export const makeAncestors = (
  path: string,
  missing: readonly string[],
  { willExist, gone }: Pick<PlanContext, "willExist" | "gone">,
): readonly Step[] =>
  ancestors(path)
    .filter((directory) => (missing.includes(directory) || gone.has(directory)) && !willExist.has(directory))
    .map((directory) => ({
      do: "make-directory",
      path: directory,
      mode: 0o755,
      owner: "root",
      group: "root",
      ifMissing: true,
    }))
