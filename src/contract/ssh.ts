import type { SecretReference } from "./secret.ts"

/** A server as OpenSSH reaches it. */
export interface SshEndpoint {
  /** What OpenSSH is given: a name of `~/.ssh/config` or an address. */
  readonly destination: string
  readonly user?: string
  readonly port?: number
  /** Private key. A relative path is relative to the configuration. */
  readonly identityFile?: string
  /**
   * The only file in which its host key is looked up. A relative path is relative to the configuration. Default: the
   * user's and the system's `known_hosts`.
   */
  readonly knownHosts?: string
  /** The one host key that it may show, as its `.pub` file has it: `ssh-ed25519 AAAA…`. No known_hosts is read then. */
  readonly hostKey?: string
}

/** A server on the way to another. */
export type SshJump = SshEndpoint

export interface SshHost extends SshEndpoint {
  /** How the fleet calls it. */
  readonly name: string
  /** Read instead of `~/.ssh/config` and the system's. A relative path is relative to the configuration. */
  readonly sshConfig?: string
  /** Become root with sudo: `true` where sudo asks for no password. */
  readonly sudo?: boolean | Sudo
  /** The servers to go through, the first one first. Absent: what `~/.ssh/config` says. */
  readonly jump?: readonly SshJump[]
  /** Words to choose machines by. */
  readonly tags?: readonly string[]
}

/** What servers of one fleet can have in common. */
export type SshCommon = Omit<SshHost, "name" | "destination" | "hostKey">

/** Where the servers of a fleet are listed, looked up once in each run. */
export type HostSource =
  | { readonly kind: "function"; readonly load: () => unknown }
  | {
      readonly kind: "ansible"
      readonly file: string
      readonly group?: string | undefined
      readonly limit?: readonly string[] | undefined
    }
  | {
      readonly kind: "terraform"
      readonly file: string
      readonly is: "outputs" | "state"
      readonly take:
        | { readonly output: string }
        | { readonly resource: string; readonly attribute: string; readonly name?: string | undefined }
    }

export interface Sudo {
  readonly password: SudoPassword
}

/** Where sudo's password comes from, when it is needed. */
export type SudoPassword =
  /** An environment variable of the controller. */
  | { readonly env: string }
  /** What a program prints, without its last line break. No shell takes part. */
  | { readonly command: readonly string[] }
  /** What `secret("NAME")` refers to. */
  | SecretReference
