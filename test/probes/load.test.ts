import { once } from "node:events"
import { createServer, type RequestListener, type Server } from "node:http"
import type { AddressInfo } from "node:net"
import { setTimeout as sleep } from "node:timers/promises"
import { afterEach, describe, expect, it } from "vitest"
import { startLoad } from "../../src/probes/index.ts"

let server: Server | undefined
afterEach(() => {
  server?.closeAllConnections()
  server?.close()
})

const serve = async (handler: RequestListener): Promise<string> => {
  server = createServer(handler)
  server.listen(0, "127.0.0.1")
  await once(server, "listening")
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
}

const classify = (body: string): string => body

describe("startLoad", () => {
  it("sends at fixed times and counts exactly what the server saw", async () => {
    let seen = 0
    const url = await serve((_request, response) => response.end(++seen % 2 === 0 ? "even" : "odd"))
    const load = startLoad({ url, ratePerSecond: 400, classify })
    await sleep(500)
    const result = await load.stop()
    expect(result.failed).toBe(0)
    expect(result.requests).toBe(seen)
    expect(result.classes.even?.requests).toBe(Math.floor(seen / 2))
    expect(result.classes.odd?.requests).toBe(Math.ceil(seen / 2))
    expect([...result.samples.dueMs]).toEqual(Array.from({ length: seen }, (_, index) => index * 2.5))
  })
  it("counts errors of each kind exactly", async () => {
    let seen = 0
    let refused = 0
    let dropped = 0
    let halved = 0
    const url = await serve((request, response) => {
      seen += 1
      if (seen % 10 === 0) response.writeHead(503).end(`no ${++refused}`)
      else if (seen % 7 === 0) {
        dropped += 1
        request.socket.destroy()
      } else if (seen % 11 === 0) {
        halved += 1
        response.writeHead(200, { "content-length": "100" }).write("half", () => response.destroy())
      } else response.end("ok")
    })
    const load = startLoad({ url, ratePerSecond: 300, classify })
    await sleep(600)
    const { requests, failed, reasons, classes } = await load.stop()
    expect(refused).toBeGreaterThan(5)
    expect(halved).toBeGreaterThan(2)
    expect(requests).toBe(seen)
    expect(failed).toBe(refused + dropped + halved)
    expect(classes).toMatchObject({ ok: { requests: seen - failed } })
    expect(reasons["status 503"]).toBe(refused)
    expect(reasons.ECONNRESET).toBe(dropped + halved)
  })
  it("charges a stall to every request that was due in it", async () => {
    let waiting: (() => void)[] | undefined
    const url = await serve((_request, response) => {
      const answer = (): unknown => response.end("a")
      if (waiting === undefined) answer()
      else waiting.push(answer)
    })
    const load = startLoad({ url, ratePerSecond: 200, connections: 4, classify })
    await sleep(200)
    const fromMs = load.mark()
    waiting = []
    await sleep(500)
    const toMs = load.mark()
    const held = waiting
    waiting = undefined
    for (const answer of held) answer()
    const result = await load.stop()
    expect(held).toHaveLength(4)
    expect(result.failed).toBe(0)
    expect(result.longestGapMs).toBeGreaterThan(toMs - fromMs - 50)
    const { dueMs, latencyMs } = result.samples
    const inStall = [...dueMs.keys()].filter((row) => (dueMs[row] ?? 0) > fromMs && (dueMs[row] ?? 0) < toMs)
    expect(inStall.length).toBeGreaterThan(90)
    for (const row of inStall) expect((dueMs[row] ?? 0) + (latencyMs[row] ?? 0)).toBeGreaterThanOrEqual(toMs)
  })
  it("counts a request without an answer as a timeout, from when it was due", async () => {
    const url = await serve(() => undefined)
    const load = startLoad({ url, ratePerSecond: 100, connections: 2, timeoutMs: 100, classify })
    await sleep(200)
    const result = await load.stop()
    expect(result.requests).toBeGreaterThan(10)
    expect(result.reasons).toEqual({ timeout: result.requests })
    expect(Math.min(...result.samples.latencyMs)).toBeGreaterThan(95)
  })
  it("names a refused connection", async () => {
    const url = await serve(() => undefined)
    server?.close()
    const load = startLoad({ url, ratePerSecond: 100, classify })
    await sleep(50)
    const result = await load.stop()
    expect(result.reasons).toEqual({ ECONNREFUSED: result.requests })
    expect(result.requests).toBeGreaterThan(0)
  })
  it("keeps connections, or does not", async () => {
    const connectionsWith = async (keepAlive: boolean): Promise<{ made: number; requests: number }> => {
      let made = 0
      const url = await serve((_request, response) => response.end())
      server?.on("connection", () => {
        made += 1
      })
      const load = startLoad({ url, ratePerSecond: 100, keepAlive, classify })
      await sleep(300)
      const { requests } = await load.stop()
      server?.close()
      return { made, requests }
    }
    const kept = await connectionsWith(true)
    expect(kept.made).toBeLessThan(kept.requests / 2)
    const fresh = await connectionsWith(false)
    expect(fresh.made).toBe(fresh.requests)
  })
})
