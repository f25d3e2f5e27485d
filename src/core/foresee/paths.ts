import { FireclayError, type PathState, type Step } from "../../contract/index.ts"
import { above, type Check, type Outlook } from "./outlook.ts"

type Kind = PathState["kind"] | "absent"

/** Files and directories that stand in the way of each other, on the machine or in the plan. */
export const checkPaths: Check = (outlook) => {
  const later = new Map<string, Kind>()
  const errors: FireclayError[] = []
  for (const step of outlook.steps) {
    if (!("path" in step)) continue
    // A directory that is made on the way is not what anybody described.
    const meant = step.do !== "remove-path" && !("ifMissing" in step)
    const problem = meant ? conflict(outlook, later, step) : undefined
    if (problem !== undefined) errors.push(problem)
    learn(outlook, later, step)
  }
  return { errors, notes: [] }
}

/** Directories that steps remove and put something else in the place of: what lies in them decides whether they can. */
export const replacedDirectories = (
  steps: readonly Step[],
  states: ReadonlyMap<string, PathState | undefined>,
): readonly string[] =>
  steps.flatMap((step, index) =>
    step.do === "remove-path" &&
    states.get(step.path)?.kind === "directory" &&
    steps.slice(index).some((other) => isLeaf(other) && other.path === step.path)
      ? [step.path]
      : [],
  )

type PathStep = Extract<Step, { readonly path: string }>

const isLeaf = (step: Step): step is PathStep => step.do === "write-file" || step.do === "make-link"

const conflict = (outlook: Outlook, later: ReadonlyMap<string, Kind>, step: PathStep): FireclayError | undefined => {
  const blocked = above(step.path)
    .toReversed()
    .find((directory) => !canHold(outlook, later, directory))
  if (blocked !== undefined)
    return refuse(
      outlook,
      `${step.path} needs a directory at ${blocked}, where ${describe(outlook, later, blocked)} stands`,
    )
  const kind = kindOf(outlook, later, step.path)
  if (isLeaf(step) && kind === "directory")
    return refuse(
      outlook,
      `a directory stands at ${step.path}, where a ${step.do === "write-file" ? "file" : "link"} should be`,
    )
  if (step.do === "make-directory" && (kind === "file" || kind === "other"))
    return refuse(outlook, `${describe(outlook, later, step.path)} stands at ${step.path}, where a directory should be`)
  return undefined
}

/** What is absent will be made by a step, or was found to be missing when the steps were planned. */
const canHold = (outlook: Outlook, later: ReadonlyMap<string, Kind>, path: string): boolean => {
  const kind = kindOf(outlook, later, path)
  if (kind !== "link") return kind === "directory" || kind === "absent"
  // Made by this plan: where it leads to is for the machine to say.
  return later.has(path) || outlook.grounds.get(path)?.isDirectory === true
}

const kindOf = ({ states }: Outlook, later: ReadonlyMap<string, Kind>, path: string): Kind =>
  path === "/" ? "directory" : (later.get(path) ?? states.get(path)?.kind ?? "absent")

const learn = (outlook: Outlook, later: Map<string, Kind>, step: PathStep): void => {
  if (step.do === "write-file") later.set(step.path, "file")
  if (step.do === "make-link") later.set(step.path, "link")
  if (step.do === "make-directory") later.set(step.path, "directory")
  if (step.do !== "remove-path") return
  const isEmpty = (outlook.entries.get(step.path) ?? []).every(
    (name) => later.get(step.path === "/" ? `/${name}` : `${step.path}/${name}`) === "absent",
  )
  if (kindOf(outlook, later, step.path) !== "directory" || isEmpty) later.set(step.path, "absent")
}

const describe = (outlook: Outlook, later: ReadonlyMap<string, Kind>, path: string): string => {
  const kind = kindOf(outlook, later, path)
  if (kind === "link") return "a link that leads to no directory"
  return kind === "other" ? "something that is no file" : "a file"
}

const refuse = (outlook: Outlook, message: string): FireclayError =>
  new FireclayError("FC_PATH_CONFLICT", message, {
    at: outlook.machine,
    remedy: "move away what stands there, or describe another path",
  })
