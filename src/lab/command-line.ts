import type { ChildProcess } from "node:child_process"
import { once } from "node:events"
import { lastLines, start } from "../system/process.ts"

/** A command that is under way, as a user would have started it. */
export interface RunningCommand {
  readonly pid: number
  /** At once. `false`: it has ended already. */
  readonly kill: () => boolean
  /** As Ctrl-C does. */
  readonly interrupt: () => void
  /** Lines of its progress so far. */
  readonly progress: () => EndedCommand["progress"]
  /** Resolves at a line of its progress that holds this; `false`: it ended before. */
  readonly until: (text: string) => Promise<boolean>
  readonly ended: Promise<EndedCommand>
}

export interface EndedCommand {
  /** `apply --yes` */
  readonly words: readonly string[]
  /** -1: it was killed. */
  readonly exitCode: number
  readonly seconds: number
  /** What it answered with `--json`. */
  readonly answer: { readonly [key: string]: unknown }
  /** Each line of its progress, and when it came: milliseconds since the command was started. */
  readonly progress: readonly { readonly atMs: number; readonly text: string }[]
}

/** Starts one, in a process of its own. `argv`: Fireclay itself, and what all of its commands take. */
export const begin = (argv: readonly string[], words: readonly string[]): RunningCommand => {
  const began = performance.now()
  const child = start([...argv, ...words], { stdio: ["ignore", "pipe", "pipe"], detached: true })
  const progress: { readonly atMs: number; readonly text: string }[] = []
  const waiting = new Set<() => void>()
  let [stdout, rest] = ["", ""]
  child.stdout?.on("data", (chunk: Buffer) => {
    stdout += chunk.toString()
  })
  child.stderr?.on("data", (chunk: Buffer) => {
    const lines = (rest + chunk.toString()).split("\n")
    rest = lines.pop() ?? ""
    progress.push(...lines.map((text) => ({ atMs: performance.now() - began, text })))
    for (const look of waiting) look()
  })
  const ended = endOf(child).then((exitCode) => {
    const seconds = (performance.now() - began) / 1000
    return { words, exitCode, seconds, answer: parse(stdout), progress }
  })
  return {
    pid: child.pid ?? 0,
    kill: () => child.kill("SIGKILL"),
    interrupt: () => void child.kill("SIGINT"),
    progress: () => progress,
    until: (text) =>
      new Promise((resolve) => {
        const settle = (answer: boolean): void => {
          waiting.delete(look)
          resolve(answer)
        }
        const look = (): void => {
          if (progress.some((line) => line.text.includes(text))) settle(true)
        }
        waiting.add(look)
        look()
        void ended.then(() => settle(false))
      }),
    ended,
  }
}

/** Why a command failed, in its own words. */
export const reasonOf = ({ exitCode, answer, progress }: EndedCommand): string => {
  const { error } = answer as { readonly error?: { readonly code: string; readonly message: string } }
  if (error !== undefined) return `${error.code}: ${error.message}`
  return `it ended with ${exitCode}: ${lastLines(progress.map(({ text }) => text).join("\n"), 3).join(" / ")}`
}

const endOf = async (child: ChildProcess): Promise<number> => {
  const [code]: readonly unknown[] = await once(child, "close")
  return typeof code === "number" ? code : -1
}

const parse = (text: string): EndedCommand["answer"] => {
  try {
    return JSON.parse(text) as EndedCommand["answer"]
  } catch {
    return {}
  }
}
