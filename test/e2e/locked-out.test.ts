import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { makeProject, type TestProject } from "../support/project.ts"
import { type SshServers, startSshServers } from "../support/ssh-servers.ts"

/** As many as Vitest runs of concurrent tests at a time. */
const doorCount = 5

let servers: SshServers
/** Those that no test is at. */
let free: Door[]

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

/** A server of its own for one test at a time, and the project that describes it. */
class Door {
  readonly #number: number
  readonly project: TestProject

  constructor(number: number, project: TestProject) {
    this.#number = number
    this.project = project
  }

  describe(doors: Partial<Doors>): Promise<void> {
    return this.project.write("fireclay.config.ts", config(this.#number, { ...open, ...doors }))
  }

  /** Looked at from the side, by no way that a change could bar. */
  async look(...argv: readonly string[]): Promise<string> {
    return (await servers.exec(this.#number, argv)).stdout.toString()
  }

  async differences(doors: Doors): Promise<readonly string[]> {
    const texts = {
      "/etc/ssh/sshd_config.d/gate.conf": doors.sshd,
      "/etc/nftables.conf": doors.firewall,
      "/etc/sudoers.d/deploy": doors.sudoers,
    }
    const differ = async ([path, text]: readonly [string, string]) =>
      (await this.look("cat", path)) === text ? [] : path
    return (await Promise.all(Object.entries(texts).map(differ))).flat()
  }

  rules(): Promise<string> {
    return this.look("nft", "list", "ruleset")
  }

  async sshd(): Promise<string> {
    return (await this.look("systemctl", "is-active", "ssh")).trim()
  }

  /** Of a plan for what release 1 has. */
  async exitCodeOfPlan(): Promise<number> {
    await this.describe({})
    return (await this.project.fireclay("plan", "--detailed-exitcode")).exitCode
  }
}

const config = (number: number, { sshd, firewall, sudoers }: Doors): string => {
  const host = { ...servers.hosts[number], user: "deploy", sudo: true }
  return `import { defineProject, fleet, inPlace, rolling, spec, ssh } from "fireclay"
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
`
}

const openDoor = async (number: number): Promise<Door> => {
  const door = new Door(number, await makeProject(`locked-out-${number}`))
  free.push(door)
  await door.describe({})
  const applied = await door.project.fireclay("apply", "--yes")
  expect(applied.stderr).not.toContain("FC_")
  return door
}

const atDoor = (test: (door: Door) => Promise<void>) => async (): Promise<void> => {
  const door = free.pop()
  if (door === undefined) throw new Error("more tests at a time than there are servers")
  try {
    await test(door)
  } finally {
    free.push(door)
  }
}

beforeAll(async () => {
  servers = await startSshServers(doorCount)
  free = []
  await Promise.all(Array.from({ length: doorCount }, (_, number) => openDoor(number)))
}, 300_000)

afterAll(async () => {
  await Promise.all((free ?? []).map(({ project }) => project.dispose()))
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

describe.concurrent("a change that locks the controller out", () => {
  for (const [what, doors] of lockOuts)
    it(
      `by ${what} is taken back by the machine itself`,
      atDoor(async (door) => {
        const rules = await door.rules()
        await door.describe(doors)
        const applied = await door.project.fireclay("apply", "--yes")
        // Whatever the controller could still see: nobody spoke to the machine through the door that was shut.
        expect(await door.differences(open)).toEqual([])
        expect(await door.rules()).toBe(rules)
        expect(await door.sshd()).toBe("active")
        expect(JSON.parse(await door.look("cat", "/var/lib/fireclay/current.json")).release).toBe(1)
        expect([1, 3]).toContain(applied.exitCode)
        expect(applied.json.error.because ?? [applied.json.error.code]).toContain("FC_UNCONFIRMED")
        expect(applied.json.error.message).toMatch(/let nobody in in time|no word came from the controller in time/)
        // By its own clock, 8 s after it had waited for a word.
        const events = await door.look("sh", "-c", "cat /var/lib/fireclay/txn/*/events")
        expect(events).toMatch(/^unconfirmed 8\n(.*\n)*undone$/m)
        // The door is open again, and nothing is left to do.
        expect(await door.exitCodeOfPlan()).toBe(0)
      }),
    )

  it(
    "is taken back at once where it does not even start: a sshd_config with a mistake",
    atDoor(async (door) => {
      await door.describe({ sshd: "NoSuchOption yes\n" })
      const applied = await door.project.fireclay("apply", "--yes")
      expect(applied.exitCode).toBe(3)
      expect(applied.json.error.message).toContain("restart ssh.service")
      expect(await door.differences(open)).toEqual([])
      expect(await door.sshd()).toBe("active")
      expect(await door.exitCodeOfPlan()).toBe(0)
    }),
  )
})

describe("a change of the same files that locks nobody out", () => {
  it(
    "is confirmed over a new connection and stays",
    atDoor(async (door) => {
      const doors = {
        sshd: "AllowUsers deploy root\n",
        firewall: ruleset("policy drop", "ct state established accept", "tcp dport 22 accept", "iif lo accept"),
        sudoers: open.sudoers,
      }
      await door.describe(doors)
      const applied = await door.project.fireclay("apply", "--yes")
      expect(applied.stderr).not.toContain("FC_")
      expect(applied.exitCode).toBe(0)
      expect(await door.differences(doors)).toEqual([])
      expect((await door.project.fireclay("plan", "--detailed-exitcode")).exitCode).toBe(0)
    }),
  )
})
