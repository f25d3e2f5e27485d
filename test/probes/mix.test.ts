import { createHash } from "node:crypto"
import { once } from "node:events"
import { createServer, type IncomingMessage, type RequestListener, type Server } from "node:http"
import type { AddressInfo } from "node:net"
import { setTimeout as sleep } from "node:timers/promises"
import { afterEach, describe, expect, it } from "vitest"
import { type MixOptions, startMix } from "../../src/probes/index.ts"
import { type RunningApp, startApp } from "../support/load-app/start.ts"

let server: Server | undefined
let app: RunningApp | undefined
afterEach(async () => {
  server?.closeAllConnections()
  server?.close()
  await app?.stop()
  app = undefined
})

const serve = async (handler: RequestListener): Promise<string> => {
  server = createServer(handler)
  server.listen(0, "127.0.0.1")
  await once(server, "listening")
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

const light: Omit<MixOptions, "url"> = {
  keptPerSecond: 100,
  freshPerSecond: 50,
  slowPerSecond: 10,
  slowMs: 300,
  uploadsPerSecond: 10,
  upload: { bytes: 300_000, sendMs: 300 },
  sockets: 4,
  classify: (body) => body.trim().split(" ")[0] ?? "",
}

const runFor = async (options: MixOptions, ms: number) => {
  const mix = startMix(options)
  await sleep(ms)
  return mix.stop()
}

const digestOf = async (request: IncomingMessage): Promise<string> => {
  const hash = createHash("sha256")
  for await (const piece of request) hash.update(piece as Buffer)
  return hash.digest("hex")
}

describe("startMix", () => {
  it("loses nothing with an application that is well, and counts what it sent", async () => {
    app = await startApp("v1")
    const { kinds, sockets, requests, messages, failed, reasons } = await runFor({ ...light, url: app.url }, 1_500)
    expect({ failed, reasons }).toEqual({ failed: 0, reasons: {} })
    for (const kind of [kinds.kept, kinds.fresh, kinds.slow, kinds.uploads, sockets.messages])
      expect(Object.keys(kind.classes)).toEqual(["v1"])
    expect(Math.min(...kinds.slow.samples.latencyMs)).toBeGreaterThanOrEqual(300)
    expect(sockets.opened).toBe(4)
    expect(sockets.ticks).toBeGreaterThan(30)
    expect(requests).toBe(
      kinds.kept.requests + kinds.fresh.requests + kinds.slow.requests + kinds.uploads.requests + sockets.opened,
    )
    expect(messages).toBe(sockets.ticks + sockets.messages.requests)
  })
  it("is told by an application that stops what it may not lose: all that was asked is answered", async () => {
    app = await startApp("v1")
    const mix = startMix({
      ...light,
      url: app.url,
      keptPerSecond: 0.001,
      freshPerSecond: 0.001,
      sockets: 3,
      timeoutMs: 500,
    })
    await sleep(1_000)
    const ended = app.stop()
    const stopped = mix.mark()
    expect(await ended).toBe(0)
    const { kinds, sockets } = await mix.stop()
    // One that connected at the last moment was taken too.
    expect(sockets.opened).toBe(sockets.asked)
    expect(sockets.asked).toBeGreaterThanOrEqual(3)
    for (const { samples } of [kinds.slow, kinds.uploads]) {
      const before = [...samples.dueMs.keys()].filter((row) => (samples.dueMs[row] ?? 0) < stopped - 100)
      expect(before.length).toBeGreaterThan(5)
      expect(before.filter((row) => samples.outcome[row] !== 0)).toEqual([])
    }
  })
  it("keeps a tally of each kind", async () => {
    let [kept, fresh, slow, uploads] = [0, 0, 0, 0]
    const url = await serve(async (request, response) => {
      const drop = (): unknown => request.socket.destroy()
      if (request.url?.startsWith("/slow") === true)
        return ++slow % 5 === 0 ? response.writeHead(500).end() : response.end("v1")
      if (request.url === "/upload") {
        const number = ++uploads
        const digest = await digestOf(request)
        return response.end(`v1 ${number % 4 === 0 ? "0" : ""}${number % 4 === 1 ? digest.slice(1) : digest}`)
      }
      if (request.url !== "/") return response.writeHead(404).end()
      if (request.headers.connection === "keep-alive") return ++kept % 10 === 0 ? drop() : response.end("v1")
      return ++fresh % 20 === 0 ? drop() : response.end("v2")
    })
    const { kinds, sockets, failed, reasons } = await runFor({ ...light, url, sockets: 1, timeoutMs: 300 }, 1_000)
    const expected = {
      "kept: ECONNRESET": Math.floor(kept / 10),
      "fresh: ECONNRESET": Math.floor(fresh / 20),
      "slow: status 500": Math.floor(slow / 5),
      "uploads: another digest": Math.floor(uploads / 4) + Math.ceil(uploads / 4),
    }
    expect(reasons).toMatchObject(expected)
    // A server that knows no WebSockets.
    expect(reasons["sockets: not opened"]).toBe(sockets.failed)
    expect(reasons["messages: timeout"]).toBe(sockets.messages.requests)
    const sum = Object.values(expected).reduce((all, count) => all + count, 0)
    expect(failed).toBe(sum + sockets.failed + sockets.messages.requests)
    expect(Object.keys(kinds.fresh.classes)).toEqual(["v2"])
  })
})
