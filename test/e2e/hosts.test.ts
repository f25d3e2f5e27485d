import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { run } from "../../src/system/process.ts"
import { type CliResult, makeProject, type TestProject } from "../support/project.ts"
import { guestPassword, type SshServers, startSshServers } from "../support/ssh-servers.ts"

/** server-1 is the bastion, and the only way to server-2. */
let servers: SshServers
let project: TestProject

beforeAll(async () => {
  servers = await startSshServers(2)
  const here = (servers.addresses[0] ?? "").replace(/\d+$/, "1")
  const refused = ["--protocol", "tcp", "--dport", "22", "--jump", "REJECT", "--reject-with", "tcp-reset"]
  await servers.inNetwork(1, ["iptables", "-A", "INPUT", "--source", here, ...refused])
  project = await makeProject("hosts")
  process.env.SUDO_PASSWORD = guestPassword
  await project.write("hosts.ini", inventory)
  await project.write("outputs.json", JSON.stringify({ web: { sensitive: false, type: "map", value: outputs } }))
  await project.write("fireclay.config.ts", config(servers.sshConfigPath))
}, 300_000)

afterAll(async () => {
  delete process.env.SUDO_PASSWORD
  await project?.dispose()
  await servers?.dispose()
})

const inventory = `[gate]
server-1
[web]
web1 ansible_host=server-2 ansible_user=guest ansible_become=yes
[web:vars]
ansible_ssh_common_args='-o StrictHostKeyChecking=no -J deploy@server-1'
`
const outputs = { "by-terraform": { address: "server-2", user: "deploy", sudo: true } }

const config = (sshConfig: string): string => `
import { ansibleInventory, defineProject, fleet, inPlace, rolling, spec, ssh, terraform } from "fireclay"
import { file } from "fireclay/resources"

const by = inPlace({ strategy: rolling() })
const app = spec("app", { resources: [file("/etc/reached", { content: "yes\\n" })] })
const shared = { sshConfig: "${sshConfig}" }
const sudo = { password: { env: "SUDO_PASSWORD" } }

export default defineProject({
  name: "hosts-test",
  fleets: {
    ansible: fleet(app, { on: ssh({ ...shared, hosts: ansibleInventory("hosts.ini", { group: "web" }), sudo }), by }),
    terraform: fleet(app, {
      on: ssh({ ...shared, hosts: terraform({ file: "outputs.json", output: "web" }), jump: "server-1" }), by,
    }),
    called: fleet(app, {
      on: ssh({ ...shared, hosts: async () => [{ name: "by-function", destination: "server-2" }], jump: "server-1" }), by,
    }),
    wrong: fleet(app, { on: ssh({ ...shared, hosts: ansibleInventory("hosts.ini", { group: "wbe" }) }), by }),
  },
})
`

describe("servers behind a bastion, listed elsewhere", () => {
  it("of Terraform's outputs and of a function are reached", async () => {
    for (const [fleet, machine] of [
      ["terraform", "by-terraform"],
      ["called", "by-function"],
    ] as const) {
      const plan = await project.fireclay("plan", fleet)
      expect([plan.exitCode, plan.stderr]).toEqual([0, expect.not.stringContaining("FC_")])
      expect(plan.json.fleets[0].machines).toMatchObject([{ machine }])
    }
  })

  it("of an Ansible inventory are planned and converged, by sudo with a password", async () => {
    const plan = await project.fireclay("plan", "ansible", "--detailed-exitcode")
    expect([plan.exitCode, plan.stderr]).toEqual([2, expect.not.stringContaining("FC_")])
    expect(plan.json.fleets[0].machines.map(({ machine }: { readonly machine: string }) => machine)).toEqual(["web1"])
    expect(plan.stderr).toContain("ansible_ssh_common_args of web1 this is not used: -oStrictHostKeyChecking=no")
    const applied = await project.fireclay("apply", "ansible", "--yes")
    expect([applied.exitCode, applied.stderr]).toEqual([0, expect.not.stringContaining("FC_")])
    expect((await servers.exec(1, ["stat", "-c", "%U", "/etc/reached"])).stdout.toString()).toBe("root\n")
    const again = await project.fireclay("plan", "ansible", "--detailed-exitcode")
    expect(again.exitCode).toBe(0)
    await nothingKept([plan, applied, again])
  })

  it("that cannot be had are told of with the place, and only where they are asked for", async () => {
    const plan = await project.fireclay("plan", "wrong")
    expect(plan.exitCode).not.toBe(0)
    expect(plan.json.error).toMatchObject({ code: "FC_INVENTORY", at: "hosts.ini", remedy: 'did you mean "web"?' })
    const releases = await project.fireclay("releases")
    expect(releases.json.fleets).toHaveLength(4)
    const root = await project.fireclay("exec", "ansible", "--", "id", "-u")
    expect(root.json.machines).toMatchObject([{ machine: "web1", stdout: "0\n" }])
  })

  it("whose password is wrong are left alone", async () => {
    process.env.SUDO_PASSWORD = "not the one"
    const plan = await project.fireclay("plan", "ansible")
    process.env.SUDO_PASSWORD = guestPassword
    expect(plan.json.error ?? plan.json.fleets[0].machines[0].error).toMatchObject({ code: "FC_SUDO", at: "web1" })
    expect(plan.stdout + plan.stderr).not.toContain("not the one")
  })
})

/** The password is in nothing that was said, and in no file of the project's or of the server's. */
const nothingKept = async (said: readonly CliResult[]): Promise<void> => {
  for (const { stdout, stderr } of said) expect(stdout + stderr).not.toContain(guestPassword)
  const here = await run([
    "grep",
    "--recursive",
    "--files-with-matches",
    "--fixed-strings",
    guestPassword,
    project.directory,
  ])
  expect([here.exitCode, here.stdout.toString()]).toEqual([1, ""])
  const places = ["/etc", "/home", "/root", "/run", "/tmp", "/var"].join(" ")
  const script = `grep -rlF -e "$1" ${places} --exclude-dir=udev 2>/dev/null`
  const there = await servers.exec(1, ["sh", "-c", script, "sh", guestPassword])
  expect(there.stdout.toString()).toBe("")
}
