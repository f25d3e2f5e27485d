import { createHash } from "node:crypto"
import { once } from "node:events"
import { createServer, type Server } from "node:http"
import type { AddressInfo, Socket } from "node:net"
import { setTimeout as sleep } from "node:timers/promises"
import { afterEach, describe, expect, it } from "vitest"
import { type SocketsResult, startSockets } from "../../src/probes/sockets.ts"

let server: Server | undefined
afterEach(() => {
  server?.closeAllConnections()
  server?.close()
})

/** The server's end of one WebSocket, number 1 being the first that was opened. */
interface End {
  readonly number: number
  readonly say: (text: string) => void
  /** Closes by the rules. */
  readonly close: (code: number) => void
  /** Closes without a word. */
  readonly cut: () => void
}

interface Behaviour {
  readonly opened?: (end: End) => void
  readonly heard?: (end: End, text: string) => void
}

const frame = (opcode: number, payload: Buffer): Buffer =>
  Buffer.concat([Buffer.from([0x80 | opcode, payload.length]), payload])

/** Frames of a client, short and masked, and what is left. */
const parse = (data: Buffer): { readonly frames: (readonly [number, string])[]; readonly rest: Buffer } => {
  const frames: (readonly [number, string])[] = []
  let rest = data
  while (rest.length >= 6 && rest.length >= 6 + ((rest[1] ?? 0) & 0x7f)) {
    const length = (rest[1] ?? 0) & 0x7f
    const mask = rest.subarray(2, 6)
    const text = rest.subarray(6, 6 + length).map((byte, at) => byte ^ (mask[at % 4] ?? 0))
    frames.push([(rest[0] ?? 0) & 0x0f, Buffer.from(text).toString()])
    rest = rest.subarray(6 + length)
  }
  return { frames, rest }
}

const serve = async ({ opened, heard = echo }: Behaviour): Promise<string> => {
  let number = 0
  server = createServer().on("upgrade", (request, socket: Socket) => {
    const key = `${request.headers["sec-websocket-key"]}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`
    const accept = createHash("sha1").update(key).digest("base64")
    socket.write(
      `HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: Upgrade\r\nsec-websocket-accept: ${accept}\r\n\r\n`,
    )
    number += 1
    const end: End = {
      number,
      say: (text) => socket.write(frame(1, Buffer.from(text))),
      close: (code) => socket.write(frame(8, Buffer.from([code >> 8, code & 0xff]))),
      cut: () => socket.destroy(),
    }
    let data: Buffer = Buffer.alloc(0)
    socket.on("error", () => undefined)
    socket.on("data", (piece: Buffer) => {
      const { frames, rest } = parse(Buffer.concat([data, piece]))
      data = rest
      for (const [opcode, text] of frames) {
        if (opcode === 1) heard(end, text)
        if (opcode === 8) socket.end(frame(8, Buffer.from(text)))
      }
    })
    opened?.(end)
  })
  server.listen(0, "127.0.0.1")
  await once(server, "listening")
  return `ws://127.0.0.1:${(server.address() as AddressInfo).port}/`
}

const echo = (end: End, text: string): void => end.say(`echo ${text} v1`)

const talkFor = async (url: string, ms: number, timeoutMs = 2_000): Promise<SocketsResult> => {
  const sockets = startSockets({ url, count: 4, everyMs: 20, timeoutMs })
  await sleep(ms)
  return sockets.stop()
}

describe("startSockets", () => {
  it("hears an echo of each message, and what the server says", async () => {
    const heard: string[] = []
    const url = await serve({
      opened: (end) => end.say("tick 1 v1"),
      heard: (end, text) => {
        heard.push(text)
        echo(end, text)
      },
    })
    const { messages, ...sockets } = await talkFor(url, 300)
    expect(sockets).toEqual({ opened: 4, asked: 0, ticks: 4, failed: 0, reasons: {}, examples: [] })
    expect(messages.failed).toBe(0)
    expect(messages.classes).toMatchObject({ v1: { requests: heard.length } })
    expect(messages.requests).toBe(heard.length)
    expect(new Set(heard).size).toBe(heard.length)
  })
  it("opens another one where it is asked to leave, and says again what had no echo", async () => {
    const url = await serve({
      heard: (end, text) => {
        if (end.number <= 4) end.close(1001)
        else echo(end, text)
      },
    })
    const { messages, ...sockets } = await talkFor(url, 300)
    expect(sockets).toMatchObject({ opened: 8, asked: 4, failed: 0 })
    expect(messages.failed).toBe(0)
    expect(messages.requests).toBeGreaterThan(20)
  })
  it("counts those that are cut, one by one, and goes on", async () => {
    const url = await serve({
      heard: (end, text) => {
        if (end.number <= 4) end.cut()
        else echo(end, text)
      },
    })
    const { messages, ...sockets } = await talkFor(url, 500)
    expect(sockets).toMatchObject({ opened: 8, asked: 0, failed: 4, reasons: { cut: 4 } })
    expect(messages.failed).toBe(0)
  })
  it("counts those that are closed for a fault, and those that cannot be opened", async () => {
    const faulty = await serve({
      heard: (end, text) => {
        if (end.number <= 4) end.close(1011)
        else echo(end, text)
      },
    })
    expect(await talkFor(faulty, 400)).toMatchObject({ failed: 4, reasons: { "closed with 1011": 4 } })
    server?.close()
    const nowhere = await talkFor(faulty, 50, 150)
    expect(nowhere.opened).toBe(0)
    expect(nowhere.reasons["not opened"]).toBeGreaterThanOrEqual(4)
    expect(nowhere.messages.reasons).toEqual({ timeout: nowhere.messages.requests })
  })
  it("counts each echo that never comes, and each message of the server's that is missing", async () => {
    let lost = 0
    const url = await serve({
      opened: (end) => {
        end.say("tick 1 v1")
        if (end.number === 1) end.say("tick 3 v1")
      },
      heard: (end, text) => {
        if (Number(text) % 10 === 0) lost += 1
        else echo(end, text)
      },
    })
    const { messages, ...sockets } = await talkFor(url, 400, 200)
    expect(sockets).toMatchObject({ failed: 1, reasons: { "a message of the server's is missing": 1 } })
    expect(lost).toBeGreaterThan(3)
    expect(messages.reasons).toEqual({ timeout: lost })
  })
})
