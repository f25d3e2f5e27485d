import { existsSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import fc from "fast-check"
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest"
import type { FireclayError, Machine, SshHost } from "../../src/contract/index.ts"
import { type SshOptions, sshMachine } from "../../src/machines/ssh.ts"
import { sshCommand } from "../../src/machines/ssh-argv.ts"
import { classifySshFailure, sshError } from "../../src/machines/ssh-errors.ts"
import { run } from "../../src/system/process.ts"
import { machineSuite } from "../../src/testing/machine-suite.ts"
import { type SshServers, startSshServers } from "../support/ssh-servers.ts"

let servers: SshServers
beforeAll(async () => {
  servers = await startSshServers(2)
}, 300_000)
afterAll(() => servers?.dispose(), 60_000)

const opened: Machine[] = []
afterEach(() => Promise.all(opened.splice(0).map((machine) => machine.close())))

const host = (index = 1): SshHost => servers.hosts[index] as SshHost
const open = (want: SshHost, options?: SshOptions): Machine => {
  const machine = sshMachine(want, options)
  opened.push(machine)
  return machine
}
/** The server's own view of what a script prints. */
const says = async (machine: Machine, script: string): Promise<string> => (await machine.sh(script)).stdout.toString()
const failureOf = (machine: Machine): Promise<FireclayError> =>
  machine.sh("echo must not run").then(
    () => expect.unreachable("it connected"),
    (error: FireclayError) => error,
  )
/** The servers' ssh configuration with something changed, as another file. */
const changedConfig = (name: string, change: (config: string) => string): string => {
  const path = join(servers.directory, name)
  writeFileSync(path, change(readFileSync(servers.sshConfigPath, "utf8")))
  return path
}

machineSuite("over SSH", async () => ({ machine: sshMachine(host(0)), dispose: async () => undefined }))

describe("logging in", () => {
  it("finds the address that OpenSSH finds", async () => {
    expect(await open(host()).address()).toBe(servers.addresses[1])
  })

  it("becomes root with sudo", async () => {
    const machine = open({ ...host(), user: "deploy", sudo: true })
    expect(await says(machine, "id -u; echo $SUDO_USER")).toBe("0\ndeploy\n")
    expect(machine.description).toBe("ssh deploy@server-2")
  })

  it("says that sudo wants a password", async () => {
    const error = await failureOf(open({ ...host(), user: "guest", sudo: true }))
    expect(error).toMatchObject({ code: "FC_SUDO", at: "server-2" })
    expect(error.message).toContain("wants a password for sudo")
    expect(error.remedy).toContain('sudo: { password: { env: "NAME" } }')
  })

  it("says that a key was not accepted, and what to try", async () => {
    await run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", join(servers.directory, "stranger")])
    const sshConfig = changedConfig("stranger.config", (config) => config.replace("/key\n", "/stranger\n"))
    const error = await failureOf(open({ ...host(), user: "deploy", sshConfig }))
    expect(error).toMatchObject({ code: "FC_MACHINE_UNREACHABLE", at: "server-2" })
    expect(error.message).toContain("did not accept the login")
    expect(error.remedy).toBe(`ssh -F ${sshConfig} deploy@server-2 true`)
  })

  it("keeps what start-up files print out of the scripts' output", async () => {
    await servers.exec(1, ["sh", "-c", "cp /home/deploy/.bashrc /root/saved; echo echo noise >/home/deploy/.bashrc"])
    expect(await says(open({ ...host(), user: "deploy", sudo: true }), "echo clean")).toBe("clean\n")
    await servers.exec(1, ["sh", "-c", "cp /root/saved /home/deploy/.bashrc"])
  })

  it("works under csh and fish as login shells", async () => {
    const install = "apt-get update -q && DEBIAN_FRONTEND=noninteractive apt-get install -qy --no-install-recommends"
    const installed = await servers.exec(1, ["sh", "-c", `${install} tcsh fish`])
    expect(installed.exitCode, installed.stderr.toString()).toBe(0)
    for (const shell of ["/bin/tcsh", "/usr/bin/fish"]) {
      await servers.exec(1, ["usermod", "--shell", shell, "deploy"])
      expect(await says(open({ ...host(), user: "deploy", sudo: true }), 'echo "it\'s" $#; id -u')).toBe("it's 0\n0\n")
    }
    await servers.exec(1, ["usermod", "--shell", "/bin/bash", "deploy"])
  }, 180_000)
})

describe("host keys", () => {
  it.each(["yes", "ask", "accept-new", "no"])(
    "refuses an unknown one where the user's own setting is %s",
    async (own) => {
      const known = join(servers.directory, `known-${own}`)
      writeFileSync(known, "")
      const sshConfig = changedConfig(`${own}.config`, (config) => unknownHosts(config, known, own))
      const error = await failureOf(open({ ...host(), sshConfig }))
      expect(error).toMatchObject({ code: "FC_HOST_KEY", at: "server-2" })
      expect(error.message).toContain("is not known here")
      expect(error.remedy).toContain("compare the fingerprint")
      expect(readFileSync(known, "utf8")).toBe("")
    },
  )

  it.each(["yes", "no"])("refuses a changed one where the user's own setting is %s", async (own) => {
    const known = join(servers.directory, `changed-${own}`)
    const other = readFileSync(join(servers.directory, "known_hosts"), "utf8")
      .split("\n")[0]
      ?.split(" ")
      .slice(1)
      .join(" ")
    writeFileSync(known, `${servers.addresses[1]} ${other}\n`)
    const sshConfig = changedConfig(`changed-${own}.config`, (config) => unknownHosts(config, known, own))
    const error = await failureOf(open({ ...host(), sshConfig }))
    expect(error).toMatchObject({ code: "FC_HOST_KEY", at: "server-2" })
    expect(error.message).toContain("another host key")
    expect(error.remedy).toContain(`ssh-keygen -R '${servers.addresses[1]}'`)
  })
})

const unknownHosts = (config: string, known: string, strict: string): string =>
  `${config.replace(/UserKnownHostsFile .*/, `UserKnownHostsFile ${known}`)}  StrictHostKeyChecking ${strict}\n`

describe("connections that fail or break", () => {
  it("tries a refused port again, then says how often", async () => {
    const error = await failureOf(open({ ...host(), port: 2 }, { backoffMs: 20 }))
    expect(error).toMatchObject({ code: "FC_MACHINE_UNREACHABLE", at: "server-2" })
    expect(error.message).toMatch(`${servers.addresses[1]}:2 refused the connection (3 tries in `)
  })

  it("gets through to a server that is not up yet", async () => {
    await servers.exec(1, ["systemctl", "stop", "ssh"])
    const answer = says(open(host(), { tries: 9, backoffMs: 50 }), "echo there")
    await servers.exec(1, ["systemctl", "start", "ssh"])
    expect(await answer).toBe("there\n")
  })

  it("does not run a script again whose connection was cut", async () => {
    const machine = open(host())
    const session = (await says(machine, "echo $PPID")).trim()
    const script = "echo once >>/root/count; echo Permission denied >&2; echo ready; sleep 60"
    const ready = Promise.withResolvers<void>()
    // Padded, because the last bytes are held back in case they begin the marker.
    const running = machine.sh(`printf '%200s\\n' x; ${script}`, { onStdout: () => ready.resolve() })
    const failed = running.then(
      () => undefined,
      (error: FireclayError) => error,
    )
    await ready.promise
    await expect.poll(async () => (await servers.exec(1, ["cat", "/root/count"])).exitCode).toBe(0)
    await servers.exec(1, ["kill", "-9", session])
    const error = await failed
    expect(error).toMatchObject({ code: "FC_MACHINE_UNREACHABLE", at: "server-2" })
    expect(error?.message).toContain("was lost while a script ran")
    expect(await says(machine, "cat /root/count")).toBe("once\n")
  })

  it("connects again after a reboot", async () => {
    const machine = open(host())
    const before = await says(machine, "stat -c %Z /run/sshd.pid")
    await servers.restart(1)
    expect(await says(machine, "stat -c %Z /run/sshd.pid")).not.toBe(before)
  }, 60_000)

  it("gives up on an account whose shell never answers", async () => {
    await servers.exec(1, ["sh", "-c", "cp /home/deploy/.bashrc /root/saved; echo sleep 60 >/home/deploy/.bashrc"])
    const error = await failureOf(open({ ...host(), user: "deploy" }, { answerMs: 1500 }))
    expect(error.message).toBe("server-2 gave no shell within 1.5 s")
    await servers.exec(1, ["sh", "-c", "cp /root/saved /home/deploy/.bashrc"])
  })

  it("stops connecting when its signal fires", async () => {
    const abort = new AbortController()
    const machine = open({ ...host(), port: 2 }, { tries: 50, backoffMs: 60_000 })
    const running = machine.sh("true", { signal: abort.signal })
    setTimeout(() => abort.abort(), 300)
    await expect(running).rejects.toThrow("cancelled")
  })

  it("says that there is no ssh on this machine", async () => {
    const path = process.env.PATH
    process.env.PATH = "/nonexistent"
    try {
      expect(await failureOf(open(host()))).toMatchObject({ code: "FC_MISSING_TOOL" })
    } finally {
      process.env.PATH = path
    }
  })

  it("takes no destination for an option", async () => {
    const trap = join(servers.directory, "trap")
    const error = await failureOf(open({ ...host(), destination: `-oProxyCommand=touch ${trap}` }))
    expect(error.code).toBe("FC_MACHINE_UNREACHABLE")
    expect(existsSync(trap)).toBe(false)
  })
})

describe("the command line", () => {
  const plain: SshHost = { name: "web", destination: "web1" }

  it("always verifies host keys, before anything that the user chose", () => {
    const { argv } = sshCommand({ ...plain, user: "deploy", port: 2022, identityFile: "/k", sshConfig: "/c" }, "loop")
    expect(argv.indexOf("StrictHostKeyChecking=yes")).toBeGreaterThan(0)
    expect(argv.join(" ")).toContain("-F /c -p 2022 -l deploy -i /k -- web1 exec sh -c")
    expect(argv.join(" ")).not.toMatch(/KexAlgorithms|accept-new|=no -o StrictHost/)
  })

  it("brings any loop through a POSIX login shell", async () => {
    const text = fc.string({ unit: "binary" }).map((value) => value.replaceAll(/[\0\r]/g, "").toWellFormed())
    await fc.assert(
      fc.asyncProperty(text, async (value) => {
        const { argv } = sshCommand(plain, `printf %s '${value.replaceAll("'", `'\\''`)}'`)
        const words = argv.slice(argv.indexOf(plain.destination) + 1)
        expect((await run(["sh", "-c", words.join(" ")])).stdout.toString()).toBe(value)
      }),
      { numRuns: 50 },
    )
  })
})

describe("what ssh says", () => {
  it.each([
    ["ssh: connect to host 10.0.0.9 port 22: Connection refused", "passing", "10.0.0.9:22"],
    ["ssh: connect to host web port 2022: Connection timed out", "passing", "web:2022"],
    [
      "Connection timed out during banner exchange\r\nConnection to 10.0.0.9 port 22 timed out",
      "passing",
      "10.0.0.9:22",
    ],
    ["ssh: connect to host web port 22: No route to host", "passing", "web:22"],
    ["ssh: connect to host web port 22: Network is unreachable", "passing", "web:22"],
    ["ssh: Could not resolve hostname web: Temporary failure in name resolution", "passing", undefined],
    ["ssh: Could not resolve hostname web: Name or service not known", "lasting", undefined],
    [
      "kex_exchange_identification: Connection closed by remote host\r\nConnection closed by 10.0.0.9 port 22",
      "passing",
      "10.0.0.9:22",
    ],
    ["deploy@web: Permission denied (publickey).", "denied", undefined],
    ["sudo: a password is required", "sudo", undefined],
    ["sudo: a terminal is required to read the password; either use the -S option", "sudo", undefined],
    ["deploy is not in the sudoers file.", "sudo", undefined],
    ["sudo: sorry, you must have a tty to run sudo", "sudo", undefined],
    ["sudo: interactive authentication is required", "sudo", undefined],
    ["sudo: 1 incorrect password attempt", "password", undefined],
    ["bash: line 1: exec: sudo: not found", "sudo", undefined],
    [
      "No ED25519 host key is known for web and you have requested strict checking.\nHost key verification failed.",
      "host-key-unknown",
      undefined,
    ],
    [
      "@@@@\n@ WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED! @\n@@@@\nHost key verification failed.",
      "host-key-changed",
      undefined,
    ],
    ["/etc/ssh/ssh_config: terminating, 1 bad configuration options", "lasting", undefined],
    ["", "lasting", undefined],
  ])("%s", (stderr, kind, place) => {
    const failure = classifySshFailure(stderr, false)
    expect([failure.kind, failure.place]).toEqual([kind, place])
  })

  it("takes nothing for ssh's word once scripts have run", () => {
    expect(classifySshFailure("Host key verification failed", true).kind).toBe("lost")
  })

  it("names the place that was tried", () => {
    const web: SshHost = { name: "web[1]", destination: "web1", user: "deploy", port: 2022 }
    const error = sshError(web, classifySshFailure("deploy@web1: Permission denied (publickey).", false))
    expect(error.message).toBe("web1:2022 did not accept the login")
    expect(error).toMatchObject({ at: "web[1]", remedy: "ssh -p 2022 deploy@web1 true" })
  })
})
