import { Agent } from "node:http"
import { type Classify, getAttempt } from "./attempts.ts"
import { type Load, OpenLoop } from "./open-loop.ts"

export interface LoadOptions {
  readonly url: string
  readonly ratePerSecond: number
  /** Most connections at a time; what is due beyond waits, and its latency counts the wait. Absent: 256. */
  readonly connections?: number
  /** How long after it was due a request counts as failed with `timeout`. Absent: 10,000. */
  readonly timeoutMs?: number
  /** Absent: true. */
  readonly keepAlive?: boolean
  readonly classify: Classify
}

/**
 * An open-loop load of one kind of request. Nothing is tried again: a kept connection that the server closes under a
 * request is a failure.
 */
export const startLoad = (options: LoadOptions): Load => {
  const { url, ratePerSecond, connections = 256, timeoutMs = 10_000, keepAlive = true, classify } = options
  const agent = new Agent({ keepAlive, maxSockets: connections })
  const loop = new OpenLoop({ ratePerSecond, timeoutMs }, getAttempt(url, agent, classify))
  return {
    mark: () => loop.mark(),
    stop: async () => {
      const result = await loop.stop()
      agent.destroy()
      return result
    },
  }
}
