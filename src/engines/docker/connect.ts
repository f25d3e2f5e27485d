import type { ChildProcess } from "node:child_process"
import { Agent, type ClientRequest, request } from "node:http"
import { Agent as SecureAgent, request as secureRequest } from "node:https"
import { isIP } from "node:net"
import { Duplex } from "node:stream"
import { lastLines, start } from "../../system/process.ts"
import type { Endpoint } from "./endpoint.ts"

export interface Asked {
  readonly method: string
  readonly path: string
  readonly headers: { readonly [name: string]: string }
}

/** Begins requests to one daemon. Connections are kept, and keep no process alive. */
export interface Connector {
  readonly endpoint: Endpoint
  readonly request: (asked: Asked) => ClientRequest
  /** What the program that carries the connection said on standard error. */
  readonly lastWords: () => readonly string[]
}

export const connectTo = (endpoint: Endpoint): Connector => {
  const silent = { endpoint, lastWords: () => [] }
  if (endpoint.kind === "ssh") return overSsh(endpoint)
  if (endpoint.kind === "unix") {
    const agent = new Agent({ keepAlive: true })
    return { ...silent, request: (asked) => request({ ...asked, agent, socketPath: endpoint.path }) }
  }
  const { host, port, tls } = endpoint
  if (tls === undefined) {
    const agent = new Agent({ keepAlive: true })
    return { ...silent, request: (asked) => request({ ...asked, agent, host, port }) }
  }
  const { verify, ...files } = tls
  // Whose certificate it has to be is said by the address, not by the request's Host; an address in numbers is no name.
  const servername = isIP(host) === 0 ? host : ""
  const agent = new SecureAgent({ keepAlive: true, ...files, servername, rejectUnauthorized: verify })
  return { ...silent, request: (asked) => secureRequest({ ...asked, agent, host, port }) }
}

const overSsh = (endpoint: Extract<Endpoint, { readonly kind: "ssh" }>): Connector => {
  let said = ""
  const hear = (chunk: Buffer): void => {
    said = (said + chunk.toString()).slice(-4096)
  }
  class SshAgent extends Agent {
    override createConnection(): Duplex {
      return new ProcessSocket(start(endpoint.argv, { stdio: ["pipe", "pipe", "pipe"], detached: true }), hear)
    }
  }
  // sshd turns away the eleventh that has not logged in yet (MaxStartups).
  const agent = new SshAgent({ keepAlive: true, maxSockets: 8 })
  return {
    endpoint,
    request: (asked) => request({ ...asked, agent }),
    lastWords: () => (said.trim() === "" ? [] : lastLines(said)),
  }
}

/** The standard streams of a program, as what node:http takes for a socket. */
class ProcessSocket extends Duplex {
  readonly #child: ChildProcess

  constructor(child: ChildProcess, hear: (chunk: Buffer) => void) {
    super()
    this.#child = child
    child.once("error", (error) => this.destroy(error))
    child.stdin?.on("error", (error) => this.destroy(error))
    child.stdout?.on("data", (chunk: Buffer) => {
      if (!this.push(chunk)) child.stdout?.pause()
    })
    child.stdout?.once("end", () => this.push(null))
    child.stderr?.on("data", hear)
  }

  override _read(): void {
    this.#child.stdout?.resume()
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    this.#child.stdin?.write(chunk, done)
  }

  override _final(done: (error?: Error | null) => void): void {
    this.#child.stdin?.end(done)
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#child.kill()
    done(error)
  }

  /** What an agent asks of a socket that it keeps. */
  setKeepAlive(): this {
    return this
  }
  setNoDelay(): this {
    return this
  }
  setTimeout(): this {
    return this
  }
  ref(): this {
    return this.#each((part) => part.ref())
  }
  unref(): this {
    return this.#each((part) => part.unref())
  }

  #each(action: (part: { ref(): void; unref(): void }) => void): this {
    action(this.#child)
    for (const stream of [this.#child.stdin, this.#child.stdout, this.#child.stderr])
      if (stream !== null && "unref" in stream) action(stream as unknown as { ref(): void; unref(): void })
    return this
  }
}
