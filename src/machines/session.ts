import { randomBytes } from "node:crypto"
import type { FireclayError, Output, ShellOptions } from "../contract/index.ts"
import { type Line, processLine } from "./line.ts"

export interface SessionOptions {
  /** Opens a line to a POSIX shell that runs `loop`; or only how: */
  readonly open?: (loop: string) => Line
  /** Starts a POSIX shell that runs what is passed as its last argument: `ssh host sh -c …`, `nsenter … sh -c …`. */
  readonly argv?: (loop: string) => readonly string[]
  /** Default: this process's own. */
  readonly environment?: () => NodeJS.ProcessEnv
  /** Asked for at each connection. */
  readonly greeting?: () => Greeting | undefined
  /** Names why the program that carries the session ended, from what it said on standard error. */
  readonly lost: (stderr: string, everAnswered: boolean) => FireclayError
}

/** What has to be said before the far shell takes scripts, such as a password. */
export interface Greeting {
  /** Said at once. */
  readonly first: string
  /** Nothing more is sent until the far side has said this on standard error. */
  readonly until: string
  /** Said then, before the first script. */
  readonly last: string
  /** Whether what stands on standard error means that waiting is in vain. */
  readonly isRefused: (stderr: string) => boolean
}

/**
 * A persistent shell on a machine. A script travels as `LENGTH LENGTH\n` and as many bytes of script and of standard
 * input; its two outputs end with a line of a marker that only this session knows. Measured at 4 ms for a
 * command, against 380 ms for a connection each.
 */
export class Session {
  readonly #options: SessionOptions
  #carrier: Carrier | undefined
  #queue: Promise<unknown> = Promise.resolve()

  constructor(options: SessionOptions) {
    this.#options = options
  }

  /** Runs a script after those before it. Reconnects when the connection was lost since the last one. */
  sh(script: string, options: ShellOptions = {}): Promise<Output> {
    const turn = this.#queue.then(() => this.#perform(script, options))
    this.#queue = turn.catch(() => undefined)
    return turn
  }

  /** A script that nobody waits for an answer of, such as one that ends the far side. Without a connection it is left out. */
  async farewell(script: string): Promise<void> {
    await this.#queue
    if (this.#carrier === undefined || this.#carrier.ended) return
    await this.#carrier.perform(script, {}).catch(() => undefined)
  }

  async close(): Promise<void> {
    await this.#queue
    const carrier = this.#carrier
    this.#carrier = undefined
    carrier?.leave()
  }

  async #perform(script: string, options: ShellOptions): Promise<Output> {
    if (this.#carrier === undefined || this.#carrier.ended) this.#carrier = new Carrier(this.#options)
    return this.#carrier.perform(script, options)
  }
}

/** One run of the program that carries a session. */
class Carrier {
  readonly #options: SessionOptions
  readonly #marker = randomBytes(16).toString("hex")
  readonly #line: Line
  readonly #greeting: Greeting | undefined
  /** What waits for the greeting's end. */
  #held: Uint8Array[] | undefined
  #stderrTail = ""
  #answered = false
  /** Tells the script that is under way that it will have no answer. */
  #lost: (() => void) | undefined
  ended = false

  constructor(options: SessionOptions) {
    this.#options = options
    this.#line = openLine(options, loop(this.#marker))
    this.#line.ended.then(() => {
      this.#end()
      this.#lost?.()
    })
    this.#line.stdin.on("error", () => undefined)
    this.#line.stderr.on("data", (chunk: Buffer) => {
      this.#stderrTail = (this.#stderrTail + chunk.toString()).slice(-4096)
      if (this.#held !== undefined) this.#greet()
    })
    this.#greeting = options.greeting?.()
    if (this.#greeting === undefined) return
    this.#held = []
    this.#line.stdin.write(this.#greeting.first)
  }

  perform(script: string, options: ShellOptions): Promise<Output> {
    const { promise, resolve, reject } = Promise.withResolvers<Output>()
    const stdout = new Collector(this.#marker, options.onStdout)
    const stderr = new Collector(this.#marker)
    const stop = (): void => this.stop()
    const timer = options.timeoutMs === undefined ? undefined : setTimeout(stop, options.timeoutMs)
    const feed = (collector: Collector) => (chunk: Buffer) => {
      collector.add(chunk)
      if (!stdout.done || !stderr.done) return
      this.#answered = true
      this.#stderrTail = ""
      resolve({ exitCode: stdout.exitCode, stdout: stdout.bytes(), stderr: stderr.bytes() })
    }
    const onStdout = feed(stdout)
    const onStderr = feed(stderr)
    const onClose = (): void => reject(this.#options.lost(this.#stderrTail, this.#answered))
    this.#line.stdout.on("data", onStdout)
    this.#line.stderr.on("data", onStderr)
    this.#lost = onClose
    if (this.ended) onClose()
    options.signal?.addEventListener("abort", stop, { once: true })
    if (options.signal?.aborted) stop()
    this.#send(script, options.input ?? new Uint8Array())
    return promise.finally(() => {
      clearTimeout(timer)
      options.signal?.removeEventListener("abort", stop)
      this.#line.stdout.off("data", onStdout)
      this.#line.stderr.off("data", onStderr)
      this.#lost = undefined
    })
  }

  stop(): void {
    this.#line.kill()
    this.#end()
  }

  /** Stops it, and does not keep this process waiting for its end. */
  leave(): void {
    this.stop()
    this.#line.leave()
  }

  #send(script: string, input: Uint8Array): void {
    const bytes = Buffer.from(script)
    this.#write(Buffer.from(`${bytes.length} ${input.length}\n`))
    this.#write(bytes)
    if (input.length > 0) this.#write(input)
  }

  #write(bytes: Uint8Array): void {
    if (this.#held === undefined) this.#line.stdin.write(bytes)
    else this.#held.push(bytes)
  }

  #greet(): void {
    if (this.#greeting === undefined) return
    const { until, last, isRefused } = this.#greeting
    if (isRefused(this.#stderrTail)) this.stop()
    if (!this.#stderrTail.includes(until)) return
    const held = this.#held ?? []
    this.#held = undefined
    this.#stderrTail = ""
    this.#line.stdin.write(last)
    for (const bytes of held) this.#line.stdin.write(bytes)
  }

  #end(): void {
    this.ended = true
  }
}

const openLine = ({ open, argv, environment }: SessionOptions, far: string): Line =>
  open?.(far) ?? processLine(argv?.(far) ?? ["sh", "-c", far], environment?.())

/** Gathers one of the two outputs until the marker line. */
class Collector {
  readonly #marker: Buffer
  readonly #onChunk: ((chunk: Buffer) => void) | undefined
  readonly #kept: Buffer[] = []
  #tail: Buffer = Buffer.alloc(0)
  done = false
  exitCode = -1

  constructor(marker: string, onChunk?: (chunk: Buffer) => void) {
    this.#marker = Buffer.from(`\n${marker} `)
    this.#onChunk = onChunk
  }

  add(chunk: Buffer): void {
    if (this.done) return
    const joined = this.#tail.length === 0 ? chunk : Buffer.concat([this.#tail, chunk])
    const at = joined.indexOf(this.#marker)
    if (at >= 0) {
      const end = joined.indexOf("\n", at + this.#marker.length)
      if (end >= 0) {
        this.exitCode = Number(joined.subarray(at + this.#marker.length, end).toString())
        this.done = true
      }
      this.#take(joined.subarray(0, end >= 0 ? at : 0))
      this.#tail = end >= 0 ? Buffer.alloc(0) : joined
      return
    }
    const safe = Math.max(0, joined.length - this.#marker.length)
    this.#take(joined.subarray(0, safe))
    this.#tail = joined.subarray(safe)
  }

  bytes(): Buffer {
    return Buffer.concat(this.#kept)
  }

  #take(piece: Buffer): void {
    if (piece.length === 0) return
    if (this.#onChunk === undefined) this.#kept.push(piece)
    else this.#onChunk(piece)
  }
}

/**
 * The far side: POSIX shell and coreutils. `read` takes one byte at a time, `head -c` exactly what it is told, so
 * nothing of the next script is swallowed. The script is the last word of a subshell, so its `exit` ends only itself.
 */
const loop = (marker: string): string =>
  [
    "while IFS=' ' read -r fc_s fc_i; do",
    '  fc_t=$(head -c "$fc_s"; echo .)',
    '  if [ "$fc_i" -gt 0 ]; then head -c "$fc_i" | ( (eval "${fc_t%.}"); fc_e=$?; cat >/dev/null; exit "$fc_e"); else (eval "${fc_t%.}") </dev/null; fi',
    "  fc_e=$?",
    `  printf '\\n${marker} %d\\n' "$fc_e" >&2`,
    `  printf '\\n${marker} %d\\n' "$fc_e"`,
    "done",
  ].join("\n")
