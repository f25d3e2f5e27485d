import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import fc from "fast-check"
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest"
import type { FireclayError, Machine, SshEndpoint, SshHost } from "../../src/contract/index.ts"
import { type SshOptions, sshMachine } from "../../src/machines/ssh.ts"
import { classifySshFailure, sshError } from "../../src/machines/ssh-errors.ts"
import { proxyCommand } from "../../src/machines/ssh-jump.ts"
import { run } from "../../src/system/process.ts"
import { type SshServers, startSshServers } from "../support/ssh-servers.ts"

/** server-1 is the bastion; server-2 is reached only from it, and server-3 only from server-2. */
let servers: SshServers
beforeAll(async () => {
  servers = await startSshServers(3)
  const [bastion = ""] = servers.addresses
  const here = bastion.replace(/\d+$/, "1")
  for (const [server, from] of [
    [1, here],
    [2, here],
    [2, bastion],
  ] as const)
    await servers.inNetwork(server, ["iptables", "-A", "INPUT", ...refuse(from)])
}, 300_000)
afterAll(() => servers?.dispose(), 60_000)
const refuse = (from: string): readonly string[] => [
  "--source",
  from,
  "--protocol",
  "tcp",
  "--dport",
  "22",
  "--jump",
  "REJECT",
  "--reject-with",
  "tcp-reset",
]

const opened: Machine[] = []
afterEach(() => Promise.all(opened.splice(0).map((machine) => machine.close())))

const host = (number: number, more: Partial<SshHost> = {}): SshHost => ({
  ...(servers.hosts[number - 1] as SshHost),
  ...more,
})
const open = (want: SshHost, options: SshOptions = { tries: 1 }): Machine => {
  const machine = sshMachine(want, options)
  opened.push(machine)
  return machine
}
const hostnameOf = async (want: SshHost, options?: SshOptions): Promise<string> =>
  (await open(want, options).sh("hostname")).stdout.toString().trim()
const failureOf = (want: SshHost, options?: SshOptions): Promise<FireclayError> =>
  open(want, options)
    .sh("echo must not run")
    .then(
      () => expect.unreachable("it connected"),
      (error: FireclayError) => error,
    )
const bastion: SshEndpoint = { destination: "server-1" }
const inner: SshEndpoint = { destination: "server-2" }
const address = (number: number): string => servers.addresses[number - 1] ?? ""
const keyOf = (number: number): string =>
  readFileSync(join(servers.directory, "known_hosts"), "utf8").split("\n")[number - 1]?.split(" ").slice(1).join(" ") ??
  ""
const configWith = (name: string, change: (config: string) => string): string => {
  const path = join(servers.directory, `${name}.config`)
  writeFileSync(path, change(readFileSync(servers.sshConfigPath, "utf8")))
  return path
}
/** Known are only these servers, under the names that are given. */
const knownHosts = (name: string, lines: readonly string[]): string => {
  const path = join(servers.directory, `${name} known`)
  writeFileSync(path, lines.map((line) => `${line}\n`).join(""))
  return path
}

describe("a jump host", () => {
  it("is the only way here", async () => {
    expect((await failureOf(host(2))).message).toContain("refused the connection")
    expect((await failureOf(host(3, { jump: [bastion] }))).message).toContain("cannot be reached from the jump host")
  })

  it.each([
    ["by its name in ssh_config", () => host(2, { jump: [bastion] })],
    [
      "by address, with user, port and key",
      () => {
        const identityFile = join(servers.directory, "key")
        return host(2, { jump: [{ destination: address(1), user: "deploy", port: 22, identityFile }] })
      },
    ],
    ["that the user's ssh_config names", () => host(2, { sshConfig: configWith("own", jumping) })],
  ])("leads to a machine: %s", async (_, want) => {
    expect(await hostnameOf(want())).toBe("server-2")
  })

  it("may be several", async () => {
    expect(await hostnameOf(host(3, { jump: [bastion, inner] }))).toBe("server-3")
  })

  it("lets the machine behind it use another account, and sudo", async () => {
    const machine = open(host(2, { jump: [bastion], user: "deploy", sudo: true }))
    expect((await machine.sh("echo $SUDO_USER")).stdout.toString()).toBe("deploy\n")
  })
})

const jumping = (config: string): string => config.replace("Host server-2\n", "Host server-2\n  ProxyJump server-1\n")

describe("what fails on the way is told of the one that failed", () => {
  it.each(["yes", "no"])("an unknown host key, where the user's own setting is %s", async (own) => {
    const known = knownHosts("target", [`${address(2)} ${keyOf(2)}`])
    const sshConfig = configWith(`unknown-${own}`, (config) => withKnown(config, known, own))
    const error = await failureOf(host(2, { jump: [bastion], sshConfig }))
    expect(error).toMatchObject({ code: "FC_HOST_KEY", at: "server-2.jump[0]" })
    expect(error.message).toBe("jump host server-1 has a host key that is not known here")
    expect(error.remedy).toMatch(/^ssh -F \S+ server-1 \(compare/)
  })

  it.each(["yes", "no"])("a changed host key, where the user's own setting is %s", async (own) => {
    const known = knownHosts("changed", [`${address(1)} ${keyOf(2)}`, `${address(2)} ${keyOf(2)}`])
    const sshConfig = configWith(`changed-${own}`, (config) => withKnown(config, known, own))
    const error = await failureOf(host(2, { jump: [bastion], sshConfig }))
    expect(error).toMatchObject({ code: "FC_HOST_KEY", at: "server-2.jump[0]" })
    expect(error.message).toBe("jump host server-1 has another host key than the one that is known")
    expect(error.remedy).toContain(`ssh-keygen -R '${address(1)}'`)
  })

  it("an unknown host key of the second", async () => {
    const known = knownHosts("second", [`${address(1)} ${keyOf(1)}`, `${address(3)} ${keyOf(3)}`])
    const sshConfig = configWith("second", (config) => withKnown(config, known, "no"))
    const error = await failureOf(host(3, { jump: [bastion, inner], sshConfig }))
    expect(error).toMatchObject({ code: "FC_HOST_KEY", at: "server-3.jump[1]" })
    expect(error.message).toBe("jump host server-2 has a host key that is not known here")
    expect(error.remedy).toMatch(/^ssh -F \S+ -J server-1 server-2 /)
  })

  it("an unknown host key of the machine itself", async () => {
    const known = knownHosts("bastion", [`${address(1)} ${keyOf(1)}`])
    const sshConfig = configWith("self", (config) => withKnown(config, known, "no"))
    const error = await failureOf(host(2, { jump: [bastion], sshConfig }))
    expect(error).toMatchObject({ code: "FC_HOST_KEY", at: "server-2" })
    expect(error.message).toBe("server-2 has a host key that is not known here")
  })

  it("a port that is closed, tried again", async () => {
    const error = await failureOf(host(2, { jump: [{ ...bastion, port: 2 }] }), { tries: 2, backoffMs: 10 })
    expect(error).toMatchObject({ code: "FC_MACHINE_UNREACHABLE", at: "server-2.jump[0]" })
    expect(error.message).toContain(`jump host server-1 (${address(1)}:2) refused the connection (2 tries in `)
  })

  it("a machine that is down behind it", async () => {
    const error = await failureOf(host(2, { jump: [bastion], port: 2 }))
    expect(error).toMatchObject({ code: "FC_MACHINE_UNREACHABLE", at: "server-2" })
    expect(error.message).toContain("server-2:2 cannot be reached from the jump host before it")
  })

  it("a jump host behind a jump host", async () => {
    const error = await failureOf(host(3, { jump: [bastion, { ...inner, port: 2 }] }))
    expect(error).toMatchObject({ code: "FC_MACHINE_UNREACHABLE", at: "server-3.jump[1]" })
    expect(error.message).toContain("jump host server-2:2 cannot be reached from the jump host before it")
  })

  it("a login that is not accepted", async () => {
    const error = await failureOf(host(2, { jump: [{ ...bastion, user: "nobody-here" }] }))
    expect(error).toMatchObject({ code: "FC_MACHINE_UNREACHABLE", at: "server-2.jump[0]" })
    expect(error.message).toContain("jump host server-1 did not accept the login")
  })
})

const withKnown = (config: string, known: string, strict: string): string =>
  `${config.replace(/UserKnownHostsFile .*/, `UserKnownHostsFile "${known}"`)}  StrictHostKeyChecking ${strict}\n`

describe("a host key", () => {
  const pinsLeft = (): readonly string[] => readdirSync(tmpdir()).filter((name) => name.startsWith("fireclay-pins-"))

  it("that is pinned is the only one, whatever known_hosts says", async () => {
    const before = pinsLeft()
    const known = knownHosts("none", [`${address(2)} ${keyOf(3)}`])
    const sshConfig = configWith("none", (config) => withKnown(config, known, "yes"))
    const pinned = { jump: [{ ...bastion, hostKey: keyOf(1) }], hostKey: `${keyOf(2)} root@somewhere`, sshConfig }
    expect(await hostnameOf(host(2, pinned))).toBe("server-2")
    const error = await failureOf(host(2, { ...pinned, hostKey: keyOf(3) }))
    expect(error).toMatchObject({ code: "FC_HOST_KEY", at: "server-2" })
    expect(error.message).toBe("server-2 does not have the host key that it is pinned to")
    expect(error.remedy).toContain("write its new key to hostKey")
    const way = await failureOf(host(2, { ...pinned, jump: [{ ...bastion, hostKey: keyOf(2) }] }))
    expect(way).toMatchObject({ code: "FC_HOST_KEY", at: "server-2.jump[0]" })
    expect(way.message).toBe("jump host server-1 does not have the host key that it is pinned to")
    expect(pinsLeft()).toEqual(before)
  })

  it("is looked up by the port too", async () => {
    await servers.exec(0, ["/usr/sbin/sshd", "-p", "2022"])
    const known = knownHosts("port", [`[${address(1)}]:2022 ${keyOf(1)}`])
    const plain: SshHost = { name: "plain", destination: address(1), sshConfig: "/dev/null" }
    const identityFile = join(servers.directory, "key")
    const own = { ...plain, user: "deploy", port: 2022, identityFile, sudo: true, knownHosts: known }
    // An sshd goes into the background before it listens.
    expect(await hostnameOf(own, {})).toBe("server-1")
    const error = await failureOf({ ...own, port: 22 })
    expect(error).toMatchObject({ code: "FC_HOST_KEY", at: "plain" })
    expect(await hostnameOf(host(2, { jump: [{ ...own, hostKey: keyOf(1) }] }))).toBe("server-2")
  })

  it("may be in a file of the project's own", async () => {
    const known = knownHosts("100% own", [`${address(1)} ${keyOf(1)}`])
    const sshConfig = configWith("empty", (config) => withKnown(config, knownHosts("empty", []), "yes"))
    expect(await hostnameOf(host(1, { knownHosts: known, sshConfig }))).toBe("server-1")
    const error = await failureOf(host(1, { knownHosts: knownHosts("other", [`${address(1)} ${keyOf(2)}`]) }))
    expect(error).toMatchObject({ code: "FC_HOST_KEY", at: "server-1" })
    expect(error.remedy).toContain(`ssh-keygen -f ${join(servers.directory, "other known")} -R`)
  })
})

describe("the command that leads through hops", () => {
  /** An ssh that prints the words it was given, and runs its own ProxyCommand as the real one does. */
  const fakeSsh = `#!/bin/sh
for word in "$@"; do printf '%s\\0' "$word"; done
for word in "$@"; do case $word in ProxyCommand=*) exec sh -c "exec $(printf %s "\${word#ProxyCommand=}" | sed 's/%h/host/; s/%p/22/')" ;; esac; done
`
  it("brings any word through two shells, and none of them to a shell's attention", async () => {
    const directory = mkdtempSync(join(tmpdir(), "fireclay-jump-"))
    writeFileSync(join(directory, "ssh"), fakeSsh, { mode: 0o755 })
    const text = fc
      .string({ unit: "binary", minLength: 1 })
      .map((value) => `x${value.replaceAll("\0", "").toWellFormed()}`)
    await fc.assert(
      fc.asyncProperty(text, text, async (first, second) => {
        const { words, environment } = proxyCommand([
          ["-i", first, "a"],
          ["-i", second, "b"],
        ])
        expect(Object.keys(environment).every((name) => /^FIRECLAY_HOP_|^SHELL$/.test(name))).toBe(true)
        const env = { PATH: `${directory}:${process.env.PATH}`, ...environment }
        const { stdout } = await run([join(directory, "ssh"), ...words], { env })
        const printed = stdout.toString().split("\0")
        expect(printed.slice(2, 4)).toEqual(["-W", "[host]:22"])
        expect(printed).toContain(first)
        expect(printed).toContain(second)
      }),
      { numRuns: 40 },
    )
    rmSync(directory, { recursive: true })
  })

  it("has nothing in it that ssh would read as a token", () => {
    const { words } = proxyCommand([["-i", "%h $(id) `id` ; id", "--", "bastion"]])
    expect(words.join(" ").replace("'[%h]:%p'", "")).not.toMatch(/%|\$\(|`|; id/)
  })
})

describe("what all on the way say on one standard error", () => {
  const web: SshHost = { name: "web", destination: "web1", jump: [{ destination: "one" }, { destination: "two" }] }
  const mark = (hop: number): string => `fireclay: hop ${hop} failed`
  const cut = "kex_exchange_identification: Connection closed by remote host\nConnection closed by UNKNOWN port 65535"
  it.each([
    [
      "the first refuses",
      `ssh: connect to host one port 22: Connection refused\n${mark(1)}\n${cut}\n${mark(2)}\n${cut}`,
      0,
    ],
    ["the second refuses the login", `a@two: Permission denied (publickey).\n${mark(2)}\n${cut}`, 1],
    ["the second is not there", `stdio forwarding failed\n${mark(1)}\n${cut}\n${mark(2)}\n${cut}`, 1],
    ["the machine is not there", `stdio forwarding failed\n${mark(2)}\n${cut}`, undefined],
    ["the machine refuses the login", `a@web1: Permission denied (publickey).\n${mark(2)}`, undefined],
    ["a name that looks like a mark", `fireclay: hop 7 failed\n${cut}`, undefined],
  ])("%s", (_, stderr, hop) => {
    const failure = classifySshFailure(stderr, false)
    const error = sshError(web, failure)
    expect(error.at).toBe(hop === undefined ? "web" : `web.jump[${hop}]`)
    expect(error.details.join("\n")).not.toContain("fireclay: hop")
  })
})
