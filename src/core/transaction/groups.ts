import type { Step } from "../../contract/index.ts"

/** How the machine works on steps: `single` is one at a time, the others all at once; see `library/steps.sh`. */
export type GroupKind = "paths" | "users" | "units" | "single"

/** Steps that follow each other and are kept, journaled and done together. */
export interface Group {
  readonly kind: GroupKind
  /** Number of its first step, from 1. */
  readonly first: number
  readonly steps: readonly Step[]
}

/** One command line takes only so many words, and progress shows after each group. */
const mostSteps = 250

/** Steps in groups, in the order given. */
export const groupSteps = (steps: readonly Step[]): readonly Group[] => {
  const groups: { readonly kind: GroupKind; readonly first: number; readonly steps: Step[] }[] = []
  for (const [index, step] of steps.entries()) {
    const kind = kindOf(step)
    const last = groups.at(-1)
    const joins = last?.kind === kind && kind !== "single" && last.steps.length < mostSteps && fits(last.steps, step)
    if (joins) last.steps.push(step)
    else groups.push({ kind, first: index + 1, steps: [step] })
  }
  return groups
}

export const kindOf = (step: Step): GroupKind => {
  if ("path" in step) return "paths"
  if ("unit" in step) return "units"
  return /^(add|change|remove)-(user|group)$/.test(step.do) ? "users" : "single"
}

/** The order in which a group does its kinds of paths. */
const rank = { "make-directory": 0, "write-file": 1, "make-link": 2, "remove-path": 3, "set-ownership": 4 } as const

type PathStep = Extract<Step, { readonly path: string }>

/** Whether a step means the same when the group is done in the order of kinds instead of its own. */
const fits = (steps: readonly Step[], step: Step): boolean =>
  !("path" in step) || steps.every((earlier) => !("path" in earlier) || mayJoin(earlier, step))

const mayJoin = (earlier: PathStep, later: PathStep): boolean => {
  if (earlier.path === later.path) return false
  if (!isWithin(earlier.path, later.path) && !isWithin(later.path, earlier.path)) return true
  if (earlier.do === "make-link" || later.do === "make-link") return false
  return rank[earlier.do] <= rank[later.do]
}

const isWithin = (path: string, directory: string): boolean =>
  path.startsWith(directory.endsWith("/") ? directory : `${directory}/`)
