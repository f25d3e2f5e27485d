import type { Step } from "../../../contract/index.ts"
import type { Finding } from "../judge.ts"

/** In this order: what runs is ended first; packages need accounts and files; units need both. */
export type Phase = "end" | "accounts" | "paths" | "remove" | "packages" | "units" | "kernel"

const phases: readonly Phase[] = ["end", "accounts", "paths", "remove", "packages", "units", "kernel"]

/** How something that nobody asked for is taken back. */
export interface Mend {
  readonly finding: Finding
  /** For people, and for a comparison of what was agreed to with what would be done. */
  readonly doing: string
  readonly phase: Phase
  readonly steps: readonly Step[]
  /** It could not be undone, whatever its steps look like. */
  readonly forGood?: true
}

/** What stays as it is, and why. */
export interface Left {
  readonly finding: Finding
  readonly why: string
}

export const isForGood = ({ steps, forGood }: Mend): boolean =>
  forGood === true || steps.some((step) => step.do === "run-command" && step.undo === undefined)

export const isLeft = (answer: Mend | Left): answer is Left => "why" in answer

export const isMend = (answer: Mend | Left): answer is Mend => !isLeft(answer)

/** Directories come before what is in them, and go after it. */
export const stepsOf = (mends: readonly Mend[]): readonly Step[] =>
  phases.flatMap((phase) => {
    const own = mends.filter((mend) => mend.phase === phase)
    const sorted = own.toSorted((one, other) => (one.finding.what < other.finding.what ? -1 : 1))
    const steps = (phase === "remove" ? sorted.toReversed() : phase === "paths" ? sorted : own).flatMap(
      (mend) => mend.steps,
    )
    return phase === "units" ? forUnits(steps) : steps
  })

/** Each unit once, and only once systemd has read what is on the disk now. */
const forUnits = (steps: readonly Step[]): readonly Step[] => {
  const once = new Map(steps.map((step) => [JSON.stringify(step), step]))
  return once.size === 0
    ? []
    : [{ do: "reload-units" }, ...[...once.values()].filter((step) => step.do !== "reload-units")]
}

/** Sessions hang on it, and would end with it. */
export const isCentral = (service: string): boolean => /^(dbus|dbus-broker|systemd-logind)\.service$/.test(service)

/** A command with how to take it back; without, it cannot be. */
export const command = (argv: readonly string[], undo?: readonly string[]): Step => ({
  do: "run-command",
  argv,
  ...(undo === undefined ? {} : { undo }),
})
