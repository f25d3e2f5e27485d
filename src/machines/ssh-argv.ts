import type { SshHost } from "../contract/index.ts"

/** Opens a connection to `host` and has a POSIX shell there run `loop`, as root if `host.sudo` says so. */
export const sshArgv = (host: SshHost, loop: string): readonly string[] => [
  "ssh",
  "-T",
  ...connection,
  ...chosen(host),
  "--",
  host.destination,
  ...remoteWords(loop, host.sudo === true),
]

/** Asks OpenSSH what it makes of a destination: `key value` lines. */
export const sshResolveArgv = (host: SshHost): readonly string[] => [
  "ssh",
  "-G",
  ...chosen(host),
  "--",
  host.destination,
]

/** What a person types to see the same trouble, for a remedy. */
export const sshByHand = (host: SshHost): string =>
  ["ssh", ...chosen({ ...host, user: undefined }), withUser(host)].join(" ")

/** `deploy@web1`: the account and the machine, for people. */
export const withUser = ({ user, destination }: SshHost): string =>
  user === undefined || destination.includes("@") ? destination : `${user}@${destination}`

/** `[host]:port` as OpenSSH writes it in known_hosts; a plain name for port 22. */
export const knownHostsName = (address: string, port: number): string =>
  port === 22 ? address : `[${address}]:${port}`

/**
 * What we insist on. Host keys are verified whatever the user's configuration says, also where it would share a
 * connection that was made without. LogLevel keeps banners out and error messages in. What a person at a terminal may
 * have set up for a host (forwarding, a command of its own) would get in the way.
 */
const connection: readonly string[] = [
  "BatchMode=yes",
  "StrictHostKeyChecking=yes",
  "LogLevel=ERROR",
  "ConnectTimeout=10",
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

type Chosen = Omit<SshHost, "user"> & { readonly user?: string | undefined }

const chosen = (host: Chosen): readonly string[] => [
  ...(host.sshConfig === undefined ? [] : ["-F", host.sshConfig]),
  ...(host.port === undefined ? [] : ["-p", String(host.port)]),
  ...(host.user === undefined ? [] : ["-l", host.user]),
  ...(host.identityFile === undefined ? [] : ["-i", host.identityFile]),
]

/**
 * OpenSSH joins these with spaces, and the account's login shell takes them apart: a POSIX shell, but perhaps csh, which
 * knows no newline within quotes, or fish, which reads a backslash there. So the characters that they disagree
 * on travel as others, which `tr` turns back.
 */
const remoteWords = (loop: string, sudo: boolean): readonly string[] => {
  const { encoded, from, to } = encode(loop)
  const decode = `fc_l=$(printf %s "$1" | tr "${from}" "${to}"); shift; eval "$fc_l"`
  // The second `sh` is the shell's name in its error messages.
  const shell = ["sh", "-c", `'${decode}'`, "sh", `'${encoded}'`]
  return ["exec", ...(sudo ? ["sudo", "-n", "--", ...shell] : shell)]
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
