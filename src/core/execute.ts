import type { Machine } from "../contract/index.ts"
import { quoteAll } from "./quote.ts"

export interface Executed {
  readonly machine: string
  readonly exitCode: number
  readonly stdout: string
  readonly stderr: string
}

/** Runs one command on a machine. No shell interprets its words. */
export const execute = async (machine: Machine, argv: readonly string[]): Promise<Executed> => {
  const { exitCode, stdout, stderr } = await machine.sh(`exec ${quoteAll(argv)}`)
  return { machine: machine.name, exitCode, stdout: stdout.toString(), stderr: stderr.toString() }
}
