import { createHash } from "node:crypto"
import { readFile } from "node:fs/promises"
import { homedir } from "node:os"
import { join } from "node:path"
import { FireclayError } from "../../contract/index.ts"

/** Where a daemon listens. */
export type Endpoint = {
  /** As the user would write it: `unix:///var/run/docker.sock`. */
  readonly url: string
  /** The context that it comes from; absent: the environment's, or the default. */
  readonly context?: string
} & (
  | { readonly kind: "unix"; readonly path: string }
  | { readonly kind: "tcp"; readonly host: string; readonly port: number; readonly tls?: Tls }
  | { readonly kind: "ssh"; readonly argv: readonly string[] }
)

export interface Tls {
  readonly ca?: string
  readonly cert?: string
  readonly key?: string
  /** False: whoever answers is believed. */
  readonly verify: boolean
}

/**
 * Finds the daemon that `docker` itself would talk to: a named context, else `DOCKER_HOST`, `DOCKER_CONTEXT`, the
 * current context of the user's configuration, and the socket of this machine, in that order.
 *
 * @throws FireclayError FC_DOCKER_CONTEXT
 */
export const findEndpoint = async (
  context: string | undefined,
  environment: NodeJS.ProcessEnv = process.env,
): Promise<Endpoint> => {
  const directory = environment.DOCKER_CONFIG || join(environment.HOME || homedir(), ".docker")
  if (context === undefined && environment.DOCKER_HOST) return fromEnvironment(environment, directory)
  const name = context ?? environment.DOCKER_CONTEXT ?? (await currentContext(directory))
  return name === undefined || name === "" || name === "default" ? parseHost(defaultHost) : fromContext(directory, name)
}

const defaultHost = "unix:///var/run/docker.sock"

const fromEnvironment = async (environment: NodeJS.ProcessEnv, directory: string): Promise<Endpoint> => {
  const files = environment.DOCKER_CERT_PATH || directory
  const tls = environment.DOCKER_TLS_VERIFY ? await readTls(files, true) : undefined
  return parseHost(environment.DOCKER_HOST ?? defaultHost, tls)
}

interface ContextFile {
  readonly Endpoints?: { readonly docker?: { readonly Host?: string; readonly SkipTLSVerify?: boolean } }
}

const fromContext = async (directory: string, name: string): Promise<Endpoint> => {
  const id = createHash("sha256").update(name).digest("hex")
  const text = await textOf(join(directory, "contexts", "meta", id, "meta.json"))
  if (text === undefined) throw unknownContext(name, `there is no Docker context ${name}`, "docker context ls")
  const docker = parseJson<ContextFile>(text, name).Endpoints?.docker
  if (docker?.Host === undefined) throw unknownContext(name, `the context ${name} names no Docker daemon`)
  const tls = await readTls(join(directory, "contexts", "tls", id, "docker"), docker.SkipTLSVerify !== true)
  return { ...parseHost(docker.Host, tls), context: name }
}

const currentContext = async (directory: string): Promise<string | undefined> => {
  const text = await textOf(join(directory, "config.json"))
  if (text === undefined) return undefined
  return parseJson<{ readonly currentContext?: string }>(text, join(directory, "config.json")).currentContext
}

/** `undefined`: no files, no TLS. */
const readTls = async (directory: string, verify: boolean): Promise<Tls | undefined> => {
  const [ca, cert, key] = await Promise.all(
    ["ca.pem", "cert.pem", "key.pem"].map((name) => textOf(join(directory, name))),
  )
  if (ca === undefined && cert === undefined && verify) return undefined
  return {
    verify,
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
  }
}

const parseHost = (url: string, tls?: Tls): Endpoint => {
  if (url.startsWith("unix://")) return { kind: "unix", url, path: url.slice("unix://".length) }
  const parsed = URL.parse(url)
  const { protocol = "", hostname = "", port = "", username = "" } = parsed ?? {}
  if (protocol === "tcp:" || protocol === "http:" || protocol === "https:") {
    const secure = tls ?? (protocol === "https:" ? { verify: true } : undefined)
    const number = Number(port || (secure === undefined ? 2375 : 2376))
    return {
      kind: "tcp",
      url,
      host: hostname.replace(/^\[|\]$/g, ""),
      port: number,
      ...(secure === undefined ? {} : { tls: secure }),
    }
  }
  if (protocol === "ssh:" && hostname !== "") return { kind: "ssh", url, argv: sshArgv({ hostname, port, username }) }
  throw unknownContext(
    url,
    `${url} is not the address of a Docker daemon`,
    "unix:///PATH, tcp://HOST:PORT or ssh://HOST",
  )
}

/** What the Docker client runs too: the far side joins its standard streams to the daemon's socket. */
const sshArgv = (to: {
  readonly hostname: string
  readonly port: string
  readonly username: string
}): readonly string[] => [
  "ssh",
  "-T",
  "-o",
  "ConnectTimeout=30",
  ...(to.username === "" ? [] : ["-l", decodeURIComponent(to.username)]),
  ...(to.port === "" ? [] : ["-p", to.port]),
  "--",
  to.hostname,
  "docker system dial-stdio",
]

const textOf = async (path: string): Promise<string | undefined> => {
  try {
    return await readFile(path, "utf8")
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException
    if (code === "ENOENT" || code === "ENOTDIR") return undefined
    throw new FireclayError("FC_DOCKER_CONTEXT", `${path} cannot be read (${code})`, { at: path, cause })
  }
}

const parseJson = <T>(text: string, at: string): T => {
  try {
    return JSON.parse(text) as T
  } catch (cause) {
    throw new FireclayError("FC_DOCKER_CONTEXT", `${at} is not JSON`, { at, cause })
  }
}

const unknownContext = (at: string, message: string, remedy = "docker context inspect"): FireclayError =>
  new FireclayError("FC_DOCKER_CONTEXT", message, { at, remedy })
