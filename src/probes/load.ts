import { Agent, get, type IncomingMessage, type RequestOptions } from "node:http"
import { urlToHttpOptions } from "node:url"
import { type LoadResult, summarize } from "./result.ts"
import { Recorder } from "./samples.ts"

export interface LoadOptions {
  readonly url: string
  readonly ratePerSecond: number
  /** Most connections at a time; what is due beyond waits, and its latency counts the wait. Absent: 256. */
  readonly connections?: number
  /** How long after it was due a request counts as failed with `timeout`. Absent: 10,000. */
  readonly timeoutMs?: number
  /** Absent: true. */
  readonly keepAlive?: boolean
  /** Names what answered, for example its version, from the body of a good answer. */
  readonly classify: (body: string) => string
}

export interface Load {
  /** Milliseconds since the load began: a mark to measure from. */
  readonly mark: () => number
  /** Sends no more, waits for what is in flight, and answers what happened. */
  readonly stop: () => Promise<LoadResult>
}

/**
 * An open-loop load: requests are due at fixed times, whether or not those before were answered, and latency counts
 * from when a request was due. So a server that stalls is charged with every request that it kept waiting.
 * Nothing is tried again: a kept connection that the server closes under a request is a failure.
 */
export const startLoad = (options: LoadOptions): Load => {
  const generator = new Generator(options)
  return { mark: () => generator.now(), stop: () => generator.stop() }
}

class Generator {
  readonly #options: LoadOptions
  readonly #agent: Agent
  readonly #recorder = new Recorder()
  readonly #startedAt = new Date().toISOString()
  readonly #begun = performance.now()
  readonly #target: RequestOptions
  #timer: NodeJS.Timeout
  #open = 0
  #lateMs = 0
  #onIdle: (() => void) | undefined

  constructor(options: LoadOptions) {
    this.#options = options
    this.#agent = new Agent({ keepAlive: options.keepAlive ?? true, maxSockets: options.connections ?? 256 })
    this.#target = { ...urlToHttpOptions(new URL(options.url)), agent: this.#agent }
    this.#timer = setTimeout(() => this.#sendDue())
  }

  now(): number {
    return performance.now() - this.#begun
  }

  async stop(): Promise<LoadResult> {
    clearTimeout(this.#timer)
    if (this.#open > 0) {
      await new Promise<void>((resolve) => {
        this.#onIdle = resolve
      })
    }
    this.#agent.destroy()
    return summarize(this.#recorder.samples(), { startedAt: this.#startedAt, lateMs: this.#lateMs })
  }

  #sendDue(): void {
    const everyMs = 1000 / this.#options.ratePerSecond
    const now = this.now()
    for (;;) {
      const dueMs = this.#recorder.count * everyMs
      if (dueMs > now) {
        this.#timer = setTimeout(() => this.#sendDue(), dueMs - now)
        return
      }
      this.#lateMs = Math.max(this.#lateMs, now - dueMs)
      this.#send(this.#recorder.open(dueMs), dueMs)
    }
  }

  #send(row: number, dueMs: number): void {
    this.#open += 1
    let done = false
    const settle = (record: () => void): void => {
      if (done) return
      done = true
      clearTimeout(timer)
      record()
      this.#open -= 1
      if (this.#open === 0) this.#onIdle?.()
    }
    const fail = (reason: string): void => settle(() => this.#recorder.fail(row, this.now(), reason))
    const onError = (error: NodeJS.ErrnoException): void => fail(error.code ?? error.message)
    const request = get(this.#target, (response) =>
      readBody(response, onError, (body) => {
        if (isGood(response)) settle(() => this.#recorder.succeed(row, this.now(), this.#options.classify(body)))
        else fail(`status ${response.statusCode}`)
      }),
    ).on("error", onError)
    const { timeoutMs = 10_000 } = this.#options
    const timer = setTimeout(
      () => {
        fail("timeout")
        request.destroy()
      },
      Math.max(0, Math.ceil(dueMs + timeoutMs - this.now())),
    )
  }
}

const isGood = ({ statusCode = 0 }: IncomingMessage): boolean => statusCode >= 200 && statusCode < 400

const readBody = (response: IncomingMessage, onError: (error: Error) => void, onBody: (body: string) => void): void => {
  let body = ""
  response.setEncoding("utf8")
  response.on("data", (piece: string) => {
    body += piece
  })
  response.on("error", onError).on("end", () => onBody(body))
}
