import { createInterface } from "node:readline/promises"
import { FireclayError, type Fleet } from "../contract/index.ts"
import { allowIrreversible, decideIrreversible, type Irreversible } from "../core/index.ts"
import type { Output } from "./output.ts"

/**
 * Asks a question that is answered with yes or no.
 *
 * @throws FireclayError FC_CONFIRM without a terminal: then only `--yes` will do
 */
export const confirm = async (output: Output, question: string, yes: boolean): Promise<boolean> => {
  if (yes) return true
  return /^y(es)?$/i.test(await ask(output, `${question} [y/N] `, "--yes"))
}

/** Asks for a word to be typed, for what cannot be taken back. */
export const confirmByName = async (output: Output, question: string, word: string, yes: boolean): Promise<boolean> => {
  if (yes) return true
  return (await ask(output, `${question} Type "${word}" to go on: `, "--yes")) === word
}

interface Asked {
  readonly fleet: Fleet
  readonly plan: {
    readonly machines: readonly { readonly machine: string; readonly irreversible: readonly Irreversible[] }[]
  }
}

/**
 * Asks about steps that cannot be undone, in addition to everything else that is asked and whatever `--yes` says, as the
 * policies of their fleets will have it. Answers the same, and what was agreed to is allowed in it.
 *
 * @throws FireclayError FC_IRREVERSIBLE; FC_CANCELLED when the answer is no
 */
export const agreeToIrreversible = async <T extends Asked>(
  output: Output,
  planned: readonly T[],
  allowed: boolean,
): Promise<readonly T[]> => {
  const decisions = planned.map(({ fleet, plan }) =>
    decideIrreversible({
      fleet: fleet.name,
      policy: fleet.by.irreversible,
      steps: plan.machines.flatMap(({ machine, irreversible }) => irreversible.map((each) => ({ machine, ...each }))),
      allowed,
      interactive: output.interactive,
    }),
  )
  if (decisions.includes("ask")) await askAboutIrreversible(output)
  return planned.map((each) =>
    each.plan.machines.some(({ irreversible }) => irreversible.length > 0)
      ? { ...each, fleet: allowIrreversible(each.fleet) }
      : each,
  )
}

const askAboutIrreversible = async (output: Output): Promise<void> => {
  const question = "Some of this cannot be undone; it is marked above. Do it all the same? [y/N] "
  if (/^y(es)?$/i.test(await ask(output, question, "--allow-irreversible"))) return
  throw new FireclayError("FC_CANCELLED", "nothing was done")
}

const ask = async (output: Output, question: string, flag: string): Promise<string> => {
  if (!output.interactive)
    throw new FireclayError("FC_CONFIRM", "this has to be confirmed, and there is no terminal to ask at", {
      remedy: `add ${flag}`,
    })
  const lines = createInterface({ input: process.stdin, output: process.stderr })
  try {
    return (await lines.question(question)).trim()
  } finally {
    lines.close()
  }
}
