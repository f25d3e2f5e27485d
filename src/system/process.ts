import { type ChildProcess, type SpawnOptions, spawn } from "node:child_process"
import { FireclayError } from "../contract/index.ts"

export interface RunOptions {
  readonly input?: Uint8Array | string
  readonly cwd?: string
  readonly env?: NodeJS.ProcessEnv
  readonly timeoutMs?: number
  readonly signal?: AbortSignal
  /** Called with each piece of standard output and error; both are still returned. */
  readonly onOutput?: (chunk: Buffer) => void
}

export interface Finished {
  /** 128 + the signal's number is never used: a killed program answers -1. */
  readonly exitCode: number
  readonly stdout: Buffer
  readonly stderr: Buffer
}

/**
 * Runs a program to its end. The only place, with {@link start}, where Fireclay starts one; never through a shell.
 * A failing program is an answer, not an error; when time is up or the signal fires, its whole group is killed.
 *
 * @throws FireclayError FC_MISSING_TOOL when there is no such program
 */
export const run = (argv: readonly string[], options: RunOptions = {}): Promise<Finished> =>
  new Promise((resolve, reject) => {
    const child = start(argv, {
      cwd: options.cwd,
      env: options.env ?? process.env,
      stdio: ["pipe", "pipe", "pipe"],
      detached: true,
    })
    const stdout: Buffer[] = []
    const stderr: Buffer[] = []
    const kill = (): void => killGroup(child)
    const timer = options.timeoutMs === undefined ? undefined : setTimeout(kill, options.timeoutMs)
    options.signal?.addEventListener("abort", kill, { once: true })
    child.stdout?.on("data", (chunk: Buffer) => {
      stdout.push(chunk)
      options.onOutput?.(chunk)
    })
    child.stderr?.on("data", (chunk: Buffer) => {
      stderr.push(chunk)
      options.onOutput?.(chunk)
    })
    const settle = (): void => {
      clearTimeout(timer)
      options.signal?.removeEventListener("abort", kill)
    }
    child.on("error", (cause: NodeJS.ErrnoException) => {
      settle()
      reject(missingTool(argv[0] ?? "", cause))
    })
    child.on("close", (code) => {
      settle()
      resolve({ exitCode: code ?? -1, stdout: Buffer.concat(stdout), stderr: Buffer.concat(stderr) })
    })
    child.stdin?.on("error", () => undefined)
    child.stdin?.end(options.input)
  })

/** Like {@link run}, and a non-zero exit is an error with what the program last said. */
export const runOk = async (
  argv: readonly string[],
  failure: (message: string, details: readonly string[]) => FireclayError,
  options: RunOptions = {},
): Promise<Buffer> => {
  const { exitCode, stdout, stderr } = await run(argv, options)
  if (exitCode === 0) return stdout
  throw failure(`${argv[0]} ended with ${exitCode}`, lastLines(stderr.length > 0 ? stderr : stdout))
}

/** Starts a program and leaves it to the caller. */
export const start = (argv: readonly string[], options: SpawnOptions): ChildProcess => {
  const [program, ...rest] = argv
  if (program === undefined) throw new TypeError("argv is empty")
  return spawn(program, rest, { ...options, shell: false })
}

/** Kills a program that was started detached, with everything it started. */
export const killGroup = (child: ChildProcess, signal: NodeJS.Signals = "SIGKILL"): void => {
  if (child.pid === undefined || child.exitCode !== null) return
  try {
    process.kill(-child.pid, signal)
  } catch {
    child.kill(signal)
  }
}

/** The last lines of what a program printed, for an error's details. */
export const lastLines = (output: Buffer | string, count = 12): readonly string[] =>
  output.toString().trimEnd().split("\n").slice(-count)

const missingTool = (program: string, cause: NodeJS.ErrnoException): unknown =>
  cause.code === "ENOENT"
    ? new FireclayError("FC_MISSING_TOOL", `${program} is not installed on this machine`, {
        remedy: "fireclay doctor --fix",
        cause,
      })
    : cause
