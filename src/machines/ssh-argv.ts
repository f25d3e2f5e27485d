import type { SshEndpoint, SshHost } from "../contract/index.ts"
import { proxyCommand } from "./ssh-jump.ts"
import { listening, type SudoMarks } from "./ssh-sudo.ts"

/** What a connection needs beyond its host. */
export interface SshArgvOptions {
  /** Become root with a password, which is told over standard input. */
  readonly sudo?: SudoMarks | undefined
  /** For each pinned host key, the file that holds it. */
  readonly pins?: ReadonlyMap<string, string>
}

/** How to start ssh: words, and variables that those words refer to. */
export interface SshCommand {
  readonly argv: readonly string[]
  readonly environment: Readonly<Record<string, string>>
}

/** Opens a connection to `host` and has a POSIX shell there run `loop`, as root if `host.sudo` says so. */
export const sshCommand = (host: SshHost, loop: string, options: SshArgvOptions = {}): SshCommand => {
  const { sudo, pins = new Map() } = options
  const hops = (host.jump ?? []).map((hop) => [
    ...connection(),
    ...config(host),
    ...chosen(hop),
    ...identity(hop, pins),
  ])
  const proxy = proxyCommand(hops.map((words, index) => [...words, "--", host.jump?.[index]?.destination ?? ""]))
  const argv = [
    ...["ssh", "-T", ...connection(hops.length), ...proxy.words, ...config(host), ...chosen(host)],
    ...[...identity(host, pins), "--", host.destination],
    ...remoteWords(sudo === undefined ? loop : listening(sudo, loop), sudoWords(host, sudo)),
  ]
  return { argv, environment: proxy.environment }
}

/** Asks OpenSSH what it makes of a destination: `key value` lines. */
export const sshResolveArgv = (host: SshHost): readonly string[] => [
  "ssh",
  "-G",
  ...config(host),
  ...chosen(host),
  "--",
  host.destination,
]

/** What a person types to see the same trouble, for a remedy. */
export const sshByHand = (host: SshHost): string =>
  [
    "ssh",
    ...config(host),
    ...(host.jump === undefined ? [] : ["-J", host.jump.map(asJump).join(",")]),
    ...chosen({ ...host, user: undefined }),
    withUser(host),
  ].join(" ")

/** `deploy@web1`: the account and the machine, for people. */
export const withUser = ({ user, destination }: SshEndpoint): string =>
  user === undefined || destination.includes("@") ? destination : `${user}@${destination}`

const asJump = (hop: SshEndpoint): string => `${withUser(hop)}${hop.port === undefined ? "" : `:${hop.port}`}`

/** `[host]:port` as OpenSSH writes it in known_hosts; a plain name for port 22. */
export const knownHostsName = (address: string, port: number): string =>
  port === 22 ? address : `[${address}]:${port}`

/**
 * What we insist on. Host keys are verified whatever the user's configuration says, also where it would share a
 * connection that was made without. LogLevel keeps banners out and error messages in. What a person at a terminal may
 * have set up for a host (forwarding, a command of its own) would get in the way.
 */
const connection = (hops = 0): readonly string[] =>
  [
    "BatchMode=yes",
    "StrictHostKeyChecking=yes",
    "LogLevel=ERROR",
    // A hop tells what is wrong with it before this one loses patience.
    `ConnectTimeout=${10 * (hops + 1)}`,
    "ServerAliveInterval=5",
    "ServerAliveCountMax=3",
    "ControlMaster=no",
    "ControlPath=none",
    "ClearAllForwardings=yes",
    "ForwardAgent=no",
    "ForwardX11=no",
    "PermitLocalCommand=no",
    "RemoteCommand=none",
  ].flatMap((option) => ["-o", option])

const config = ({ sshConfig }: SshHost): readonly string[] => (sshConfig === undefined ? [] : ["-F", sshConfig])

type Chosen = Omit<SshEndpoint, "user"> & { readonly user?: string | undefined }

const chosen = (host: Chosen): readonly string[] => [
  ...(host.port === undefined ? [] : ["-p", String(host.port)]),
  ...(host.user === undefined ? [] : ["-l", host.user]),
  ...(host.identityFile === undefined ? [] : ["-i", host.identityFile]),
]

/** A file of its own, and nothing else that would vouch for another key. */
const identity = ({ hostKey, knownHosts }: SshEndpoint, pins: ReadonlyMap<string, string>): readonly string[] => {
  const file = hostKey === undefined ? knownHosts : pins.get(hostKey)
  if (file === undefined) return []
  return [
    `UserKnownHostsFile="${file.replaceAll("%", "%%")}"`,
    "GlobalKnownHostsFile=/dev/null",
    "UpdateHostKeys=no",
    "VerifyHostKeyDNS=no",
    "CheckHostIP=no",
    // OpenSSH before 8.5 has no such thing.
    "IgnoreUnknown=KnownHostsCommand",
    "KnownHostsCommand=none",
  ].flatMap((option) => ["-o", option])
}

const sudoWords = ({ sudo }: SshHost, marks: SudoMarks | undefined): readonly string[] => {
  if (marks !== undefined) return ["sudo", "-S", "-p", marks.prompt, "--"]
  return sudo === undefined || sudo === false ? [] : ["sudo", "-n", "--"]
}

/**
 * OpenSSH joins these with spaces, and the account's login shell takes them apart: a POSIX shell, but perhaps csh, which
 * knows no newline within quotes, or fish, which reads a backslash there. So the characters that they disagree
 * on travel as others, which `tr` turns back.
 */
const remoteWords = (loop: string, sudo: readonly string[]): readonly string[] => {
  const { encoded, from, to } = encode(loop)
  const decode = `fc_l=$(printf %s "$1" | tr "${from}" "${to}"); shift; eval "$fc_l"`
  // The second `sh` is the shell's name in its error messages.
  const shell = ["sh", "-c", `'${decode}'`, "sh", `'${encoded}'`]
  return ["exec", ...sudo, ...shell]
}

/** Characters that login shells disagree on within single quotes, as `tr` writes them. */
const disputed: readonly (readonly [string, string])[] = [
  ["\n", "\\012"],
  ["\\", "\\134"],
  ["'", "\\047"],
  ["!", "\\041"],
]

/** Characters that mean nothing within single quotes, nor to `tr`. */
const standIns: readonly string[] = ["~", "@", "%", "^", "+", ",", ":", "_", ..."ABCDEFGHIJKLMNOPQRSTUVWXYZ"]

const encode = (text: string): { readonly encoded: string; readonly from: string; readonly to: string } => {
  const free = standIns.filter((character) => !text.includes(character))
  const pairs = disputed.map(([character, octal], index) => ({ character, octal, standIn: free[index] }))
  const encoded = pairs.reduce((rest, { character, standIn }) => {
    if (standIn === undefined) throw new TypeError("no character is left to stand in for another")
    return rest.replaceAll(character, standIn)
  }, text)
  return {
    encoded,
    from: pairs.map((pair) => pair.standIn).join(""),
    to: pairs.map((pair) => pair.octal).join(""),
  }
}
