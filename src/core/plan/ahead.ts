import type { Machine, MachineFacts } from "../../contract/index.ts"
import { askFacts, factFields } from "../facts/ask.ts"
import { parseFacts } from "../facts/parse.ts"
import { askPresent, type Present, parsePresent, presentFields } from "../foresee/present.ts"
import { askMachineState, type MachineReport, parseMachineState } from "../machine-state.ts"

/** What travels ahead of the first questions of a plan. */
export interface Ahead extends MachineReport {
  readonly present: Present
  /** Milliseconds since 1970 by this side's clock, when the answer came. */
  readonly nowMs: number
  /** Only where it was asked. */
  readonly facts: MachineFacts | undefined
}

export const askAhead = (withFacts: boolean): string =>
  [askPresent, ...(withFacts ? [askFacts] : []), askMachineState].join("\n")

export const parseAhead = (machine: Machine, fields: readonly string[], withFacts: boolean, nowMs: number): Ahead => {
  const afterPresent = fields.slice(presentFields)
  return {
    ...parseMachineState(machine, withFacts ? afterPresent.slice(factFields) : afterPresent),
    present: parsePresent(fields),
    nowMs,
    facts: withFacts ? parseFacts(machine.name, afterPresent) : undefined,
  }
}
