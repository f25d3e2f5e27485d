import { randomBytes } from "node:crypto"
import { type Duplex, PassThrough } from "node:stream"
import type { Machine } from "../contract/index.ts"
import { FireclayError } from "../contract/index.ts"
import { lastLines } from "../system/process.ts"
import type { Line } from "./line.ts"
import { Session } from "./session.ts"

export interface DockerMachineOptions {
  readonly name: string
  readonly address: () => Promise<string>
  /** Starts a program in the container, as root; answers its streams in Docker's framing. */
  readonly exec: (argv: readonly string[]) => Promise<Duplex>
  readonly lastWords: (lines: number) => Promise<readonly string[]>
}

/**
 * A container, entered through the daemon. Nothing of the controller's environment reaches it.
 */
export const dockerMachine = (options: DockerMachineOptions): Machine => {
  const description = `docker ${options.name}`
  let failed: unknown
  const session = new Session({
    open: (loop) =>
      execLine(options.exec, loop, (cause) => {
        failed = cause
      }),
    lost: (stderr, everAnswered) => {
      const cause = failed
      failed = undefined
      return cause instanceof FireclayError ? cause : lost(description, stderr, everAnswered)
    },
  })
  return {
    name: options.name,
    description,
    address: options.address,
    sh: (script, shellOptions) => session.sh(script, shellOptions),
    lastWords: options.lastWords,
    close: () => session.close(),
  }
}

const execLine = (exec: DockerMachineOptions["exec"], loop: string, fail: (cause: unknown) => void): Line => {
  // Told apart from other shells in the container by a variable that all that it starts inherit.
  const mark = `FC_SESSION=${randomBytes(8).toString("hex")}`
  const [stdin, stdout, stderr] = [new PassThrough(), new PassThrough(), new PassThrough()]
  const { promise: ended, resolve } = Promise.withResolvers<void>()
  let stream: Duplex | undefined
  let left = false
  const end = (): void => {
    stream?.destroy()
    resolve()
  }
  exec([...environment, mark, "sh", "-c", loop]).then(
    (opened) => {
      stream = opened
      opened.on("error", end)
      opened.on("close", end)
      opened.on("end", end)
      stdin.pipe(opened)
      unframe(opened, stdout, stderr)
      if (left) end()
    },
    (cause: unknown) => {
      fail(cause)
      resolve()
    },
  )
  return {
    stdin,
    stdout,
    stderr,
    ended,
    kill: () => {
      left = true
      // A shell that was never opened has nothing to end.
      if (stream !== undefined) killMarked(exec, mark).catch(() => undefined)
      end()
    },
    leave: () => undefined,
  }
}

const environment = [
  "/usr/bin/env",
  "-i",
  "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
  "HOME=/root",
  "LC_ALL=C.UTF-8",
]

const killMarked = async (exec: DockerMachineOptions["exec"], mark: string): Promise<void> => {
  const stream = await exec([...environment, "sh", "-c", killer, "sh", mark])
  stream.on("error", () => undefined)
  stream.resume()
}

/** Closing the stream would end the shell only between two scripts. */
const killer =
  'for p in /proc/[0-9]*; do tr "\\0" "\\n" <"$p/environ" 2>/dev/null | grep -qxF "$1" && kill -9 "${p#/proc/}"; done; exit 0'

/** Eight bytes stand before each piece: which stream it is of, three zeros, its length. */
const unframe = (from: Duplex, stdout: PassThrough, stderr: PassThrough): void => {
  let held: Buffer = Buffer.alloc(0)
  from.on("data", (chunk: Buffer) => {
    held = held.length === 0 ? chunk : Buffer.concat([held, chunk])
    while (held.length >= 8) {
      const length = held.readUInt32BE(4)
      if (held.length < 8 + length) break
      const target = held[0] === 2 ? stderr : stdout
      target.write(held.subarray(8, 8 + length))
      held = held.subarray(8 + length)
    }
  })
}

const lost = (description: string, stderr: string, everAnswered: boolean): FireclayError =>
  new FireclayError(
    "FC_MACHINE_UNREACHABLE",
    everAnswered ? `${description}: the shell on it ended` : `${description}: no shell could be started on it`,
    { at: description, remedy: "fireclay status", details: stderr.trim() === "" ? [] : lastLines(stderr) },
  )
