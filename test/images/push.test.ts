import { once } from "node:events"
import { chmod, mkdir, rm, writeFile } from "node:fs/promises"
import { type AddressInfo, connect, createServer } from "node:net"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { pushImage } from "../../src/images/index.ts"
import { parseChallenge } from "../../src/images/registry/authorize.ts"
import { findCredentials } from "../../src/images/registry/credentials.ts"
import { parseReference } from "../../src/images/registry/reference.ts"
import { run } from "../../src/system/process.ts"
import { caught } from "../support/catch.ts"
import { account, type Door, startRegistry, type TestRegistry } from "../support/registry.ts"
import { layerOf, tinyImage, withDirectory } from "./tiny-image.ts"

const inspect = async (place: string, ...more: readonly string[]) => {
  const argv = ["skopeo", "inspect", "--tls-verify=false", ...more, `docker://${place}`]
  const { stdout, stderr } = await run(argv)
  expect(stderr.toString()).toBe("")
  return JSON.parse(stdout.toString()) as { Digest: string; Layers: readonly string[] }
}

const using = (registry: TestRegistry) => ({
  credentials: (host: string, repository: string) =>
    findCredentials(host, repository, { DOCKER_CONFIG: registry.login, HOME: "/nowhere" }),
})

describe.each<Door>(["open", "basic", "bearer"])("a registry whose door is %s", (door) => {
  let registry: TestRegistry
  beforeAll(async () => {
    registry = await startRegistry(door)
  })
  afterAll(() => registry.dispose())

  it("takes an image under the digest that it has here, and nothing twice", () =>
    withDirectory(async (directory) => {
      const { layout, digest } = await tinyImage(directory)
      const name = `${registry.host}/shop/web:3`
      const first = await pushImage(layout, digest, name, using(registry))
      expect(first).toMatchObject({ reference: `${name}@${digest}`, sent: 3 })
      const creds = door === "open" ? [] : [`--creds=${account.user}:${account.password}`]
      expect((await inspect(name, ...creds)).Digest).toBe(digest)
      expect(await pushImage(layout, digest, name, using(registry))).toMatchObject({ sent: 0, sentBytes: 0 })
    }))
})

describe.each<Door>(["basic", "bearer"])("a registry whose door is %s", (door) => {
  let registry: TestRegistry
  beforeAll(async () => {
    registry = await startRegistry(door)
  })
  afterAll(() => registry.dispose())

  it.each([
    ["without credentials", {}],
    ["with a wrong password", { user: account.user, password: "wrong" }],
  ])("lets nobody in %s", (_, wrong) =>
    withDirectory(async (directory) => {
      const { layout, digest } = await tinyImage(directory)
      const credentials = async () => ("user" in wrong ? (wrong as typeof account) : undefined)
      const error = await caught(() => pushImage(layout, digest, `${registry.host}/shop/web:3`, { credentials }))
      expect(error.code).toBe("FC_REGISTRY_AUTH")
      expect(error.message).not.toContain("wrong")
    }),
  )
})

describe("a line that breaks", () => {
  it("is taken up again", () =>
    withDirectory(async (directory) => {
      const registry = await startRegistry()
      const breaking = await startBreakingProxy(Number(registry.host.split(":")[1]), 6 << 20)
      try {
        const noise = await run(["openssl", "rand", String(16 << 20)])
        const large = await tinyImage(directory, [await layerOf(join(directory, "noise"), [["noise", noise.stdout]])])
        await pushImage(large.layout, large.digest, `localhost:${breaking.port}/shop/large:1`)
        expect(breaking.breaks()).toBe(2)
        expect((await inspect(`${registry.host}/shop/large:1`)).Digest).toBe(large.digest)
        await run(["mkdir", join(directory, "copy")])
        const copy = ["skopeo", "copy", "--src-tls-verify=false", `docker://${registry.host}/shop/large:1`]
        expect((await run([...copy, `dir:${join(directory, "copy")}`])).exitCode).toBe(0)
      } finally {
        await breaking.close()
        await registry.dispose()
      }
    }))
})

describe("a registry that is not there", () => {
  it("is an error that names it", () =>
    withDirectory(async (directory) => {
      const { layout, digest } = await tinyImage(directory)
      const error = await caught(() => pushImage(layout, digest, "localhost:1/shop/web:1"))
      expect(error).toMatchObject({ code: "FC_REGISTRY", at: "localhost:1/shop/web" })
    }))

  it("is not spoken to without encryption, unless it is this computer", () =>
    withDirectory(async (directory) => {
      const registry = await startRegistry()
      try {
        const { layout, digest } = await tinyImage(directory)
        const name = `${registry.host}/shop/web:1`
        const error = await caught(() => pushImage(layout, digest, name, { plainHttp: false }))
        expect(error.code).toBe("FC_REGISTRY")
      } finally {
        await registry.dispose()
      }
    }))
})

describe("the name of an image", () => {
  const digest = `sha256:${"a".repeat(64)}`
  it.each([
    ["localhost/web", { host: "localhost", repository: "web" }],
    ["r.example:5000/a/b-c:1.2", { host: "r.example:5000", repository: "a/b-c", tag: "1.2" }],
    [`r.example/a@${digest}`, { host: "r.example", repository: "a", digest }],
    [`r.example/a:3@${digest}`, { host: "r.example", repository: "a", tag: "3", digest }],
    ["[::1]:5000/a", { host: "[::1]:5000", repository: "a" }],
    ["docker.io/library/debian:12", { host: "index.docker.io", repository: "library/debian", tag: "12" }],
  ])("%s", (text, reference) => {
    expect(parseReference(text, "here")).toEqual(reference)
  })

  it.each([
    "web",
    "shop/web:1",
    "r.example/",
    "r.example/Web",
    "r.example/a:",
    "r.example/a@sha256:1",
    "r.example/../a",
    "http://r.example/a",
  ])("cannot be %s", async (text) => {
    expect((await caught(() => parseReference(text, "here"))).code).toBe("FC_USAGE")
  })
})

describe("credentials", () => {
  const auth = (user: string) => Buffer.from(`${user}:secret:with:colons`).toString("base64")
  const found = (user: string) => ({ user, password: "secret:with:colons" })
  it.each([
    ["by host", { auths: { "r.example": { auth: auth("a") } } }, found("a")],
    ["with a scheme", { auths: { "https://r.example/v1/": { auth: auth("a") } } }, found("a")],
    [
      "the most exact",
      { auths: { "r.example": { auth: auth("a") }, "r.example/shop": { auth: auth("b") } } },
      found("b"),
    ],
    ["another host's", { auths: { "other.example": { auth: auth("a") } } }, undefined],
    ["a token", { auths: { "r.example": { identitytoken: "t" } } }, { identityToken: "t" }],
    ["a helper", { credHelpers: { "r.example": "works" } }, { user: "helped", password: "r.example" }],
    ["a store", { credsStore: "works" }, { user: "helped", password: "r.example" }],
    ["a store without it", { credsStore: "empty" }, undefined],
  ])("%s", (_, file, credentials) =>
    withDirectory(async (directory) => {
      const environment = await homeWith(directory, file)
      expect(await findCredentials("r.example", "shop/web", environment)).toEqual(credentials)
    }),
  )

  it.each([
    ["a helper that fails", { credsStore: "broken" }],
    ["a helper that talks nonsense", { credsStore: "nonsense" }],
    ["an entry without a colon", { auths: { "r.example": { auth: "abc" } } }],
    ["no JSON", "not json"],
  ])("%s", (_, file) =>
    withDirectory(async (directory) => {
      const environment = await homeWith(directory, file)
      expect((await caught(() => findCredentials("r.example", "shop/web", environment))).code).toBe("FC_REGISTRY_AUTH")
    }),
  )

  it("those of podman come first", () =>
    withDirectory(async (directory) => {
      const environment = await homeWith(directory, { auths: { "r.example": { auth: auth("docker") } } })
      await mkdir(join(directory, "containers"))
      const own = JSON.stringify({ auths: { "r.example": { auth: auth("podman") } } })
      await writeFile(join(directory, "containers", "auth.json"), own)
      const both = { ...environment, XDG_RUNTIME_DIR: directory }
      expect(await findCredentials("r.example", "shop/web", both)).toEqual(found("podman"))
      await rm(join(directory, "containers"), { recursive: true })
      expect(await findCredentials("r.example", "shop/web", both)).toEqual(found("docker"))
    }))
})

describe("a challenge", () => {
  it.each([
    ['Basic realm="x"', { scheme: "basic", parameters: { realm: "x" } }],
    [
      'Bearer realm="https://t/x",service="a b",scope="c:d,e"',
      { scheme: "bearer", parameters: { realm: "https://t/x", service: "a b", scope: "c:d,e" } },
    ],
    ["Negotiate", undefined],
    [undefined, undefined],
  ])("%s", (header, challenge) => {
    expect(parseChallenge(header)).toEqual(challenge)
  })
})

/** A home directory with Docker's file in it, and helpers on the path. */
const homeWith = async (directory: string, file: unknown) => {
  await mkdir(join(directory, ".docker"))
  await mkdir(join(directory, "bin"))
  await writeFile(join(directory, ".docker", "config.json"), typeof file === "string" ? file : JSON.stringify(file))
  const helpers = {
    works: `read -r server; printf '{"Username":"helped","Secret":"%s"}' "$server"`,
    empty: "echo credentials not found in native keychain; exit 1",
    broken: "echo no keyring >&2; exit 3",
    nonsense: "echo hello",
  }
  for (const [name, script] of Object.entries(helpers)) {
    const path = join(directory, "bin", `docker-credential-${name}`)
    await writeFile(path, `#!/bin/sh\n${script}\n`)
    await chmod(path, 0o755)
  }
  return { HOME: directory, PATH: `${join(directory, "bin")}:${process.env.PATH}` }
}

/** Hands on to a port, and cuts the first two connections that have carried so many bytes. */
const startBreakingProxy = async (port: number, most: number) => {
  let breaks = 0
  const server = createServer((client) => {
    const inner = connect(port, "127.0.0.1")
    let carried = 0
    client.on("data", (piece) => {
      carried += piece.length
      if (carried < most || breaks === 2) return
      breaks += 1
      client.destroy()
      inner.destroy()
    })
    client.pipe(inner).pipe(client)
    client.on("error", () => inner.destroy())
    inner.on("error", () => client.destroy())
  }).listen(0, "127.0.0.1")
  await once(server, "listening")
  return {
    port: (server.address() as AddressInfo).port,
    breaks: () => breaks,
    close: async () => {
      server.close()
    },
  }
}
