import { arch, release } from "node:os"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import type { MachineFacts } from "../../src/contract/index.ts"
import { makeProject, type TestProject } from "../support/project.ts"
import { type SshServers, startSshServers } from "../support/ssh-servers.ts"

let servers: SshServers
let project: TestProject

beforeAll(async () => {
  servers = await startSshServers(2)
  project = await makeProject("facts")
  await project.write(
    "fireclay.config.ts",
    `import { defineProject, fleet, inPlace, rolling, spec, ssh } from "fireclay"
import { file } from "fireclay/resources"
const web = spec("web", {
  resources: (machine) => [
    file("/etc/everywhere", { content: machine.os.codename + "\\n" }),
    file("/etc/listen", { content: machine.addresses.default + " " + machine.fqdn + "\\n" }),
  ],
})
export default defineProject({
  name: "facts",
  fleets: { web: fleet(web, { on: ssh({ hosts: ${JSON.stringify(servers.hosts)} }), by: inPlace({ strategy: rolling() }) }) },
})
`,
  )
}, 300_000)

afterAll(async () => {
  await project?.dispose()
  await servers?.dispose()
})

const onBoth = (script: string): Promise<readonly string[]> =>
  Promise.all([0, 1].map(async (index) => (await servers.exec(index, ["sh", "-c", script])).stdout.toString()))

/** Docker keeps the file mounted, so it is written in place. */
const setDomain = (domain: string): Promise<readonly string[]> =>
  onBoth(
    `sed "s/$(hostname)\\(\\.[a-z.]*\\)\\? *.*/$(hostname).${domain} $(hostname)/" /etc/hosts >/tmp/hosts; cat /tmp/hosts >/etc/hosts`,
  )

describe("facts of two servers", () => {
  it("are shown, of all and of one", async () => {
    const { json, exitCode } = await project.fireclay("facts")
    expect(exitCode).toBe(0)
    const machines: readonly MachineFacts[] = json.machines
    expect(machines.map(({ name, hostname, addresses }) => [name, hostname, addresses.default])).toEqual([
      ["server-1", "server-1", servers.addresses[0]],
      ["server-2", "server-2", servers.addresses[1]],
    ])
    expect(machines[0]).toMatchObject({
      os: { id: "debian", version: "12", codename: "bookworm" },
      architecture: { x64: "x86_64", arm64: "aarch64" }[arch() as "x64" | "arm64"],
      kernel: release(),
      virtualization: "docker",
    })
    const one = await project.fireclay("facts", "server-2")
    expect(one.json.machines).toEqual([machines[1]])
    const none = await project.fireclay("facts", "server-9")
    expect(none.json.error).toMatchObject({ code: "FC_FLEET_UNKNOWN" })
  })

  it("make each server's own resources, and a rollback gives each what it had", async () => {
    await setDomain("old.example")
    const plan = await project.fireclay("plan")
    expect(plan.json.fleets[0].machines.map(({ roundTrips }: { roundTrips: number }) => roundTrips)).toEqual([1, 1])
    expect((await project.fireclay("apply", "--yes")).exitCode).toBe(0)
    const listens = (domain: string) =>
      servers.addresses.map((address, index) => `bookworm\n${address} server-${index + 1}.${domain}\n`)
    expect(await onBoth("cat /etc/everywhere /etc/listen")).toEqual(listens("old.example"))
    expect((await project.fireclay("plan", "--detailed-exitcode")).exitCode).toBe(0)

    await setDomain("new.example")
    const applied = await project.fireclay("apply", "--yes")
    expect(applied.json.fleets[0]).toMatchObject({ from: 1, release: 2 })
    expect(await onBoth("cat /etc/everywhere /etc/listen")).toEqual(listens("new.example"))
    expect((await project.fireclay("rollback", "web", "--yes")).exitCode).toBe(0)
    expect(await onBoth("cat /etc/everywhere /etc/listen")).toEqual(listens("old.example"))
  })
})

describe("facts of a machine that is not there yet", () => {
  it("are asked once it was made, and its resources come in the same apply", async () => {
    const own = await makeProject("own-facts")
    try {
      await own.write(
        "fireclay.config.ts",
        `import { defineProject, fleet, inPlace, local, rolling, spec } from "fireclay"
import { file } from "fireclay/resources"
const app = spec("app", { resources: (machine) => [file("/etc/me", { content: machine.name + " " + machine.virtualization + "\\n" })] })
export default defineProject({
  name: "own-facts",
  fleets: { pets: fleet(app, { on: local({ machines: 1 }), by: inPlace({ strategy: rolling() }) }) },
})
`,
      )
      expect((await own.fireclay("plan")).json.fleets[0]).toMatchObject({ missing: ["pets-1"], machines: [] })
      const applied = await own.fireclay("apply", "--yes")
      expect(applied.json.error).toBeUndefined()
      expect(applied.json.fleets[0]).toMatchObject({ release: 1, versions: { "pets-1": 1 } })
      const said = (await own.fireclay("exec", "pets-1", "--", "cat", "/etc/me")).json.machines[0].stdout
      expect(said).toBe("pets-1 systemd-nspawn\n")
    } finally {
      await own.fireclay("destroy", "--yes")
      await own.dispose()
    }
  })
})
