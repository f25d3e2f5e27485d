import { FireclayError, type SshHost } from "../contract/index.ts"
import { knownHostsName, sshByHand } from "./ssh-argv.ts"

/** Why a connection could not be made or was lost. */
export interface SshFailure {
  readonly kind: "host-key-unknown" | "host-key-changed" | "sudo" | "denied" | "passing" | "lasting" | "lost"
  /** Reads on after the machine's address: `refused the connection`. */
  readonly says: string
  /** `host:port`, where OpenSSH named one. */
  readonly place?: string
  readonly details: readonly string[]
}

/** Reads what ssh (or sudo behind it) said on standard error. `everAnswered`: the connection had worked. */
export const classifySshFailure = (stderr: string, everAnswered: boolean): SshFailure => {
  const details = stderr
    .split(/[\r\n]+/)
    .map((line) => line.trim())
    .filter((line) => line !== "" && !/^@+$/.test(line))
  const text = details.join("\n")
  // Once a shell has answered, what stands there is also what scripts printed, which must not be taken for ssh's word.
  const sign = everAnswered ? lost : (signs.find(({ pattern }) => pattern.test(text)) ?? unexplained)
  const place = placeIn(text)
  return {
    kind: sign.kind,
    says: sign.says,
    ...(place === undefined ? {} : { place }),
    details: details.slice(-8),
  }
}

/** A network or a server that is just starting may do better a moment later; the rest will not. */
export const isWorthRetrying = (failure: SshFailure): boolean => failure.kind === "passing"

/** The error that a user sees. `effort` says how hard it was tried: `3 tries in 2 s`. */
export const sshError = (host: SshHost, failure: SshFailure, effort?: string): FireclayError => {
  const place = failure.place ?? (host.port === undefined ? host.destination : `${host.destination}:${host.port}`)
  const code = failure.kind.startsWith("host-key") ? "FC_HOST_KEY" : "FC_MACHINE_UNREACHABLE"
  const message = `${place} ${failure.says}${effort === undefined ? "" : ` (${effort})`}`
  return new FireclayError(code, message, { at: host.name, remedy: remedy(host, failure), details: failure.details })
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
    pattern: /^sudo: .*(password is required|terminal is required|askpass)/m,
  },
  {
    kind: "sudo",
    says: "does not let this account use sudo",
    pattern: /not in the sudoers file|not allowed to execute/,
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

const lost = { kind: "lost", says: "was lost while a script ran; how far it came is not known" } as const
const unexplained = { kind: "lasting", says: "ended the connection before a shell answered" } as const

const placeIn = (text: string): string | undefined => {
  const [, host, port] =
    text.match(/connect to host (\S+) port (\d+)/) ?? text.match(/Connection (?:to|closed by) (\S+) port (\d+)/) ?? []
  return host === undefined || port === undefined || host === "UNKNOWN" ? undefined : `${host}:${port}`
}

const remedy = (host: SshHost, failure: SshFailure): string => {
  const byHand = sshByHand(host)
  const knownAs = failure.details.join("\n").match(/host key for (\S+) has changed/i)?.[1]
  switch (failure.kind) {
    case "host-key-unknown":
      return `${byHand} (compare the fingerprint with the machine's own before you say yes)`
    case "host-key-changed":
      return `find out why; if the machine was set up anew: ssh-keygen -R '${knownAs ?? knownHostsName(host.destination, host.port ?? 22)}', then ${byHand}`
    case "sudo":
      return `let the account use sudo without a password, or log in as root; try ${byHand} sudo -n true`
    default:
      return `${byHand} true`
  }
}
