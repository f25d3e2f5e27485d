import { Agent } from "node:http"
import { type Classify, getAttempt, type UploadOptions, uploadAttempt } from "./attempts.ts"
import { type Attempt, type Load, OpenLoop } from "./open-loop.ts"
import type { LoadResult } from "./result.ts"
import { type SocketsResult, startSockets } from "./sockets.ts"

export interface MixOptions {
  /** Of the server, without a path: `http://127.0.0.1:8080`. */
  readonly url: string
  /** Requests a second on connections that are kept. */
  readonly keptPerSecond: number
  /** Requests a second, each on a connection of its own. */
  readonly freshPerSecond: number
  /** Requests a second whose answer takes its time: `/slow?ms=…`. */
  readonly slowPerSecond: number
  readonly slowMs: number
  /** `POST /upload`. */
  readonly uploadsPerSecond: number
  readonly upload: UploadOptions
  /** WebSockets at `/socket` that are held open, with a message each tenth of a second each way. */
  readonly sockets: number
  /** How long a request may take beyond what it takes by nature. Absent: 10,000. */
  readonly timeoutMs?: number
  readonly classify: Classify
}

/** The kinds of requests of a mix, in the order in which they are told. */
export const mixKinds = ["kept", "fresh", "slow", "uploads"] as const
export type MixKind = (typeof mixKinds)[number]

export interface MixResult {
  readonly kinds: { readonly [kind in MixKind]: LoadResult }
  readonly sockets: SocketsResult
  /** HTTP requests, those that open WebSockets among them; messages on these apart. */
  readonly requests: number
  readonly messages: number
  /** Of both, and connections that were cut. */
  readonly failed: number
  /** `kept: ECONNRESET`, `sockets: cut` … */
  readonly reasons: { readonly [reason: string]: number }
}

export interface Mix {
  readonly mark: () => number
  readonly stop: () => Promise<MixResult>
}

/** Loads of several kinds at the same time, each in open loop and with a tally of its own. */
export const startMix = (options: MixOptions): Mix => {
  const { url, timeoutMs = 10_000, slowMs, upload, classify } = options
  // An idle connection is closed from this end, before the router may do so under a request.
  const kept = new Agent({ keepAlive: true, maxSockets: 256, timeout: idleMs })
  // Without a limit: an agent that has one keeps connections for requests that wait.
  const fresh = new Agent({ keepAlive: false })
  const loop = (ratePerSecond: number, byNatureMs: number, attempt: Attempt): OpenLoop =>
    new OpenLoop({ ratePerSecond, timeoutMs: timeoutMs + byNatureMs }, attempt)
  const loops: { readonly [kind in MixKind]: Load } = {
    kept: loop(options.keptPerSecond, 0, getAttempt(`${url}/`, kept, classify)),
    fresh: loop(options.freshPerSecond, 0, getAttempt(`${url}/`, fresh, classify)),
    slow: loop(options.slowPerSecond, slowMs, getAttempt(`${url}/slow?ms=${slowMs}`, fresh, classify)),
    uploads: loop(options.uploadsPerSecond, upload.sendMs, uploadAttempt(`${url}/upload`, fresh, upload, classify)),
  }
  const sockets = startSockets({
    url: `${url.replace(/^http/, "ws")}/socket`,
    count: options.sockets,
    everyMs: 100,
    timeoutMs,
  })
  return {
    mark: () => loops.kept.mark(),
    stop: async () => {
      const [results, talked] = await Promise.all([stopAll(loops), sockets.stop()])
      for (const agent of [kept, fresh]) agent.destroy()
      return sumUp(results, talked)
    },
  }
}

const idleMs = 15_000

const stopAll = async (loops: { readonly [kind in MixKind]: Load }): Promise<MixResult["kinds"]> => {
  const results = await Promise.all(mixKinds.map(async (kind) => [kind, await loops[kind].stop()] as const))
  return Object.fromEntries(results) as Record<MixKind, LoadResult>
}

/** Pure: the tallies of all kinds in one. */
const sumUp = (kinds: MixResult["kinds"], sockets: SocketsResult): MixResult => {
  const parts: readonly (readonly [string, Pick<LoadResult, "failed" | "reasons">])[] = [
    ...mixKinds.map((kind) => [kind, kinds[kind]] as const),
    ["sockets", sockets],
    ["messages", sockets.messages],
  ]
  const reasons = parts.flatMap(([kind, part]) =>
    Object.entries(part.reasons).map(([reason, count]) => [`${kind}: ${reason}`, count] as const),
  )
  return {
    kinds,
    sockets,
    requests: mixKinds.reduce((sum, kind) => sum + kinds[kind].requests, sockets.opened),
    messages: sockets.messages.requests + sockets.ticks,
    failed: parts.reduce((sum, [, { failed }]) => sum + failed, 0),
    reasons: Object.fromEntries(reasons),
  }
}
