import type { ClientRequest, IncomingMessage } from "node:http"
import type { Duplex, Readable } from "node:stream"
import { pipeline } from "node:stream/promises"
import { FireclayError } from "../../contract/index.ts"
import { type Connector, connectTo } from "./connect.ts"
import { type Endpoint, findEndpoint } from "./endpoint.ts"

export interface Call {
  readonly method: "GET" | "POST" | "DELETE" | "HEAD"
  /** With its query, encoded. */
  readonly path: string
  readonly json?: unknown
  readonly body?: { readonly type: string; readonly stream: Readable }
  /** Statuses beyond 2xx that are an answer, not an error. */
  readonly accept?: readonly number[]
}

export interface Answer {
  readonly status: number
  readonly body: Buffer
}

/** The Docker Engine's API, which Podman speaks too. It connects at its first call. */
export interface DockerClient {
  /** What its user calls the daemon; absent: it is this computer's, or the environment's. */
  readonly context?: string
  /** @throws FireclayError FC_DOCKER_UNREACHABLE, FC_DOCKER_REFUSED, FC_DOCKER_CONTEXT */
  readonly call: (call: Call) => Promise<Answer>
  /** The same, with the answer as JSON. */
  readonly json: <T>(call: Call) => Promise<T>
  /** A call whose answer comes piece by piece, perhaps until the signal. */
  readonly stream: (call: Call, signal?: AbortSignal) => Promise<Readable>
  /** A call whose connection becomes a stream of the daemon's. */
  readonly upgrade: (call: Call) => Promise<Duplex>
}

export interface ClientOptions {
  /** Name of one of the user's contexts. */
  readonly context?: string | undefined
  readonly environment?: NodeJS.ProcessEnv
}

export const dockerClient = (options: ClientOptions = {}): DockerClient => {
  let connector: Promise<Connector> | undefined
  const connected = (): Promise<Connector> => {
    connector ??= findEndpoint(options.context, options.environment).then(connectTo)
    return connector
  }
  const call = async (asked: Call): Promise<Answer> => perform(await connected(), asked)
  return {
    ...(options.context === undefined ? {} : { context: options.context }),
    call,
    json: async <T>(asked: Call) => JSON.parse((await call(asked)).body.toString()) as T,
    stream: async (asked, signal) => stream(await connected(), asked, signal),
    upgrade: async (asked) => upgrade(await connected(), asked),
  }
}

/** A path with its query; what is `undefined` is left out, and what is no text becomes JSON. */
export const pathOf = (path: string, query: { readonly [name: string]: unknown } = {}): string => {
  const words = Object.entries(query).flatMap(([name, value]) =>
    value === undefined
      ? []
      : [`${name}=${encodeURIComponent(typeof value === "string" ? value : JSON.stringify(value))}`],
  )
  return words.length === 0 ? path : `${path}?${words.join("&")}`
}

const perform = async (connector: Connector, call: Call): Promise<Answer> => {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>()
  const sent = connector.request({ method: call.method, path: call.path, headers: headersOf(call) })
  sent.on("response", resolve)
  sent.on("error", reject)
  await Promise.all([send(sent, call), promise]).catch((cause: unknown) => {
    throw unreachable(connector, cause)
  })
  const answer = await readAnswer(await promise).catch((cause: unknown) => {
    throw unreachable(connector, cause)
  })
  if (answer.status < 300 || call.accept?.includes(answer.status)) return answer
  throw refused(call, answer)
}

const stream = async (connector: Connector, call: Call, signal: AbortSignal | undefined): Promise<Readable> => {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>()
  const sent = connector.request({ method: call.method, path: call.path, headers: headersOf(call) })
  sent.on("response", resolve)
  sent.on("error", (cause) => reject(unreachable(connector, cause)))
  signal?.addEventListener("abort", () => sent.destroy(), { once: true })
  await send(sent, call).catch(reject)
  const response = await promise
  if ((response.statusCode ?? 0) < 300) return response
  throw refused(call, await readAnswer(response))
}

const upgrade = async (connector: Connector, call: Call): Promise<Duplex> => {
  const { promise, resolve, reject } = Promise.withResolvers<Duplex>()
  const headers = { ...headersOf(call), Connection: "Upgrade", Upgrade: "tcp" }
  const sent = connector.request({ method: call.method, path: call.path, headers })
  sent.on("upgrade", (_: IncomingMessage, socket: Duplex, head: Buffer) => {
    if (head.length > 0) socket.unshift(head)
    resolve(socket)
  })
  sent.on("response", (response) => {
    readAnswer(response).then((answer) => reject(refused(call, answer)), reject)
  })
  sent.on("error", (cause) => reject(unreachable(connector, cause)))
  await send(sent, call).catch(reject)
  return promise
}

const headersOf = ({ json, body }: Call): { readonly [name: string]: string } => ({
  Host: "docker",
  ...(json === undefined ? {} : { "Content-Type": "application/json" }),
  ...(body === undefined ? {} : { "Content-Type": body.type }),
})

const send = async (sent: ClientRequest, { json, body }: Call): Promise<void> => {
  if (body !== undefined) return pipeline(body.stream, sent)
  sent.end(json === undefined ? undefined : JSON.stringify(json))
}

const readAnswer = async (response: IncomingMessage): Promise<Answer> => {
  const pieces: Buffer[] = []
  for await (const piece of response) pieces.push(piece as Buffer)
  return { status: response.statusCode ?? 0, body: Buffer.concat(pieces) }
}

/** The daemon's own words. */
export const messageOf = ({ status, body }: Answer): string => {
  const text = body.toString().trim()
  try {
    const { message, cause } = JSON.parse(text) as { readonly message?: string; readonly cause?: string }
    return message || cause || text
  } catch {
    return text || `status ${status}`
  }
}

const refused = (call: Call, answer: Answer): FireclayError =>
  new FireclayError("FC_DOCKER_REFUSED", `the Docker daemon refused: ${messageOf(answer)}`, {
    at: `${call.method} ${call.path.replace(/\?.*/, "")}`,
    details: [`status ${answer.status}`],
  })

const unreachable = ({ endpoint, lastWords }: Connector, cause: unknown): FireclayError => {
  const { code, message } = cause as NodeJS.ErrnoException
  return new FireclayError("FC_DOCKER_UNREACHABLE", `no Docker daemon answers at ${endpoint.url}: ${code ?? message}`, {
    at: endpoint.context === undefined ? endpoint.url : `Docker context ${endpoint.context}`,
    remedy: remedyFor(endpoint, code),
    details: lastWords(),
    cause,
  })
}

const remedyFor = (endpoint: Endpoint, code: string | undefined): string => {
  if (endpoint.kind === "ssh") return `${endpoint.argv.slice(0, -1).join(" ")} docker version`
  if (endpoint.kind === "tcp") return "check the address, the TLS files and that the daemon listens there"
  if (code === "EACCES") return "run the same command with sudo, or as a member of the group docker"
  return "start it (systemctl start docker), or name another with DOCKER_HOST or docker({ context: … })"
}
