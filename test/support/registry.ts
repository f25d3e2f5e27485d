import { createSign, randomUUID } from "node:crypto"
import { once } from "node:events"
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises"
import { createServer } from "node:http"
import { type AddressInfo, createServer as createSocket } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { killGroup, run, start } from "../../src/system/process.ts"
import { until } from "./docker.ts"

/** How a registry lets people in. */
export type Door = "open" | "basic" | "bearer"

export interface TestRegistry {
  /** Such as `localhost:5000`. */
  readonly host: string
  readonly directory: string
  /** A `DOCKER_CONFIG` directory whose login it takes; for an open one nothing stands in it. */
  readonly login: string
  readonly dispose: () => Promise<void>
}

export const account = { user: "alice", password: "opensesame" } as const

/** Debian's `docker-registry` on a free port, with a directory of its own. */
export const startRegistry = async (door: Door = "open"): Promise<TestRegistry> => {
  const directory = await mkdtemp(join(tmpdir(), "fireclay-registry-"))
  const port = await freePort()
  const host = `localhost:${port}`
  const tokens = door === "bearer" ? await startTokenServer(directory) : undefined
  const login = join(directory, "login")
  await run(["mkdir", login])
  const auth = Buffer.from(`${account.user}:${account.password}`).toString("base64")
  await writeFile(join(login, "config.json"), JSON.stringify(door === "open" ? {} : { auths: { [host]: { auth } } }))
  if (door === "basic") await writePasswords(join(directory, "htpasswd"))
  const config = {
    version: 0.1,
    log: { level: "warn" },
    storage: { filesystem: { rootdirectory: join(directory, "storage") }, delete: { enabled: true } },
    http: { addr: `127.0.0.1:${port}` },
    ...(door === "basic" ? { auth: { htpasswd: { realm: "test", path: join(directory, "htpasswd") } } } : {}),
    ...(tokens === undefined ? {} : { auth: { token: tokens.settings } }),
  }
  // JSON is YAML.
  await writeFile(join(directory, "config.yml"), JSON.stringify(config))
  const registry = start(["docker-registry", "serve", join(directory, "config.yml")], {
    stdio: "ignore",
    detached: true,
    env: { ...process.env, OTEL_TRACES_EXPORTER: "none" },
  })
  await until("the registry answers", 30_000, async () =>
    fetch(`http://${host}/v2/`).then(
      ({ headers }) => headers.has("docker-distribution-api-version"),
      () => false,
    ),
  )
  return {
    host,
    directory,
    login,
    dispose: async () => {
      const ended = once(registry, "close")
      killGroup(registry)
      await ended
      await tokens?.close()
      await rm(directory, { recursive: true, force: true })
    },
  }
}

/** Free on every address: whoever listens on another one might be who answers to `localhost`. */
export const freePort = async (): Promise<number> => {
  const socket = createSocket().listen(0)
  await once(socket, "listening")
  const { port } = socket.address() as AddressInfo
  socket.close()
  await once(socket, "close")
  return port
}

const writePasswords = async (path: string): Promise<void> => {
  const { stdout } = await run(["htpasswd", "-Bbn", account.user, account.password])
  await writeFile(path, stdout)
}

/** A token service as registries have one beside them: it gives what was asked for to whoever knows the password. */
const startTokenServer = async (directory: string) => {
  const [key, certificate] = [join(directory, "key.pem"), join(directory, "certificate.pem")]
  await run(
    ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"].concat([
      "-subj",
      "/CN=tokens",
      "-keyout",
      key,
      "-out",
      certificate,
    ]),
  )
  const [privateKey, publicPart] = await Promise.all([key, certificate].map((path) => readFile(path, "utf8")))
  const chain = (publicPart ?? "").replaceAll(/-----[^-]+-----|\n/g, "")
  const server = createServer((request, response) => {
    const { searchParams } = new URL(request.url ?? "", "http://localhost")
    const given = Buffer.from((request.headers.authorization ?? "").replace("Basic ", ""), "base64").toString()
    if (given !== `${account.user}:${account.password}`) {
      response.writeHead(401).end("{}")
      return
    }
    const [type, name, actions = ""] = (searchParams.get("scope") ?? "").split(":")
    const now = Math.floor(Date.now() / 1000)
    const claims = {
      iss: "tokens",
      sub: account.user,
      aud: searchParams.get("service"),
      exp: now + 300,
      nbf: now - 10,
      iat: now,
      jti: randomUUID(),
      access: [{ type, name, actions: actions.split(",") }],
    }
    const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString("base64url")
    const signed = `${part({ alg: "RS256", typ: "JWT", x5c: [chain] })}.${part(claims)}`
    const signature = createSign("RSA-SHA256")
      .update(signed)
      .sign(privateKey ?? "", "base64url")
    response.end(JSON.stringify({ token: `${signed}.${signature}` }))
  }).listen(0, "127.0.0.1")
  await once(server, "listening")
  const { port } = server.address() as AddressInfo
  return {
    settings: {
      realm: `http://127.0.0.1:${port}/token`,
      service: "test-registry",
      issuer: "tokens",
      rootcertbundle: certificate,
    },
    close: async () => {
      server.closeAllConnections()
      server.close()
      await once(server, "close")
    },
  }
}
