import { type ErrorCode, FireclayError, type SshEndpoint, type SshHost } from "../contract/index.ts"
import { knownHostsName, sshByHand } from "./ssh-argv.ts"
import { blame } from "./ssh-blame.ts"
import { askedAgain, describe, type SudoMarks } from "./ssh-sudo.ts"

/** Why a connection could not be made or was lost. */
export interface SshFailure {
  readonly kind:
    | "host-key-unknown"
    | "host-key-changed"
    | "password"
    | "sudo"
    | "denied"
    | "passing"
    | "lasting"
    | "lost"
  /** Reads on after the machine's address: `refused the connection`. */
  readonly says: string
  /** `host:port`, where OpenSSH named one. */
  readonly place?: string
  /** Which server on the way it was, the first being 0. Absent: the machine itself. */
  readonly hop?: number
  readonly details: readonly string[]
}

/** Reads what ssh (or sudo behind it) said on standard error. `everAnswered`: the connection had worked. */
export const classifySshFailure = (stderr: string, everAnswered: boolean, marks?: SudoMarks): SshFailure => {
  const asked = marks !== undefined && askedAgain(stderr, marks)
  const said = (marks === undefined ? stderr : stderr.replaceAll(marks.prompt, "\n"))
    .split(/[\r\n]+/)
    .map((line) => line.trim())
    .filter((line) => line !== "" && !/^@+$/.test(line))
  const { hop, behind, lines: details } = blame(said)
  const text = details.join("\n")
  // Once a shell has answered, what stands there is also what scripts printed, which must not be taken for ssh's word.
  const signOf = (): Pick<SshFailure, "kind" | "says"> => {
    if (everAnswered) return lost
    if (asked) return wrongPassword
    return behind ? unreachableBehind : (signs.find(({ pattern }) => pattern.test(text)) ?? unexplained)
  }
  const { kind, says } = signOf()
  const place = behind ? undefined : placeIn(text)
  return {
    ...{ kind, says, details: details.slice(-8) },
    ...(place === undefined ? {} : { place }),
    ...(hop === undefined || everAnswered ? {} : { hop }),
  }
}

/** A network or a server that is just starting may do better a moment later; the rest will not. */
export const isWorthRetrying = (failure: SshFailure): boolean => failure.kind === "passing"

/** The error that a user sees. `effort` says how hard it was tried: `3 tries in 2 s`. */
export const sshError = (host: SshHost, failure: SshFailure, effort?: string): FireclayError => {
  const station = stationOf(host, failure.hop)
  const place = failure.place ?? named(station)
  const on = failure.place === undefined ? named(station) : `${station.destination} (${place})`
  const who = station === host ? place : `jump host ${on}`
  const pinned = failure.kind.startsWith("host-key") && station.hostKey !== undefined
  const says = pinned ? "does not have the host key that it is pinned to" : failure.says
  return new FireclayError(codeOf(failure), `${who} ${says}${effort === undefined ? "" : ` (${effort})`}`, {
    at: station === host ? host.name : `${host.name}.jump[${failure.hop}]`,
    remedy: pinned
      ? "find out why; if it was set up anew, write its new key to hostKey"
      : remedy(host, station, failure),
    details: failure.details,
  })
}

/** The machine, or the server on the way to it that failed, as one that could be logged in to. */
const stationOf = (host: SshHost, hop: number | undefined): SshHost => {
  const { jump = [], sshConfig } = host
  const found = hop === undefined ? undefined : jump[hop]
  if (hop === undefined || found === undefined) return host
  const config = sshConfig === undefined ? {} : { sshConfig }
  return { name: host.name, ...found, ...config, ...(hop === 0 ? {} : { jump: jump.slice(0, hop) }) }
}

const named = ({ destination, port }: SshEndpoint): string =>
  port === undefined ? destination : `${destination}:${port}`

const codeOf = ({ kind }: SshFailure): ErrorCode => {
  if (kind.startsWith("host-key")) return "FC_HOST_KEY"
  return kind === "sudo" || kind === "password" ? "FC_SUDO" : "FC_MACHINE_UNREACHABLE"
}

type Sign = Pick<SshFailure, "kind" | "says"> & { readonly pattern: RegExp }

/** The first that fits counts, so what causes others comes first. */
const signs: readonly Sign[] = [
  {
    kind: "host-key-changed",
    says: "has another host key than the one that is known",
    pattern: /HOST IDENTIFICATION HAS CHANGED|REVOKED HOST KEY|HOST KEY .*CHANGED|is marked as revoked/,
  },
  {
    kind: "host-key-unknown",
    says: "has a host key that is not known here",
    pattern: /No \S+ host key is known for|Host key verification failed/,
  },
  {
    kind: "sudo",
    says: "wants a password for sudo",
    pattern: /^sudo: .*(password is required|terminal is required|askpass|interactive authentication is required)/m,
  },
  { kind: "sudo", says: "lets sudo be used at a terminal only (requiretty)", pattern: /^sudo: .*must have a tty/m },
  {
    kind: "sudo",
    says: "does not let this account use sudo",
    pattern: /not in the sudoers file|not allowed to (execute|run sudo)/,
  },
  {
    kind: "password",
    says: "did not accept the password for sudo",
    pattern: /incorrect password attempt|^Sorry, try again|Authentication failed, try again/m,
  },
  { kind: "sudo", says: "has no sudo", pattern: /sudo: (command )?not found|unknown command:? '?sudo/i },
  { kind: "denied", says: "did not accept the login", pattern: /Permission denied|Too many authentication failures/ },
  { kind: "passing", says: "refused the connection", pattern: /Connection refused/ },
  {
    kind: "passing",
    says: "did not answer in time",
    pattern: /(Connection|Operation) timed out|Connection to \S+ port \d+ timed out|Timeout, server/,
  },
  { kind: "passing", says: "cannot be reached over the network", pattern: /No route to host|is unreachable/ },
  { kind: "passing", says: "could not be looked up just now", pattern: /Temporary failure in name resolution/ },
  { kind: "lasting", says: "is a name that cannot be found", pattern: /Could not resolve hostname/ },
  {
    kind: "passing",
    says: "closed the connection before it was made",
    pattern: /kex_exchange_identification|banner exchange|System is booting up/,
  },
]

const wrongPassword = { kind: "password", says: "did not accept the password for sudo" } as const
const unreachableBehind = { kind: "passing", says: "cannot be reached from the jump host before it" } as const
const lost = { kind: "lost", says: "was lost while a script ran; how far it came is not known" } as const
const unexplained = { kind: "lasting", says: "ended the connection before a shell answered" } as const

const placeIn = (text: string): string | undefined => {
  const [, host, port] =
    text.match(/connect to host (\S+) port (\d+)/) ?? text.match(/Connection (?:to|closed by) (\S+) port (\d+)/) ?? []
  return host === undefined || port === undefined || host === "UNKNOWN" ? undefined : `${host}:${port}`
}

const remedy = (host: SshHost, station: SshHost, failure: SshFailure): string => {
  const byHand = sshByHand(station)
  const own = station.knownHosts
  const knownAs = failure.details.join("\n").match(/host key for (\S+) has changed/i)?.[1]
  const password = typeof host.sudo === "object" ? host.sudo.password : undefined
  switch (failure.kind) {
    case "host-key-unknown":
      return `${byHand}${own === undefined ? "" : ` -o UserKnownHostsFile=${own}`} (compare the fingerprint with the machine's own before you say yes)`
    case "host-key-changed":
      return `find out why; if the machine was set up anew: ssh-keygen${own === undefined ? "" : ` -f ${own}`} -R '${knownAs ?? knownHostsName(station.destination, station.port ?? 22)}', then ${byHand}`
    case "password":
      return `${password === undefined ? "" : `look at what ${describe(password)} holds, and `}try ${byHand} -t sudo -v`
    case "sudo":
      return password === undefined
        ? `let the account use sudo without a password, or give it: sudo: { password: { env: "NAME" } }; try ${byHand} sudo -n true`
        : `let the account use sudo, or log in as root; try ${byHand} -t sudo -v`
    default:
      return `${byHand} true`
  }
}
