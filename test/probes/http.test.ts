import { once } from "node:events"
import { createServer, type RequestListener, type Server } from "node:http"
import type { AddressInfo } from "node:net"
import { afterEach, describe, expect, it } from "vitest"
import type { Health } from "../../src/contract/index.ts"
import { httpProbe } from "../../src/probes/index.ts"

const servers: Server[] = []
afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections()
    server.close()
  }
})

const serve = async (handler: RequestListener, port = 0): Promise<number> => {
  const server = createServer(handler)
  servers.push(server)
  server.listen(port, "127.0.0.1")
  await once(server, "listening")
  return (server.address() as AddressInfo).port
}

const probe = (port: number, more: Partial<Health> = {}, signal?: AbortSignal) =>
  httpProbe(
    { address: "127.0.0.1", port, health: { path: "/health", status: [200], withinMs: 5000, successes: 1, ...more } },
    signal,
  )

/** Answers with these statuses, then with 200; 0 drops the connection. Notes what was asked. */
const saying = (statuses: readonly number[], asked: string[]): RequestListener => {
  return (request, response) => {
    const status = statuses[asked.push(`${request.method} ${request.url} ${request.headers.connection}`) - 1] ?? 200
    if (status === 0) request.socket.destroy()
    else response.writeHead(status).end("body")
  }
}

describe("httpProbe", () => {
  it("is healthy after one good answer, on a connection of its own", async () => {
    const asked: string[] = []
    const answer = await probe(await serve(saying([], asked)))
    expect(answer).toMatchObject({ healthy: true })
    expect(asked).toEqual(["GET /health close"])
  })
  it("waits for good answers in a row", async () => {
    const asked: string[] = []
    const port = await serve(saying([200, 200, 503, 200, 0, 200, 200, 200], asked))
    expect(await probe(port, { successes: 3 })).toMatchObject({ healthy: true })
    expect(asked).toHaveLength(8)
  })
  it("takes only the statuses it is told to", async () => {
    const port = await serve(saying([200, 200, 204], []))
    expect(await probe(port, { status: [204, 301] })).toMatchObject({ healthy: true })
  })
  it("keeps asking a port that refuses until something listens there", async () => {
    const port = await serve(() => undefined)
    servers.pop()?.close()
    const pending = probe(port)
    setTimeout(() => void serve((_request, response) => response.end(), port), 150)
    expect(await pending).toMatchObject({ healthy: true })
  })
  it("says what it met last when time is up", async () => {
    expect(await probe(await serve(saying(Array(99).fill(503), [])), { withinMs: 150 })).toEqual({
      healthy: false,
      lastError: "status 503",
    })
    expect(await probe(await serve((request) => request.socket.destroy()), { withinMs: 150 })).toEqual({
      healthy: false,
      lastError: "ECONNRESET",
    })
    expect(await probe(await serve(() => undefined), { withinMs: 150 })).toEqual({
      healthy: false,
      lastError: "no answer within 150 ms",
    })
  })
  it("gives up on a try that gets no answer, and asks again", async () => {
    let asked = 0
    const port = await serve((_request, response) => {
      asked += 1
      if (asked > 1) response.end()
    })
    expect(await probe(port)).toMatchObject({ healthy: true })
    expect(asked).toBe(2)
  })
  it("asks less and less often", async () => {
    const asked: string[] = []
    await probe(await serve(saying(Array(999).fill(500), asked)), { withinMs: 1000 })
    expect(asked.length).toBeGreaterThan(3)
    expect(asked.length).toBeLessThan(20)
  })
  it("stops when it is aborted", async () => {
    const port = await serve(() => undefined)
    const controller = new AbortController()
    const pending = probe(port, { withinMs: 60_000 }, controller.signal)
    setTimeout(() => controller.abort(), 50)
    expect(await pending).toEqual({ healthy: false, lastError: "cancelled" })
    expect(await probe(port, {}, AbortSignal.abort())).toEqual({ healthy: false, lastError: "cancelled" })
  })
})
