import { createHash } from "node:crypto"
import { mkdir, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { describe, expect, it } from "vitest"
import { dockerClient } from "../../../src/engines/docker/client.ts"
import { findEndpoint } from "../../../src/engines/docker/endpoint.ts"
import { withDirectory } from "../local/support.ts"

const standard = { kind: "unix", url: "unix:///var/run/docker.sock", path: "/var/run/docker.sock" }

/** A directory as the Docker client keeps it, with two contexts. */
const withContexts = (action: (directory: string) => Promise<void>): Promise<void> =>
  withDirectory(async (directory) => {
    await writeContext(directory, "far", { Host: "ssh://deploy@far.example.com:2222" })
    await writeContext(directory, "safe", { Host: "tcp://safe.example.com:2376" })
    await writeContext(directory, "empty", undefined)
    const tls = join(directory, "contexts", "tls", idOf("safe"), "docker")
    await mkdir(tls, { recursive: true })
    for (const name of ["ca", "cert", "key"]) await writeFile(join(tls, `${name}.pem`), `the ${name}`)
    await action(directory)
  })

const idOf = (name: string): string => createHash("sha256").update(name).digest("hex")

const writeContext = async (directory: string, name: string, docker: object | undefined): Promise<void> => {
  const meta = join(directory, "contexts", "meta", idOf(name))
  await mkdir(meta, { recursive: true })
  await writeFile(join(meta, "meta.json"), JSON.stringify({ Name: name, Endpoints: docker && { docker } }))
}

const far = {
  kind: "ssh",
  argv: [
    "ssh",
    "-T",
    "-o",
    "ConnectTimeout=30",
    "-l",
    "deploy",
    "-p",
    "2222",
    "--",
    "far.example.com",
    "docker system dial-stdio",
  ],
}
const safe = {
  kind: "tcp",
  host: "safe.example.com",
  port: 2376,
  tls: { verify: true, ca: "the ca", cert: "the cert", key: "the key" },
}

describe("the daemon that is meant", () => {
  it("is found where the Docker client finds it", () =>
    withContexts(async (directory) => {
      const here = { DOCKER_CONFIG: directory }
      expect(await findEndpoint(undefined, here)).toEqual(standard)
      expect(await findEndpoint("default", here)).toEqual(standard)
      expect(await findEndpoint("far", here)).toMatchObject({ ...far, context: "far" })
      expect(await findEndpoint("safe", here)).toMatchObject({ ...safe, context: "safe" })
      expect(await findEndpoint(undefined, { ...here, DOCKER_CONTEXT: "far" })).toMatchObject(far)
      const host = { ...here, DOCKER_CONTEXT: "far", DOCKER_HOST: "unix:///run/podman/podman.sock" }
      expect(await findEndpoint(undefined, host)).toMatchObject({ kind: "unix", path: "/run/podman/podman.sock" })
      expect(await findEndpoint("safe", host)).toMatchObject(safe)
      await writeFile(join(directory, "config.json"), JSON.stringify({ currentContext: "far" }))
      expect(await findEndpoint(undefined, here)).toMatchObject(far)
      expect(await findEndpoint(undefined, { ...here, DOCKER_CONTEXT: "default" })).toEqual(standard)
    }))

  it.each([
    ["tcp://10.0.0.7", { kind: "tcp", host: "10.0.0.7", port: 2375 }],
    ["tcp://[fd00::7]:1234", { kind: "tcp", host: "fd00::7", port: 1234 }],
    ["ssh://far", { kind: "ssh", argv: expect.arrayContaining(["--", "far"]) }],
  ])("may be %s", async (url, expected) => {
    expect(await findEndpoint(undefined, { HOME: "/nonexistent", DOCKER_HOST: url })).toMatchObject(expected)
  })

  it.each([
    ["a context that is not there", "nowhere", {}],
    ["a context without a daemon", "empty", {}],
    ["an address that is none", undefined, { DOCKER_HOST: "over there" }],
    ["an ssh option for a host", undefined, { DOCKER_HOST: "ssh://" }],
  ])("is not %s", (_, context, environment) =>
    withContexts(async (directory) => {
      await expect(findEndpoint(context, { DOCKER_CONFIG: directory, ...environment })).rejects.toMatchObject({
        code: "FC_DOCKER_CONTEXT",
        remedy: expect.stringMatching(/./),
      })
    }),
  )

  it("is not one whose files are broken", () =>
    withContexts(async (directory) => {
      await writeFile(join(directory, "config.json"), "{")
      await expect(findEndpoint(undefined, { DOCKER_CONFIG: directory })).rejects.toMatchObject({
        code: "FC_DOCKER_CONTEXT",
        at: join(directory, "config.json"),
      })
    }))
})

describe("a daemon that is not there", () => {
  it.each([
    ["unix:///nonexistent.sock", /ENOENT/, /DOCKER_HOST/],
    ["tcp://127.0.0.1:1", /ECONNREFUSED/, /address/],
    ["ssh://-oProxyCommand=false", /./, /./],
    ["ssh://nobody@127.0.0.1:1", /ECONN|EPIPE/, /^ssh .* docker version$/],
  ])("at %s is told as that, and what to do", async (url, message, remedy) => {
    const client = dockerClient({ environment: { HOME: "/nonexistent", DOCKER_HOST: url } })
    await expect(client.call({ method: "GET", path: "/version" })).rejects.toMatchObject({
      code: "FC_DOCKER_UNREACHABLE",
      message: expect.stringMatching(message),
      remedy: expect.stringMatching(remedy),
    })
  })
})
