import { once } from "node:events"
import { Agent, createServer, get, type IncomingMessage, request, type Server, type ServerResponse } from "node:http"
import { type AddressInfo, connect } from "node:net"
import { setTimeout as sleep } from "node:timers/promises"
import type { Backend, BackendState } from "../contract/index.ts"

export type Handler = (
  path: string,
  end: (body: string) => void,
  request: IncomingMessage,
  response: ServerResponse,
) => unknown

/** Servers of the current test. */
const opened: Server[] = []

export const closeServers = async (): Promise<void> => {
  for (const server of opened.splice(0)) await closeServer(server)
}

/** Ends the server that was opened last, so that its port is dead. */
export const closeLast = (): Promise<void> => closeServer(opened.pop())

const switchingProtocols =
  "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
  "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n"

/** An HTTP server on 127.0.0.1. An upgraded connection gets back what it sends, with the id before it. */
export const backend = async (id: string, handler: Handler): Promise<Backend> => {
  const server = createServer((request, response) =>
    handler(request.url ?? "", (text) => response.end(text), request, response),
  )
  server.on("upgrade", (_request, socket) => {
    socket.write(switchingProtocols)
    socket.on("data", (piece: Buffer) => socket.write(`${id} ${piece}`)).on("error", () => undefined)
    socket.on("end", () => socket.end())
  })
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  opened.push(server)
  return { id, address: "127.0.0.1", port: (server.address() as AddressInfo).port }
}

export const answering =
  (text: string): Handler =>
  (_path, end) =>
    end(text)

const closeServer = async (server: Server | undefined): Promise<void> => {
  if (server === undefined) return
  server.closeAllConnections()
  await new Promise((resolve) => server.close(resolve))
}

/** The body of an answer; any status but 200 is an error. */
export const body = (url: string, agent?: Agent): Promise<string> =>
  new Promise((resolve, reject) => {
    get(url, { agent: agent ?? false, timeout: 15_000 }, (response) => {
      const pieces: Buffer[] = []
      response.on("data", (piece: Buffer) => pieces.push(piece))
      response.on("error", reject)
      response.on("end", () => {
        if (response.statusCode === 200) resolve(Buffer.concat(pieces).toString())
        else reject(new Error(`status ${response.statusCode}`))
      })
    }).on("error", reject)
  })

export interface Answer {
  readonly status: number | undefined
  readonly body: string
  /** `NAME=VALUE` of the cookie that was set. */
  readonly cookie: string | undefined
}

/** Any answer, with the cookie that was sent along. */
export const ask = (url: string, cookie?: string): Promise<Answer> =>
  new Promise((resolve, reject) => {
    const headers = cookie === undefined ? {} : { cookie }
    get(url, { agent: false, headers, timeout: 15_000 }, (response) => {
      let text = ""
      response.setEncoding("utf8").on("data", (piece: string) => {
        text += piece
      })
      response.on("error", reject)
      response.on("end", () => {
        const set = response.headers["set-cookie"]?.[0]?.split(";")[0]
        resolve({ status: response.statusCode, body: text, cookie: set })
      })
    }).on("error", reject)
  })

/** A client that keeps its cookie. */
export const stickyClient = (url: string): { readonly ask: () => Promise<Answer> } => {
  let cookie: string | undefined
  return {
    ask: async () => {
      const answer = await ask(url, cookie)
      cookie = answer.cookie ?? cookie
      return answer
    },
  }
}

/** Sends a body in pieces, with a pause after each. */
export const upload = async (
  url: string,
  { pieces, bytes, pauseMs }: { readonly pieces: number; readonly bytes: number; readonly pauseMs: number },
): Promise<string> => {
  const sent = request(url, { method: "POST", agent: false })
  const answered = once(sent, "response") as Promise<[IncomingMessage]>
  for (let count = 0; count < pieces; count++) {
    if (!sent.write(Buffer.alloc(bytes, count))) await Promise.race([once(sent, "drain"), answered])
    await sleep(pauseMs)
  }
  sent.end()
  const [response] = await answered
  if (response.statusCode !== 200) throw new Error(`status ${response.statusCode}`)
  return Buffer.concat(await response.toArray()).toString()
}

export interface WebSocketClient {
  readonly echo: (text: string) => Promise<string>
  readonly close: () => void
  readonly closed: Promise<unknown>
}

/** Upgrades a connection by hand. */
export const openWebSocket = async (url: string): Promise<WebSocketClient> => {
  const socket = connect(Number(new URL(url).port), "127.0.0.1")
  socket.setEncoding("utf8").on("error", () => undefined)
  const closed = once(socket, "close").catch(() => undefined)
  const next = async (): Promise<string> => String((await once(socket, "data"))[0])
  socket.write(
    "GET /socket HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
      "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n",
  )
  const answer = await next()
  if (!answer.startsWith("HTTP/1.1 101")) throw new Error(answer)
  return {
    echo: (text) => {
      socket.write(text)
      return next()
    },
    close: () => socket.end(),
    closed,
  }
}

/** Requests at fixed times, whether or not the ones before were answered; clients keep their connections. */
export const steadyLoad = (url: string, ratePerSecond: number) => {
  const agent = new Agent({ keepAlive: true })
  const pending: Promise<unknown>[] = []
  const failures: string[] = []
  const begun = performance.now()
  const timer = setInterval(() => {
    const due = ((performance.now() - begun) / 1000) * ratePerSecond
    while (pending.length < due) pending.push(body(url, agent).catch((error: Error) => failures.push(error.message)))
  }, 5)
  return {
    stop: async () => {
      clearInterval(timer)
      await Promise.all(pending)
      agent.destroy()
      return { answered: pending.length - failures.length, failures }
    },
  }
}

export const states = (list: readonly BackendState[]) => Object.fromEntries(list.map(({ id, state }) => [id, state]))

export const weights = (list: readonly BackendState[]) => Object.fromEntries(list.map(({ id, weight }) => [id, weight]))

export const inFlight = (list: readonly BackendState[], id: string): number | undefined =>
  list.find((each) => each.id === id)?.inFlight

export const webSockets = (list: readonly BackendState[], id: string): number | undefined =>
  list.find((each) => each.id === id)?.webSockets

/** How often each text is there. */
export const tally = (texts: readonly string[]): { readonly [text: string]: number } => {
  const counts: Record<string, number> = {}
  for (const text of texts) counts[text] = (counts[text] ?? 0) + 1
  return counts
}
