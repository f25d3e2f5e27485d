import { mkdtemp, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { run } from "../../src/system/process.ts"

const bin = join(import.meta.dirname, "..", "..", "bin", "fireclay.js")

export interface CliResult {
  readonly exitCode: number
  readonly stdout: string
  readonly stderr: string
  /** The answer of a run with `--json`. */
  // biome-ignore lint/suspicious/noExplicitAny: whatever the document holds, the test that reads it says
  readonly json: any
}

export interface TestProject {
  readonly directory: string
  /** Writes a file of the project. */
  readonly write: (name: string, text: string) => Promise<void>
  /** Runs the command line as a user would, with `--json`, in a process of its own. */
  readonly fireclay: (...words: readonly string[]) => Promise<CliResult>
  readonly dispose: () => Promise<void>
}

/** A project of its own in an empty directory. */
export const makeProject = async (name = "project"): Promise<TestProject> => {
  const directory = await mkdtemp(join(tmpdir(), `fireclay-${name}-`))
  return {
    directory,
    write: (file, text) => writeFile(join(directory, file), text),
    fireclay: async (...words) => {
      const { exitCode, stdout, stderr } = await run(
        [process.execPath, "--conditions=fireclay-source", bin, "--json", ...words],
        { cwd: directory },
      )
      return { exitCode, stdout: stdout.toString(), stderr: stderr.toString(), json: parse(stdout.toString()) }
    },
    dispose: () => rm(directory, { recursive: true, force: true }),
  }
}

const parse = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
