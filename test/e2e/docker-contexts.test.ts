import { mkdirSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { dockerClient } from "../../src/engines/docker/client.ts"
import { makeContexts } from "../support/docker-contexts.ts"
import { type FarDocker, startFarDocker } from "../support/far-docker.ts"
import { type Podman, startPodman } from "../support/podman.ts"
import { makeProject, type TestProject } from "../support/project.ts"
import { type SshServers, startSshServers } from "../support/ssh-servers.ts"

const patient = 300_000
const ports = { far: 18_493, shell: 18_494, podman: 18_495 }

const config = (
  text: string,
): string => `import { allAtOnce, defineProject, docker, fleet, replace, spec } from "fireclay"
import { file } from "fireclay/resources"
const web = spec("web", {
  resources: [file("/srv/web/index.html", { content: "${text}\\n" })],
  run: { command: ["/usr/bin/python3", "-m", "http.server", "--directory", "/srv/web", "8000"] },
  port: 8000,
  health: { path: "/", within: "30s" },
})
const by = replace({ strategy: allAtOnce() })
export default defineProject({
  name: "contexts",
  fleets: {
    far: fleet(web, { on: docker({ count: 1, context: "far" }), by, listen: ${ports.far} }),
    shell: fleet(web, { on: docker({ count: 1, context: "shell" }), by, listen: ${ports.shell} }),
    podman: fleet(web, { on: docker({ count: 1, context: "podman" }), by, listen: ${ports.podman} }),
  },
})
`

/** A daemon behind TLS, with a network of its own; this computer's, through a server's sshd; and Podman's service. */
let far: FarDocker
let servers: SshServers
let podman: Podman
let contexts: ReturnType<typeof makeContexts>
let project: TestProject
const before = { ...process.env }

beforeAll(async () => {
  far = await startFarDocker()
  podman = await startPodman()
  servers = await startSshServers(1, { mounts: ["/usr/bin/docker", "/run/docker.sock"] })
  contexts = makeContexts({
    far: { host: far.url, certificates: far.certificates },
    shell: { host: "ssh://root@server-1" },
    podman: { host: podman.url },
    stranger: { host: far.url },
  })
  project = await makeProject("contexts")
  process.env.DOCKER_CONFIG = contexts.directory
  // ssh reads its configuration where the account's home is, whatever HOME says.
  const bin = join(servers.directory, "bin")
  mkdirSync(bin)
  const ssh = `#!/bin/sh\nexec /usr/bin/ssh -F ${servers.sshConfigPath} "$@"\n`
  writeFileSync(join(bin, "ssh"), ssh, { mode: 0o755 })
  process.env.PATH = `${bin}:${before.PATH}`
}, patient)

afterAll(async () => {
  await project?.fireclay("destroy", "--yes")
  await project?.dispose()
  Object.assign(process.env, before)
  contexts?.dispose()
  await servers?.dispose()
  await podman?.dispose()
  await far?.dispose()
}, patient)

describe.each(["far", "shell", "podman"] as const)("a daemon by the context %s", (fleet) => {
  const page = async (): Promise<string> => (await (await fetch(`http://127.0.0.1:${ports[fleet]}/`)).text()).trim()
  const must = async (...words: readonly string[]) => {
    const { exitCode, json, stderr } = await project.fireclay(...words)
    if (exitCode !== 0) throw new Error(`fireclay ${words.join(" ")}: ${JSON.stringify(json?.error)} ${stderr}`)
    return json
  }

  it("takes a fleet forward and back", { timeout: patient }, async () => {
    await project.write("fireclay.config.ts", config("one"))
    await must("apply", fleet, "--yes")
    expect(await page()).toBe("one")
    await project.write("fireclay.config.ts", config("two"))
    await must("apply", fleet, "--yes")
    expect(await page()).toBe("two")
    const { machines } = await must("exec", fleet, "--", "cat", "/srv/web/index.html")
    expect(machines).toMatchObject([{ stdout: "two\n" }])
    await must("rollback", fleet, "--yes")
    expect(await page()).toBe("one")
  })
})

describe("a daemon that wants to know who asks", () => {
  it("answers nobody else", async () => {
    const stranger = dockerClient({ context: "stranger" })
    await expect(stranger.call({ method: "GET", path: "/version" })).rejects.toThrow()
    const known = dockerClient({ context: "far" })
    expect((await known.call({ method: "GET", path: "/version" })).status).toBe(200)
  })
})
