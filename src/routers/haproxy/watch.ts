import { connect } from "node:net"
import { setTimeout as sleep } from "node:timers/promises"
import { isFireclayError, type Router, type Served } from "../../contract/index.ts"
import { ringName } from "./config.ts"
import * as runtime from "./runtime.ts"

type WatchArguments = Parameters<Router["watch"]>

interface Watch {
  readonly onServed: WatchArguments[0]
  readonly signal: WatchArguments[1]
  readonly onMissed: WatchArguments[2]
}

/**
 * Reads the ring of requests that ended, until aborted. When the router dies it waits for the one that is started next,
 * and reads that from its beginning.
 *
 * @throws FireclayError FC_ROUTER when none runs at the begin
 */
export const watchServed = async (socketPath: string, watch: Watch): Promise<void> => {
  let { pid } = await runtime.identify(socketPath)
  let from: "now" | "beginning" = "now"
  while (!watch.signal.aborted) {
    await follow(socketPath, from, watch)
    if (watch.signal.aborted) return
    const next = await nextProcess(socketPath, watch.signal)
    from = next === pid ? "now" : "beginning"
    pid = next ?? pid
  }
}

/** Reads one connection to its end. */
const follow = (socketPath: string, from: "now" | "beginning", { onServed, signal, onMissed }: Watch): Promise<void> =>
  new Promise((resolve) => {
    let rest = ""
    const socket = connect(socketPath, () => socket.write(`show events ${ringName} -w${from === "now" ? " -n" : ""}\n`))
    const abort = (): unknown => socket.destroy()
    signal.addEventListener("abort", abort, { once: true })
    if (signal.aborted) abort()
    socket.setEncoding("latin1").on("data", (piece: string) => {
      const lines = (rest + piece).split("\n")
      rest = lines.pop() ?? ""
      for (const line of lines) {
        if (signal.aborted) return
        const served = parseServed(line)
        if (served !== undefined) onServed(served)
        const missed = /\b(\d+) events? dropped/.exec(line)?.[1]
        if (missed !== undefined) onMissed?.(Number(missed))
      }
    })
    socket.on("error", () => undefined)
    socket.on("close", () => {
      signal.removeEventListener("abort", abort)
      resolve()
    })
  })

const nextProcess = async (socketPath: string, signal: AbortSignal): Promise<number | undefined> => {
  while (!signal.aborted) {
    try {
      return (await runtime.identify(socketPath)).pid
    } catch (error) {
      // One that is dying, or has hardly begun, may take a connection and not answer on it.
      if (!isFireclayError(error)) throw error
      await sleep(20, undefined, { signal }).catch(() => undefined)
    }
  }
  return undefined
}

/**
 * A line of the ring: server, status, microseconds, how it ended. Undefined where no server was reached, and for
 * upgraded connections, whose time says nothing.
 */
export const parseServed = (line: string): Served | undefined => {
  const [, id, status = "", micros = "", ended = ""] = /^([^\s<]+) (\d{3}) (\d+) (\S\S)$/.exec(line) ?? []
  if (id === undefined || status === "101") return undefined
  // An upper or lower `S`, or a `P`: the server broke off, took too long, or said what is no HTTP.
  const broken = /^[SsP]/.test(ended) && Number(status) < 500
  return { id, status: broken ? 502 : Number(status), latencyMs: Number(micros) / 1000 }
}
