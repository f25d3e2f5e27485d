import { mkdtemp, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { run, start } from "../../src/system/process.ts"
import { cli } from "./cli.ts"

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
  /** Begins to, for those who do not wait for its end. */
  readonly begin: (...words: readonly string[]) => RunningCli
  readonly dispose: () => Promise<void>
}

/** A command line that is at work. */
export interface RunningCli {
  /** `kill -9`. False: it has ended already. */
  readonly kill: () => boolean
  /** Ctrl-C. False: it has ended already. */
  readonly interrupt: () => boolean
  /** What it has said on standard output so far. */
  readonly said: () => string
  /** And on standard error. */
  readonly noted: () => string
  /** -1: it was killed. */
  readonly ended: Promise<CliResult>
}

/** A project of its own in an empty directory. */
export const makeProject = async (name = "project", env: NodeJS.ProcessEnv = process.env): Promise<TestProject> => {
  const directory = await mkdtemp(join(tmpdir(), `fireclay-${name}-`))
  const argv = [...cli, "--json"]
  return {
    directory,
    write: (file, text) => writeFile(join(directory, file), text),
    fireclay: async (...words) => {
      const { exitCode, stdout, stderr } = await run([...argv, ...words], { cwd: directory, env })
      return resultOf(exitCode, stdout.toString(), stderr.toString())
    },
    begin: (...words) => {
      const child = start([...argv, ...words], { cwd: directory, env, stdio: ["ignore", "pipe", "pipe"] })
      const said = { stdout: "", stderr: "" }
      for (const stream of ["stdout", "stderr"] as const)
        child[stream]?.on("data", (chunk: Buffer) => {
          said[stream] += chunk.toString()
        })
      const { promise, resolve } = Promise.withResolvers<CliResult>()
      child.once("close", (code) => resolve(resultOf(code ?? -1, said.stdout, said.stderr)))
      return {
        kill: () => child.kill("SIGKILL"),
        interrupt: () => child.kill("SIGINT"),
        said: () => said.stdout,
        noted: () => said.stderr,
        ended: promise,
      }
    },
    dispose: () => rm(directory, { recursive: true, force: true }),
  }
}

const resultOf = (exitCode: number, stdout: string, stderr: string): CliResult => ({
  ...{ exitCode, stdout, stderr },
  json: parse(stdout),
})

const parse = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
