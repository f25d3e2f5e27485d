import { Agent } from "node:http"
import { type Classify, getAttempt } from "./attempts.ts"
import { type Load, OpenLoop } from "./open-loop.ts"

export interface LoadOptions {
  readonly url: string
  readonly ratePerSecond: number
  /** Most connections at a time; what is due beyond waits, and its latency counts the wait. Absent: `mostConnections`. */
  readonly connections?: number
  /** How long after it was due a request counts as failed with `timeout`. Absent: 10,000. */
  readonly timeoutMs?: number
  /** Absent: true. */
  readonly keepAlive?: boolean
  readonly classify: Classify
}

/** Connections at a time, unless said otherwise. */
export const mostConnections = 256

/**
 * An open-loop load of one kind of request. Nothing is tried again: a kept connection that the server closes under a
 * request is a failure.
 */
export const startLoad = (options: LoadOptions): Load => {
  const { url, ratePerSecond, connections = mostConnections, timeoutMs = 10_000, keepAlive = true, classify } = options
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
