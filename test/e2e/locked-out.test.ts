import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { makeProject, type TestProject } from "../support/project.ts"
import { type SshServers, startSshServers } from "../support/ssh-servers.ts"

let servers: SshServers
let project: TestProject

/** For nft: the one chain that everything comes in by. */
function ruleset(...rules: readonly string[]): string {
  const lines = ["type filter hook input priority 0", ...rules].map((rule) => `    ${rule}`)
  return ["flush ruleset", "table inet filter {", "  chain input {", ...lines, "  }", "}", ""].join("\n")
}

/** The right way in, and everything that could bar it, as release 1 has it. */
const open = {
  sshd: "# as it should be\n",
  firewall: ruleset("policy accept"),
  sudoers: "deploy ALL=(ALL) NOPASSWD: ALL\n",
}
type Doors = typeof open

const writeConfig = (doors: Partial<Doors>): Promise<void> => {
  const { sshd, firewall, sudoers } = { ...open, ...doors }
  const host = { ...servers.hosts[0], user: "deploy", sudo: true }
  return project.write(
    "fireclay.config.ts",
    `import { defineProject, fleet, inPlace, rolling, spec, ssh } from "fireclay"
import { file, pkg, service } from "fireclay/resources"

const gate = spec("gate", {
  resources: [
    pkg("nftables"),
    file("/etc/ssh/sshd_config.d/gate.conf", { content: ${JSON.stringify(sshd)} }),
    file("/etc/nftables.conf", { content: ${JSON.stringify(firewall)}, mode: 0o755 }),
    file("/etc/sudoers.d/deploy", { content: ${JSON.stringify(sudoers)}, mode: 0o440 }),
    file("/etc/motd", { content: ${JSON.stringify(`${sshd}${firewall}${sudoers}`)} }),
    service("ssh", { restartOn: ["/etc/ssh/sshd_config.d/gate.conf"] }),
    service("nftables", { restartOn: ["/etc/nftables.conf"] }),
  ],
})

export default defineProject({
  name: "locked-out",
  fleets: { gate: fleet(gate, { on: ssh({ hosts: [${JSON.stringify(host)}] }), by: inPlace({ strategy: rolling(), confirm: "8s" }) }) },
})
`,
  )
}

/** Looked at from the side, by no way that a change could bar. */
const onServer = async (...argv: readonly string[]): Promise<string> => (await servers.exec(0, argv)).stdout.toString()

const filesOf = (doors: Doors): Promise<readonly string[]> =>
  Promise.all(
    Object.entries({
      "/etc/ssh/sshd_config.d/gate.conf": doors.sshd,
      "/etc/nftables.conf": doors.firewall,
      "/etc/sudoers.d/deploy": doors.sudoers,
    }).map(async ([path, text]) => ((await onServer("cat", path)) === text ? "" : `${path} differs`)),
  )

const runningRules = (): Promise<string> => onServer("nft", "list", "ruleset")

beforeAll(async () => {
  servers = await startSshServers(1)
  project = await makeProject("locked-out")
  await writeConfig({})
  const applied = await project.fireclay("apply", "--yes")
  expect(applied.stderr).not.toContain("FC_")
}, 300_000)

afterAll(async () => {
  await project?.dispose()
  await servers?.dispose()
})

const lockOuts: readonly (readonly [string, Partial<Doors>])[] = [
  ["sshd on another port", { sshd: "Port 2222\n" }],
  ["sshd that lets nobody in", { sshd: "AllowUsers nobody\n" }],
  ["sshd that takes no key", { sshd: "PubkeyAuthentication no\n" }],

  ["a firewall that drops port 22", { firewall: ruleset("policy accept", "tcp dport 22 drop") }],
  [
    "a firewall that lets only open connections go on",
    { firewall: ruleset("policy drop", "ct state established accept") },
  ],
  ["a sudo rule that is gone", { sudoers: "# nobody\n" }],
  ["a sudo rule that asks for a password", { sudoers: "deploy ALL=(ALL) ALL\n" }],
]

describe("a change that locks the controller out", () => {
  it.each(lockOuts)("by %s is taken back by the machine itself", async (_, doors) => {
    const rules = await runningRules()
    await writeConfig(doors)
    const applied = await project.fireclay("apply", "--yes")
    // Whatever the controller could still see: nobody spoke to the machine through the door that was shut.
    expect(await filesOf(open)).toEqual(["", "", ""])
    expect(await runningRules()).toBe(rules)
    expect((await onServer("systemctl", "is-active", "ssh")).trim()).toBe("active")
    expect(JSON.parse(await onServer("cat", "/var/lib/fireclay/current.json")).release).toBe(1)
    expect([1, 3]).toContain(applied.exitCode)
    expect(applied.json.error.because ?? [applied.json.error.code]).toContain("FC_UNCONFIRMED")
    expect(applied.json.error.message).toMatch(/let nobody in in time|no word came from the controller in time/)
    // By its own clock, 8 s after it had waited for a word.
    expect(await onServer("sh", "-c", "cat /var/lib/fireclay/txn/*/events")).toMatch(/^unconfirmed 8\n(.*\n)*undone$/m)
    // The door is open again, and nothing is left to do.
    await writeConfig({})
    const plan = await project.fireclay("plan", "--detailed-exitcode")
    expect(plan.exitCode).toBe(0)
  })

  it("is taken back at once where it does not even start: a sshd_config with a mistake", async () => {
    await writeConfig({ sshd: "NoSuchOption yes\n" })
    const applied = await project.fireclay("apply", "--yes")
    expect(applied.exitCode).toBe(3)
    expect(applied.json.error.message).toContain("restart ssh.service")
    expect(await filesOf(open)).toEqual(["", "", ""])
    expect((await onServer("systemctl", "is-active", "ssh")).trim()).toBe("active")
    await writeConfig({})
    expect((await project.fireclay("plan", "--detailed-exitcode")).exitCode).toBe(0)
  })
})

describe("a change of the same files that locks nobody out", () => {
  it("is confirmed over a new connection and stays", async () => {
    const doors = {
      sshd: "AllowUsers deploy root\n",
      firewall: ruleset("policy drop", "ct state established accept", "tcp dport 22 accept", "iif lo accept"),
    }
    await writeConfig(doors)
    const applied = await project.fireclay("apply", "--yes")
    expect(applied.stderr).not.toContain("FC_")
    expect(applied.exitCode).toBe(0)
    expect(await filesOf({ ...open, ...doors })).toEqual(["", "", ""])
    expect((await project.fireclay("plan", "--detailed-exitcode")).exitCode).toBe(0)
  })
})
