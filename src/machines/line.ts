import type { Readable, Writable } from "node:stream"
import { killGroup, start } from "../system/process.ts"

/** A shell somewhere, by its standard streams. */
export interface Line {
  readonly stdin: Writable
  readonly stdout: Readable
  readonly stderr: Readable
  /** Fulfilled when nothing more will come, whatever the reason. */
  readonly ended: Promise<void>
  /** Ends what runs at the far end. */
  readonly kill: () => void
  /** Does not keep this process waiting for the end. */
  readonly leave: () => void
}

/** The line that a program on this machine carries: `ssh`, `nsenter`. */
export const processLine = (argv: readonly string[], environment: NodeJS.ProcessEnv = process.env): Line => {
  const child = start(argv, { stdio: ["pipe", "pipe", "pipe"], detached: true, env: environment })
  const { stdin, stdout, stderr } = child
  if (stdin === null || stdout === null || stderr === null) throw new TypeError("a line needs three streams")
  return {
    stdin,
    stdout,
    stderr,
    ended: new Promise((resolve) => {
      child.once("error", () => resolve())
      child.once("close", () => resolve())
    }),
    kill: () => killGroup(child),
    leave: () => {
      for (const stream of [stdin, stdout, stderr]) stream.destroy()
      child.unref()
    },
  }
}
