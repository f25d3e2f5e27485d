import type { Machine } from "../contract/index.ts"
import { quote, quoteAll } from "./quote.ts"
import type { Workbench } from "./workbench.ts"

export interface Executed {
  readonly machine: string
  readonly exitCode: number
  readonly stdout: string
  readonly stderr: string
}

/** Runs one command on a machine, whose journal keeps who did so. No shell interprets its words. */
export const execute = async (
  bench: Pick<Workbench, "holder" | "secrets">,
  machine: Machine,
  argv: readonly string[],
): Promise<Executed> => {
  const { who, host } = bench.holder()
  const remark = bench.secrets.redact(`exec, by ${who}@${host}: ${argv.join(" ")}`)
  const note = `logger -t fireclay -- ${quote(remark)} </dev/null >/dev/null 2>&1`
  const { exitCode, stdout, stderr } = await machine.sh(`${note}; exec ${quoteAll(argv)}`)
  return { machine: machine.name, exitCode, stdout: stdout.toString(), stderr: stderr.toString() }
}
