import { type LoadResult, summarize } from "./result.ts"
import { Recorder } from "./samples.ts"

/** How one request ends. What is told after the first time is not heard. */
export interface Ending {
  /** `name`: what answered, for example its version. */
  readonly succeed: (name: string) => void
  readonly fail: (reason: string) => void
}

/** Begins a request; answers how to give it up. */
export type Attempt = (ending: Ending) => () => void

export interface Load {
  /** Milliseconds since the load began: a mark to measure from. */
  readonly mark: () => number
  /** Sends no more, waits for what is in flight, and answers what happened. */
  readonly stop: () => Promise<LoadResult>
}

export interface Pace {
  readonly ratePerSecond: number
  /** How long after it was due a request counts as failed with `timeout`. */
  readonly timeoutMs: number
}

/**
 * Requests are due at fixed times, whether or not those before were answered, and latency counts from when a request
 * was due. So a server that stalls is charged with every request that it kept waiting.
 */
export class OpenLoop implements Load {
  readonly #pace: Pace
  readonly #attempt: Attempt
  readonly #recorder = new Recorder()
  readonly #startedAt = new Date().toISOString()
  readonly #begun = performance.now()
  #timer: NodeJS.Timeout
  #open = 0
  #lateMs = 0
  #onIdle: (() => void) | undefined

  constructor(pace: Pace, attempt: Attempt) {
    this.#pace = pace
    this.#attempt = attempt
    this.#timer = setTimeout(() => this.#sendDue())
  }

  mark(): number {
    return performance.now() - this.#begun
  }

  async stop(): Promise<LoadResult> {
    clearTimeout(this.#timer)
    if (this.#open > 0) {
      await new Promise<void>((resolve) => {
        this.#onIdle = resolve
      })
    }
    return summarize(this.#recorder.samples(), { startedAt: this.#startedAt, lateMs: this.#lateMs })
  }

  #sendDue(): void {
    const everyMs = 1000 / this.#pace.ratePerSecond
    const now = this.mark()
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
    const fail = (reason: string): void => settle(() => this.#recorder.fail(row, this.mark(), reason))
    const timer = setTimeout(
      () => {
        fail("timeout")
        giveUp()
      },
      Math.max(0, Math.ceil(dueMs + this.#pace.timeoutMs - this.mark())),
    )
    const giveUp = this.#attempt({
      succeed: (name) => settle(() => this.#recorder.succeed(row, this.mark(), name)),
      fail,
    })
  }
}
