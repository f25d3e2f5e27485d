import { createInterface } from "node:readline/promises"
import { FireclayError } from "../contract/index.ts"
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
