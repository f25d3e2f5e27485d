import { once } from "node:events"
import { mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises"
import { Agent, createServer, request, type Server } from "node:http"
import { type AddressInfo, connect, createServer as createTcpServer } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { setTimeout as sleep } from "node:timers/promises"
import { afterEach, beforeEach, describe, expect, it } from "vitest"
import type { Backend, Router } from "../../src/contract/index.ts"
import { startLoad } from "../../src/probes/index.ts"
import { placesOf } from "../../src/routers/haproxy/files.ts"
import { findProcesses } from "../../src/routers/haproxy/process.ts"
import { type HaproxyOptions, haproxyRouter } from "../../src/routers/index.ts"
import { run } from "../../src/system/process.ts"
import { underTest } from "./fixture.ts"

let home: string
let routers: Router[]
let servers: Server[]

beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), "fireclay-haproxy-"))
  routers = []
  servers = []
})
afterEach(async () => {
  for (const router of routers) await router.destroy()
  for (const server of servers) {
    server.closeAllConnections()
    server.close()
  }
  await rm(home, { recursive: true, force: true })
})

const started = async (more: Partial<HaproxyOptions> = {}) => {
  const subject = await underTest(more.home ?? home, more)
  routers.push(subject.router)
  await subject.router.start()
  return subject
}

const serve = async (id: string, handler?: Parameters<typeof createServer>[1]): Promise<Backend> => {
  const server = createServer(handler ?? ((_request, response) => response.end(id)))
  servers.push(server)
  server.listen(0, "127.0.0.1")
  await once(server, "listening")
  return { id, address: "127.0.0.1", port: (server.address() as AddressInfo).port }
}

const post = (
  url: string,
  text: string,
  { agent, method = "POST" }: { readonly agent?: Agent; readonly method?: string } = {},
): Promise<{ status: number | undefined; body: string }> =>
  new Promise((resolve, reject) => {
    const sent = request(url, { method, agent: agent ?? false }, (response) => {
      let body = ""
      response.setEncoding("utf8").on("data", (piece: string) => {
        body += piece
      })
      response.on("end", () => resolve({ status: response.statusCode, body })).on("error", reject)
    })
    sent.on("error", reject).end(text)
  })

describe("haproxyRouter: the process", () => {
  it("names the program that has the port", async () => {
    const taken = createTcpServer()
    taken.listen(0, "127.0.0.1")
    await once(taken, "listening")
    const { port } = taken.address() as AddressInfo
    const { router, leftovers } = await underTest(home, { listen: port })
    routers.push(router)
    const failure = await router.start().catch((error: unknown) => error)
    expect(failure).toMatchObject({ code: "FC_ROUTER", at: `127.0.0.1:${port}` })
    expect(String(failure)).toMatch(new RegExp(`port ${port} is taken by .*process ${process.pid}`))
    taken.close()
    await router.destroy()
    expect(await leftovers()).toEqual([])
  })
  it("waits for a port that becomes free in a moment", async () => {
    const taken = createTcpServer()
    taken.listen(0, "127.0.0.1")
    await once(taken, "listening")
    const { router } = await underTest(home, { listen: (taken.address() as AddressInfo).port })
    routers.push(router)
    setTimeout(() => taken.close(), 150)
    await router.start()
    expect(await router.list()).toEqual([])
  })
  it("does not share a port with another router", async () => {
    const first = await started()
    const second = await underTest(join(home, "other"), { listen: first.options.listen })
    routers.push(second.router)
    await expect(second.router.start()).rejects.toMatchObject({ code: "FC_ROUTER", message: /is taken by haproxy/ })
  })
  it("says when HAProxy is not installed", async () => {
    const { router } = await underTest(home, { program: "haproxy-that-is-not-there" })
    routers.push(router)
    await expect(router.start()).rejects.toMatchObject({ code: "FC_MISSING_TOOL" })
  })
  it("leaves a running process alone when it is started again", async () => {
    const { router, reopen } = await started()
    const before = await findProcesses(placesOf(home).config)
    expect(before).toHaveLength(1)
    await router.start()
    await reopen().start()
    expect(await findProcesses(placesOf(home).config)).toEqual(before)
  })
  it("starts a process anew that has lost its socket", async () => {
    const { router, url } = await started()
    await router.admit([await serve("a")])
    await rm(placesOf(home).socket)
    await router.start()
    expect(await post(url, "")).toMatchObject({ body: "a" })
    expect(await findProcesses(placesOf(home).config)).toHaveLength(1)
  })
  it("takes over with other settings without losing a request", async () => {
    const { router, url, options } = await started()
    await router.admit([await serve("a"), await serve("b")])
    await router.drain(["b"])
    const before = await findProcesses(placesOf(home).config)
    const load = startLoad({ url, ratePerSecond: 200, timeoutMs: 3000, classify: (body) => body })
    await sleep(200)
    const changed = haproxyRouter({ ...options, holdMs: 1234 })
    await changed.start()
    await sleep(200)
    const result = await load.stop()
    expect(result.examples).toEqual([])
    expect(result.failed).toBe(0)
    expect(Object.keys(result.classes)).toEqual(["a"])
    expect(await changed.list()).toMatchObject([
      { id: "a", state: "ready" },
      { id: "b", state: "drain" },
    ])
    await expect.poll(async () => (await findProcesses(placesOf(home).config)).length).toBe(1)
    expect(await findProcesses(placesOf(home).config)).not.toEqual(before)
  })
  it("answers once more on a connection that was idle when another took over", async () => {
    const { router, options } = await started()
    await router.admit([await serve("a")])
    const client = connect(options.listen, "127.0.0.1").setEncoding("utf8")
    const ask = async (): Promise<string> => {
      client.write("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
      return String((await once(client, "data"))[0])
    }
    expect(await ask()).toMatch(/^HTTP\/1\.1 200/)
    await haproxyRouter({ ...options, holdMs: 1 }).start()
    expect(await ask()).toMatch(/^HTTP\/1\.1 200/)
    await once(client, "end")
  })
  it("meets who serves now on a connection that was idle since before another took over", async () => {
    const { router, options } = await started({ check: { path: "/", status: [200] } })
    const old = await serve("a")
    await router.admit([old])
    const clients = [1, 2].map(() => connect(options.listen, "127.0.0.1").setEncoding("utf8"))
    const ask = async (client: (typeof clients)[number]): Promise<string> => {
      client.write("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
      return String((await once(client, "data"))[0])
    }
    for (const client of clients) expect(await ask(client)).toMatch(/^HTTP\/1\.1 200(?:.|\s)*a$/)
    const next = haproxyRouter({ ...options, holdMs: 1234 })
    await next.start()
    const [first, second] = clients
    await next.admit([await serve("b")])
    await next.drain([old.id])
    if (first !== undefined) expect(await ask(first)).toMatch(/^HTTP\/1\.1 200(?:.|\s)*b$/)
    await next.remove([old.id])
    servers[0]?.closeAllConnections()
    servers[0]?.close()
    // Longer than the old process needs to find out by itself.
    await sleep(1500)
    if (second !== undefined) expect(await ask(second)).toMatch(/^HTTP\/1\.1 200(?:.|\s)*b$/)
  })
  it("puts its socket elsewhere when the path is too long, and cleans up there", async () => {
    const { router, leftovers } = await started({ home: join(home, "a".repeat(120)) })
    const { socket } = placesOf(join(home, "a".repeat(120)))
    expect(socket).toMatch(/\/fireclay\/[0-9a-f]{12}\/haproxy\.sock$/)
    expect((await stat(socket)).isSocket()).toBe(true)
    await router.admit([await serve("a")])
    await router.destroy()
    expect(await leftovers()).toEqual([])
  })
})

describe("haproxyRouter: the files", () => {
  it("keeps a file that HAProxy accepts, with the drained as disabled", async () => {
    const { router } = await started({
      home: join(home, 'sp ace"$HOME'),
      check: { path: "/health?a=1", status: [200] },
    })
    const { config } = placesOf(join(home, 'sp ace"$HOME'))
    await router.admit([await serve("a"), await serve("b")])
    await router.drain(["b"])
    const text = await readFile(config, "utf8")
    expect(text).toMatch(/^ {2}server a 127\.0\.0\.1:\d+ weight 100 check [^\n]*fall 2$/m)
    expect(text).toMatch(/^ {2}server b 127\.0\.0\.1:\d+ weight 100 check [^\n]*disabled$/m)
    const { exitCode, stderr } = await run(["haproxy", "-c", "-f", config])
    expect(stderr.toString()).not.toMatch(/WARNING|ALERT/)
    expect(exitCode).toBe(0)
    expect((await stat(config)).mode & 0o777).toBe(0o600)
  })
  it("finishes a change that a controller left half-done", async () => {
    const { router, crash } = await started()
    await router.admit([await serve("a"), await serve("b"), await serve("c")])
    const { state } = placesOf(home)
    const later = await readFile(state, "utf8")
    await router.drain(["a"])
    await router.remove(["b"])
    await writeFile(state, later)
    await router.start()
    expect((await router.list()).map(({ id, state }) => `${id} ${state}`).sort()).toEqual([
      "a ready",
      "b ready",
      "c ready",
    ])
    await crash()
    await router.start()
    expect(await router.list()).toHaveLength(3)
  })
  it("leaves everything as it was when a change is refused", async () => {
    const { router } = await started()
    await router.admit([await serve("a")])
    for (const bad of [
      { id: "x; shutdown sessions server instances/a", address: "127.0.0.1", port: 80 },
      { id: "x y", address: "127.0.0.1", port: 80 },
      { id: "x", address: "127.0.0.1", port: 70_000 },
      { id: "x", address: "no-such-host.invalid", port: 80 },
    ])
      await expect(router.admit([bad])).rejects.toMatchObject({ code: "FC_ROUTER" })
    expect(await router.list()).toMatchObject([{ id: "a", state: "ready" }])
  })
  it("refuses options that would end up in the file as something else", () => {
    for (const bad of [{ fleet: "a b" }, { listen: 0 }, { bind: "*" }, { check: { path: "x" } }, { holdMs: 0.5 }])
      expect(() => haproxyRouter({ fleet: "web", home, listen: 8080, ...bad })).toThrow(/FC_|cannot|range|not/)
  })
})

describe("haproxyRouter: requests", () => {
  it("waits for a backend when none is ready, and gives up after holdMs", async () => {
    const { router, url } = await started({ holdMs: 10_000 })
    const backend = await serve("a")
    await router.admit([backend])
    await router.drain(["a"])
    const pending = post(url, "x")
    await sleep(100)
    await router.admit([backend])
    expect(await pending).toEqual({ status: 200, body: "a" })
    const impatient = await started({ home: join(home, "impatient"), holdMs: 50 })
    expect(await post(impatient.url, "x")).toMatchObject({ status: 503 })
  })
  it("asks what is there as before when the next release is asked in another way, in the same process", async () => {
    const answer =
      (path: string): Parameters<typeof createServer>[1] =>
      (request, response) =>
        response.writeHead(request.url === "/" || request.url === path ? 200 : 404).end(path)
    const { router, options } = await started({ check: { path: "/v1" } })
    await router.admit([await serve("one", answer("/v1"))])
    const before = await findProcesses(placesOf(home).config)
    const next = haproxyRouter({ ...options, check: { path: "/v2", status: [200] } })
    await next.start()
    expect(await findProcesses(placesOf(home).config)).toEqual(before)
    await next.admit([await serve("two", answer("/v2"))])
    const up = async () => Object.fromEntries((await next.list()).map((each) => [each.id, each.up]))
    for (let turn = 0; turn < 6; turn++) expect(await sleep(500, await up())).toEqual({ one: true, two: true })
    const text = await readFile(placesOf(home).checks, "utf8")
    expect(text.split("\n").filter((line) => line !== "")).toHaveLength(5)
  })
  it("does not send a request twice that a server took and dropped", async () => {
    let taken = 0
    const drop: Parameters<typeof createServer>[1] = (request) => {
      taken += 1
      request.socket.destroy()
    }
    const { router, url } = await started()
    await router.admit([await serve("a", drop), await serve("b", drop)])
    expect(await post(url, "order")).toMatchObject({ status: 502 })
    expect(taken).toBe(1)
  })
  it("uses no kept connection to a server, which could close it under a request", async () => {
    const { router, url, crash } = await started()
    await router.admit([await serve("a")])
    // HAProxy 2.6 keeps connections to servers of its file only, not to those added later.
    await crash()
    await router.start()
    let asked = 0
    const sockets = new Set<unknown>()
    servers[0]?.on("request", (request) => {
      asked += 1
      sockets.add(request.socket)
    })
    const agent = new Agent({ keepAlive: true, maxSockets: 1 })
    for (let turn = 0; turn < 20; turn++)
      expect(await post(url, "", { agent, method: "GET" })).toEqual({ status: 200, body: "a" })
    agent.destroy()
    expect(asked).toBe(20)
    expect(sockets.size).toBe(20)
  })
  it("asks the path it is given, and avoids a server that says no", async () => {
    const asked: string[] = []
    const { router, url } = await started({ check: { path: "/health", status: [204] } })
    const answer =
      (status: number): Parameters<typeof createServer>[1] =>
      (request, response) => {
        if (request.url === "/health") asked.push(`${status} ${request.headers.host}`)
        response.writeHead(request.url === "/health" ? status : 200).end(String(status))
      }
    await router.admit([await serve("good", answer(204)), await serve("bad", answer(200))])
    const up = async () => Object.fromEntries((await router.list()).map((each) => [each.id, each.up]))
    await expect.poll(up, { timeout: 5000 }).toEqual({ good: true, bad: false })
    expect(asked).toContain("204 web")
    expect((await post(url, "")).body).toBe("204")
  })
  it("passes WebSockets, and counts an open one apart from the requests", async () => {
    const { router, url, options } = await started()
    const backend = await serve("ws")
    servers[0]?.on("upgrade", (_request, socket) => {
      socket.write(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n",
      )
      socket.on("data", (piece: Buffer) => socket.write(`echo ${piece}`)).on("error", () => undefined)
      socket.on("end", () => socket.end())
    })
    await router.admit([backend])
    const client = connect(options.listen, "127.0.0.1")
    client.setEncoding("utf8")
    client.write(
      "GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n",
    )
    expect((await once(client, "data"))[0]).toMatch(/^HTTP\/1\.1 101/)
    await router.drain(["ws"])
    client.write("hello")
    expect((await once(client, "data"))[0]).toBe("echo hello")
    expect(await router.list()).toMatchObject([{ state: "drain", inFlight: 0, webSockets: 1, up: true }])
    client.end()
    await expect.poll(async () => (await router.list())[0]?.webSockets).toBe(0)
    expect(url).toContain(String(options.listen))
  })
})
