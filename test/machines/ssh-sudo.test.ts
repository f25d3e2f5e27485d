import { readdirSync, readFileSync } from "node:fs"
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest"
import { openConnections } from "../../src/builtin/connections.ts"
import type { FireclayError, Machine, SshHost, SudoPassword } from "../../src/contract/index.ts"
import { secret } from "../../src/index.ts"
import { sshMachine } from "../../src/machines/ssh.ts"
import { guestPassword, type SshServers, startSshServers } from "../support/ssh-servers.ts"

let servers: SshServers
beforeAll(async () => {
  servers = await startSshServers(1)
}, 300_000)
afterAll(() => servers?.dispose(), 60_000)

const opened: Machine[] = []
beforeAll(() => {
  process.env.RIGHT = guestPassword
  process.env.WRONG = "not it"
})
afterAll(() => {
  for (const name of ["RIGHT", "WRONG", "EMPTY", "LINES"]) delete process.env[name]
})
afterEach(() => Promise.all(opened.splice(0).map((machine) => machine.close())))

const open = (password: SudoPassword, user = "guest"): Machine => {
  const machine = sshMachine({ ...(servers.hosts[0] as SshHost), user, sudo: { password } })
  opened.push(machine)
  return machine
}
const says = async (machine: Machine, script: string): Promise<string> => (await machine.sh(script)).stdout.toString()
const failureOf = (machine: Machine): Promise<FireclayError> =>
  machine.sh("echo must not run").then(
    () => expect.unreachable("it became root"),
    (error: FireclayError) => error,
  )
const onServer = async (script: string): Promise<string> => {
  const { exitCode, stdout, stderr } = await servers.exec(0, ["sh", "-c", script])
  expect(exitCode, stderr.toString()).toBe(0)
  return stdout.toString()
}

describe("sudo with a password", () => {
  const sources: readonly (readonly [string, SudoPassword])[] = [
    ["an environment variable", { env: "RIGHT" }],
    ["a command", { command: ["printenv", "RIGHT"] }],
  ]
  it.each(sources)("takes it from %s", async (_, password) => {
    expect(await says(open(password), 'id -u; echo $SUDO_USER; printf %s "$fc_w"')).toBe("0\nguest\n")
  })

  it("takes it from a secret, read once, and told to whoever keeps it from being printed", async () => {
    const reads: string[] = []
    const learned: string[] = []
    const connections = openConnections({
      readSecret: async ({ secret: name }) => {
        reads.push(name)
        return Buffer.from(`${guestPassword}\n`)
      },
      learn: (_, value) => learned.push(Buffer.from(value).toString()),
    })
    const host = { ...(servers.hosts[0] as SshHost), user: "guest", sudo: { password: secret("WEB_SUDO") } }
    for (const name of ["one", "two"]) expect(await says(connections.machine({ ...host, name }), "id -u")).toBe("0\n")
    await connections.close()
    expect([reads, learned]).toEqual([["WEB_SUDO"], [guestPassword]])
  })

  it("gives scripts their own standard input, from the first one on", async () => {
    const machine = open({ env: "RIGHT" })
    expect((await machine.sh("cat", { input: Buffer.from("one\ntwo") })).stdout.toString()).toBe("one\ntwo")
    expect(await says(machine, "wc -c")).toBe("0\n")
  })

  it("works where sudo does not ask this account", async () => {
    expect(await says(open({ env: "RIGHT" }, "deploy"), "id -u; wc -c")).toBe("0\n0\n")
  })

  it("works where sudo still knows the account", async () => {
    await onServer("printf 'Defaults timestamp_type=global\\n' >/etc/sudoers.d/cached")
    expect(await says(open({ env: "RIGHT" }), "id -u")).toBe("0\n")
    // A wrong one is not looked at now: proof that sudo did not ask.
    expect(await says(open({ env: "WRONG" }), "id -u; wc -c")).toBe("0\n0\n")
    await onServer("rm /etc/sudoers.d/cached")
  })

  it.each(["/bin/bash", "/bin/sh"])("works under %s as login shell", async (shell) => {
    await onServer(`usermod --shell ${shell} guest`)
    expect(await says(open({ env: "RIGHT" }), "id -u")).toBe("0\n")
  })

  it("shows the password to nobody: no process's words or environment, here or there", async () => {
    const machine = open({ env: "RIGHT" })
    const seen = await says(machine, "cat /proc/[0-9]*/cmdline /proc/[0-9]*/environ | tr '\\0' '\\n'; set")
    expect(seen).toContain("SUDO_USER=guest")
    // The container is told the password to set it up with.
    expect(seen.replaceAll(`FIRECLAY_GUEST=${guestPassword}`, "")).not.toContain("ecret")
    expect(processesHere().filter((text) => text.includes("fireclay-password"))).toHaveLength(1)
    expect(processesHere().filter((text) => text.includes(guestPassword) && text.includes("ssh"))).toEqual([])
  })
})

/** What each process that this one started was given. */
const processesHere = (): readonly string[] =>
  readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid && isChild(Number(name)))
    .map((name) => readFileSync(`/proc/${name}/cmdline`, "latin1") + readFileSync(`/proc/${name}/environ`, "latin1"))

const isChild = (pid: number): boolean => {
  try {
    return readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]?.split(" ")[1] === String(process.pid)
  } catch {
    return false
  }
}

describe("a password that sudo does not accept", () => {
  it("is an error at once, with place and remedy, and is never given again", async () => {
    const lines = [
      "auth required pam_faillock.so preauth deny=3",
      "auth sufficient pam_unix.so",
      "auth [default=die] pam_faillock.so authfail deny=3",
      "account required pam_unix.so",
    ]
    await onServer(`cp /etc/pam.d/sudo /root/pam; printf '%s\\n' '${lines.join("' '")}' >/etc/pam.d/sudo`)
    const machine = open({ env: "WRONG" })
    for (const _ of [1, 2, 3, 4]) {
      const error = await failureOf(machine)
      expect(error).toMatchObject({ code: "FC_SUDO", at: "server-1" })
      expect(error.message).toBe("server-1 did not accept the password for sudo")
      expect(error.remedy).toContain("look at what $WRONG holds, and try ssh -F ")
      expect(JSON.stringify([error.message, error.remedy, error.details])).not.toContain("not it")
    }
    // An account that is locked would not accept the right one either.
    expect(await says(open({ env: "RIGHT" }), "id -u")).toBe("0\n")
    await onServer("cp /root/pam /etc/pam.d/sudo")
  })

  it("is told from an account that may not use sudo", async () => {
    await onServer("mv /etc/sudoers.d/guest /root/guest")
    const error = await failureOf(open({ env: "RIGHT" }))
    expect(error).toMatchObject({ code: "FC_SUDO", at: "server-1" })
    expect(error.message).toContain("does not let this account use sudo")
    await onServer("mv /root/guest /etc/sudoers.d/guest")
  })

  it("is told from a server without sudo", async () => {
    await onServer("mv /usr/bin/sudo /usr/bin/odus")
    const error = await failureOf(open({ env: "RIGHT" }))
    expect(error).toMatchObject({ code: "FC_SUDO", message: "server-1 has no sudo" })
    await onServer("mv /usr/bin/odus /usr/bin/sudo")
  })
})

describe("a password that cannot be had", () => {
  const rows: readonly (readonly [string, SudoPassword, RegExp])[] = [
    ["a variable that is not set", { env: "NOT_SET" }, /variable NOT_SET, which is to hold .* is not set/],
    ["an empty one", { env: "EMPTY" }, /is empty/],
    ["more than a line", { env: "LINES" }, /is more than one line/],
    ["a command that fails", { command: ["sh", "-c", "echo no key >&2; exit 3"] }, /ended with 3/],
  ]
  it.each(rows)("%s", async (_, password, message) => {
    process.env.EMPTY = ""
    process.env.LINES = "a\nb"
    const error = await failureOf(open(password))
    expect(error).toMatchObject({ code: "FC_SUDO", at: "server-1" })
    expect(error.message).toMatch(message)
    expect(error.remedy).toBeDefined()
  })
})
