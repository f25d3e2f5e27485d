import { once } from "node:events"
import { mkdtemp, rm } from "node:fs/promises"
import { createServer, type Server, type Socket } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterEach, beforeEach, describe, expect, it } from "vitest"
import type { Served } from "../../src/contract/index.ts"
import { watchServed } from "../../src/routers/haproxy/watch.ts"

let directory: string
let path: string

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "fireclay-watch-"))
  path = join(directory, "haproxy.sock")
})
afterEach(() => rm(directory, { recursive: true, force: true }))

/** Answers as HAProxy's socket does; the connections of the ring stay open until it is told to cut them. */
const speak = async (pid: number, line: string, onRing: (socket: Socket) => void): Promise<Server> => {
  const server = createServer({ pauseOnConnect: true }, (socket) => {
    socket.resume().on("error", () => undefined)
    socket.on("data", (data) => {
      if (!data.toString().startsWith("show events")) return socket.end(`Name: HAProxy\nPid: ${pid}\ndescription: x\n`)
      socket.write(`${line}\n`)
      return onRing(socket)
    })
  })
  server.listen(path)
  await once(server, "listening")
  return server
}

const closed = (server: Server): Promise<unknown> => new Promise((resolve) => server.close(resolve))

/** What a process that is dying does to a connection that it no longer reads. */
const deaths = {
  "resets it": (socket: Socket) => setTimeout(() => socket.destroy(), 20),
  "closes it unanswered": (socket: Socket) => socket.resume().end(),
} as const

describe("the watch over a router that dies", () => {
  it.each(Object.entries(deaths))("goes on with the next one when a last connection %s", async (_name, die) => {
    const served: Served[] = []
    const abort = new AbortController()
    const [met, last] = [Promise.withResolvers<Socket>(), Promise.withResolvers<void>()]
    const first = await speak(1, "a 200 1000 --", (socket) => met.resolve(socket))
    const ended = watchServed(path, {
      onServed: (each) => served.push(each),
      onMissed: undefined,
      signal: abort.signal,
    })
    const ring = await met.promise
    // The connection of the ring goes first: the next one is still taken, by whom nobody hears of again.
    first.removeAllListeners("connection").on("connection", (socket) => {
      socket.on("error", () => undefined)
      die(socket)
      last.resolve()
    })
    ring.destroy()
    await last.promise
    await closed(first)
    const second = await speak(2, "b 200 2000 --", () => undefined)
    await expect.poll(() => served.map(({ id }) => id)).toEqual(["a", "b"])
    abort.abort()
    await ended
    await closed(second)
  })
})
