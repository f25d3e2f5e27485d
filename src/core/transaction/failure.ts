import { type Epoch, FireclayError, type Machine, type Step } from "../../contract/index.ts"
import { quote } from "../quote.ts"
import { asWritten } from "./compile.ts"
import type { End } from "./follow.ts"
import { home, transactionDirectory } from "./paths.ts"
import { refusal } from "./refusal.ts"

/** What failed. */
export interface Failed {
  readonly id: string
  readonly steps: readonly Step[]
  readonly epoch?: Epoch | undefined
}

/** Why a transaction did not end where it should have, from what the machine kept of it. */
export const failure = async (machine: Machine, want: Failed, end: End): Promise<FireclayError> => {
  const refused = end.unready ? undefined : await refusal(machine, want.id, want.epoch, end)
  if (refused !== undefined) return refused
  const directory = quote(transactionDirectory(want.id))
  const { stdout } = await machine.sh(
    `cd ${directory} && { if [ -s failure ]; then tail -n 14 failure; else tail -n 14 log; fi; printf '\\0'; cat unrestored; } 2>/dev/null; exit 0`,
  )
  const [details = [], unrestored = []] = stdout.toString().split("\0").map(linesOf)
  if (end.status === "broken")
    return new FireclayError(
      "FC_MACHINE_BROKEN",
      `${machine.name} could not be brought back: ${describeStuck(want.steps, end.detail)}`,
      { at: machine.name, remedy: `mend it by hand, then remove ${transactionDirectory(want.id)}`, details },
    )
  // On a full disk the machine may not even have been able to write down that it undoes.
  if (unfinished.has(end.status))
    return new FireclayError(
      "FC_MACHINE_BROKEN",
      `${machine.name} is not back yet: ${describeStuck(want.steps, end.detail)}, for want of room`,
      {
        at: machine.name,
        remedy: "make room on the machine; then its next contact, or its next boot, undoes the rest",
        details,
      },
    )
  const back = `; the machine is back where it was${unrestored.length > 0 ? ", but for what could not be taken back" : ""}`
  const state = end.status === "undone" ? back : ""
  const all = [...details, ...unrestored.map((what) => `not taken back: ${asWritten(what)}`)]
  if (end.unready)
    return new FireclayError("FC_MACHINE_COMMAND", `the machine could not prepare the way back${state}`, {
      at: machine.name,
      remedy: `is there room under ${home}?`,
      details: all,
    })
  const step = end.failedStep === undefined ? undefined : want.steps[end.failedStep - 1]
  if (end.busy !== undefined && step !== undefined && end.status === "undone")
    return new FireclayError("FC_PACKAGES_LOCKED", `the package manager's lock is held by ${end.busy}${state}`, {
      at: machine.name,
      remedy: "wait for it to end, then apply again",
      details: all,
    })
  if (end.unconfirmed) return unconfirmed(machine, state, all)
  const what =
    step === undefined
      ? "the transaction was cut off on the machine, or another controller told it to undo"
      : `step ${end.failedStep} of ${want.steps.length} failed: ${describeStep(step)}`
  return new FireclayError("FC_STEP_FAILED", `${what}${state}`, {
    at: machine.name,
    details: all,
    remedy: "see the lines above; then apply again",
  })
}

const unfinished: ReadonlySet<string> = new Set(["running", "applied", "undoing"])

const unconfirmed = (machine: Machine, state: string, details: readonly string[]): FireclayError =>
  new FireclayError("FC_UNCONFIRMED", `no word came from the controller in time${state}`, {
    at: machine.name,
    details,
    remedy: "apply again; a slow health check wants more time: by: inPlace({ confirm })",
  })

const linesOf = (text: string): readonly string[] =>
  text
    .trimEnd()
    .split("\n")
    .filter((line) => line !== "")

/** The step whose undo failed, by its number; or what was owed to a unit. */
const describeStuck = (steps: readonly Step[], detail: string): string => {
  const step = steps[Number(detail) - 1]
  if (step !== undefined) return `step ${detail}, ${describeStep(step)}`
  return /^\d+$/.test(detail) ? `step ${detail}` : detail
}

/** A step in words. */
export const describeStep = (step: Step): string => {
  const words = step.do.replaceAll("-", " ")
  if ("path" in step) return `${words} ${step.path}`
  if ("unit" in step) return `${words.replace(" unit", "")} ${step.unit}`
  if ("packages" in step)
    return `${words} ${step.packages.map((entry) => (typeof entry === "string" ? entry : entry.name)).join(" ")}`
  if ("argv" in step) return `run ${step.argv.join(" ")}`
  return "name" in step ? `${words} ${step.name}` : words
}
