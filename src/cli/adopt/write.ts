import { mkdirSync, rmSync, writeFileSync } from "node:fs"
import { dirname, resolve } from "node:path"
import { FireclayError } from "../../contract/index.ts"
import { run } from "../../system/process.ts"
import type { LoadedConfig } from "../config.ts"
import type { ProjectFile, Proposal } from "./propose.ts"

/**
 * Writes the files, and lets the configuration be read afresh: it has to describe what was to be described as the machine
 * has it. Else the files are put back.
 *
 * @throws FireclayError FC_ADOPT
 */
export const writeProposal = async (
  config: LoadedConfig,
  fleet: string,
  machine: string,
  proposal: Proposal,
): Promise<void> => {
  const putBack = writeFiles(config.directory, proposal.files)
  try {
    const wrong = await whatIsWrong(config.file, fleet, machine, proposal.ids)
    if (wrong.length === 0) return
    throw new FireclayError("FC_ADOPT", "the configuration would not say what the machine is; nothing was written", {
      at: config.file,
      remedy: "describe it by hand; the differences that were shown say how",
      details: wrong,
    })
  } catch (error) {
    putBack()
    throw error
  }
}

/** All of them, as what they are: links stay links. Answers how to have none of them written. */
const writeFiles = (directory: string, files: readonly ProjectFile[]): (() => void) => {
  const undo: (() => void)[] = []
  const putBack = (): void => {
    for (const each of undo.toReversed()) each()
  }
  try {
    for (const { path, before, after } of files) {
      const whole = resolve(directory, path)
      const made = mkdirSync(dirname(whole), { recursive: true })
      undo.push(() =>
        before === undefined ? rmSync(made ?? whole, { recursive: true, force: true }) : writeFileSync(whole, before),
      )
      writeFileSync(whole, after)
    }
  } catch (error) {
    putBack()
    throw error
  }
  return putBack
}

interface PlanAnswer {
  readonly error?: { readonly message: string; readonly at?: string }
  readonly fleets?: readonly {
    readonly release: readonly { readonly id: string }[]
    readonly machines: readonly { readonly machine: string; readonly differences: readonly { readonly id: string }[] }[]
  }[]
}

/** By a process of its own: this one has read the configuration as it was. */
const whatIsWrong = async (
  file: string,
  fleet: string,
  machine: string,
  ids: readonly string[],
): Promise<readonly string[]> => {
  const [, program = ""] = process.argv
  const words = ["--json", "--config", file, "plan", fleet, "--on", machine]
  const { stdout, stderr } = await run([process.execPath, ...process.execArgv, program, ...words])
  const answer = parse(stdout.toString())
  const [planned] = answer?.fleets ?? []
  if (planned === undefined)
    return [answer?.error?.message ?? stderr.toString().trim().split("\n").at(-1) ?? "no plan could be made"]
  const described = new Set(planned.release.map(({ id }) => id))
  const differing = new Set(planned.machines.flatMap(({ differences }) => differences.map(({ id }) => id)))
  return ids.flatMap((id) => {
    if (differing.has(id)) return [`${id} would be changed on ${machine}`]
    return described.has(id) ? [] : [`${id} would be described as before`]
  })
}

const parse = (text: string): PlanAnswer | undefined => {
  try {
    return JSON.parse(text) as PlanAnswer
  } catch {
    return undefined
  }
}
