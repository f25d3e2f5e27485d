import { readFile } from "node:fs/promises"
import { homedir } from "node:os"
import { join } from "node:path"
import { FireclayError } from "../../contract/index.ts"
import { lastLines, run } from "../../system/process.ts"

/** How to prove who one is: a name and a password, or a token that others are had for. */
export type Credentials = { readonly user: string; readonly password: string } | { readonly identityToken: string }

export type Environment = { readonly [name: string]: string | undefined }

/**
 * What the user has for a repository, from where `docker login`, `podman login` and `skopeo login` put it: the containers'
 * `auth.json`, then Docker's `config.json`, with their helpers. The most exact entry counts. `undefined`: nothing.
 *
 * @throws FireclayError FC_REGISTRY_AUTH when a file or a helper cannot be used
 */
export const findCredentials = async (
  host: string,
  repository: string,
  environment: Environment = process.env,
): Promise<Credentials | undefined> => {
  for (const path of filesOf(environment)) {
    const found = await lookUp(path, host, repository, environment)
    if (found !== undefined) return found
  }
  return undefined
}

interface AuthFile {
  readonly auths?: { readonly [key: string]: AuthEntry }
  readonly credHelpers?: { readonly [host: string]: string }
  readonly credsStore?: string
}

interface AuthEntry {
  readonly auth?: string
  readonly username?: string
  readonly password?: string
  readonly identitytoken?: string
}

const filesOf = (environment: Environment): readonly string[] => {
  const home = environment.HOME || homedir()
  const { REGISTRY_AUTH_FILE: named, XDG_RUNTIME_DIR: runtime, XDG_CONFIG_HOME: config, DOCKER_CONFIG } = environment
  if (named) return [named]
  return [
    ...(runtime ? [join(runtime, "containers", "auth.json")] : []),
    join(config || join(home, ".config"), "containers", "auth.json"),
    join(DOCKER_CONFIG || join(home, ".docker"), "config.json"),
  ]
}

const lookUp = async (
  path: string,
  host: string,
  repository: string,
  environment: Environment,
): Promise<Credentials | undefined> => {
  const file = await readAuthFile(path)
  if (file === undefined) return undefined
  const helper = file.credHelpers?.[host]
  if (helper !== undefined) return askHelper(helper, host, environment)
  for (const key of keysFor(host, repository)) {
    const credentials = credentialsOf(file.auths?.[key] ?? {}, path)
    if (credentials !== undefined) return credentials
  }
  return file.credsStore === undefined ? undefined : askHelper(file.credsStore, serverName(host), environment)
}

const readAuthFile = async (path: string): Promise<AuthFile | undefined> => {
  try {
    return JSON.parse(await readFile(path, "utf8")) as AuthFile
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === "ENOENT") return undefined
    throw new FireclayError("FC_REGISTRY_AUTH", "the file of registry logins could not be read", {
      at: path,
      remedy: "log in again with docker login or podman login",
      cause,
    })
  }
}

/** From the most exact to the least: `host/a/b`, `host/a`, `host`, and the ways in which Docker wrote a host over the years. */
const keysFor = (host: string, repository: string): readonly string[] => {
  const parts = repository.split("/")
  const paths = parts.map((_, index) => `${host}/${parts.slice(0, parts.length - index).join("/")}`)
  return [...paths, host, `https://${host}`, `https://${host}/v1/`, `https://${host}/v2/`, `http://${host}`]
}

const serverName = (host: string): string => (host === "index.docker.io" ? `https://${host}/v1/` : host)

const credentialsOf = (entry: AuthEntry, path: string): Credentials | undefined => {
  if (entry.identitytoken) return { identityToken: entry.identitytoken }
  if (entry.username && entry.password) return { user: entry.username, password: entry.password }
  if (!entry.auth) return undefined
  const [, user, password] = /^([^:]+):(.*)$/s.exec(Buffer.from(entry.auth, "base64").toString()) ?? []
  if (user === undefined || password === undefined)
    throw new FireclayError("FC_REGISTRY_AUTH", "an entry of the file of registry logins could not be read", {
      at: path,
      remedy: "log in again with docker login or podman login",
    })
  return { user, password: password.replace(/\0+$/, "") }
}

const askHelper = async (
  helper: string,
  server: string,
  environment: Environment,
): Promise<Credentials | undefined> => {
  const program = `docker-credential-${helper}`
  const { exitCode, stdout, stderr } = await run([program, "get"], { input: `${server}\n`, env: { ...environment } })
  if (exitCode !== 0) {
    // That is how all helpers say that they have nothing; it is on standard output.
    if (/credentials not found/i.test(stdout.toString())) return undefined
    throw new FireclayError("FC_REGISTRY_AUTH", `${program} ended with ${exitCode}`, {
      at: server,
      remedy: `see that it works: echo ${server} | ${program} get`,
      details: stderr.length === 0 ? [] : lastLines(stderr),
    })
  }
  const { Username: user, Secret: password } = parseHelper(stdout, program)
  return user === "<token>" ? { identityToken: password } : { user, password }
}

const parseHelper = (stdout: Buffer, program: string): { readonly Username: string; readonly Secret: string } => {
  try {
    const answer = JSON.parse(stdout.toString()) as { readonly Username?: unknown; readonly Secret?: unknown }
    if (typeof answer.Username === "string" && typeof answer.Secret === "string")
      return { Username: answer.Username, Secret: answer.Secret }
  } catch {
    // Said below; the answer itself may hold a password.
  }
  throw new FireclayError("FC_REGISTRY_AUTH", `the answer of ${program} could not be read`)
}
