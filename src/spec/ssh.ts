import { z } from "zod"
import { FireclayError, type HostSource, type SshCommon, type SshHost, type SshJump } from "../contract/index.ts"
import { check } from "../schema/check.ts"
import type { HostsFor } from "./fleet.ts"
import { deepFreeze } from "./freeze.ts"
import { commonSchema, hostSchema } from "./ssh-schema.ts"

/** A server on the way: what OpenSSH would be given, or more. */
export type SshJumpOptions = string | SshJump

/** What servers can have in common. */
export type SshCommonOptions = Omit<SshCommon, "jump"> & {
  /** One server to go through, or several, the first one first. */
  readonly jump?: SshJumpOptions | readonly SshJumpOptions[]
}

/** A server for `ssh`: what OpenSSH would be given, or more. */
export type SshHostOptions =
  | string
  | (SshCommonOptions & Pick<SshHost, "destination" | "hostKey"> & { readonly name?: string })

type HostList = readonly SshHostOptions[]

export interface SshOptions extends SshCommonOptions {
  /** A list, a function that answers one, `ansibleInventory(…)` or `terraform(…)`. */
  readonly hosts: HostList | (() => HostList | Promise<HostList>) | HostsFrom
}

/** A file that lists hosts: see {@link ansibleInventory} and {@link terraform}. */
export type HostsFrom = Exclude<HostSource, { readonly kind: "function" }>

/**
 * Servers that exist, reached by the system's OpenSSH: `~/.ssh/config`, agents and `known_hosts` work as usual. What stands
 * beside `hosts` is for those that do not say it themselves; tags add up. A function and a file are asked once in each run.
 *
 * @example
 * ssh({ hosts: ["web1.example.com", { destination: "web2.example.com", user: "deploy", sudo: true }] })
 * @example
 * ssh({
 *   hosts: ["10.0.0.11", "10.0.0.12"],
 *   user: "deploy",
 *   sudo: { password: { env: "SUDO_PASSWORD" } },
 *   jump: "bastion.example.com",
 * })
 * @example
 * ssh({ hosts: async () => (await (await fetch("https://inventory.example.com/web")).text()).split("\n") })
 * @throws FireclayError FC_SPEC_DUPLICATE, FC_SPEC_…
 */
export const ssh = (options: SshOptions): HostsFor<"in-place"> => {
  const { hosts, ...common } = check(sshSchema, options, "ssh")
  const from: HostSource | undefined =
    typeof hosts === "function" ? { kind: "function", load: hosts } : "kind" in hosts ? hosts : undefined
  const on =
    from === undefined
      ? {
          kind: "ssh",
          hosts: nameHosts(hosts as readonly Checked[], common as SshCommon, (index) => `ssh.hosts[${index}]`),
        }
      : { kind: "ssh", hosts: [], source: { from, common } }
  return deepFreeze({ ...on, suits: { "in-place": true } } as unknown as HostsFor<"in-place">)
}

/**
 * Checks a list of servers that was found where a configuration says, and adds what they have in common.
 *
 * @param at where the host of an index is
 * @throws FireclayError FC_SPEC_DUPLICATE, FC_SPEC_…
 */
export const foundHosts = (
  found: unknown,
  common: SshCommon,
  at: (index: number | undefined) => string,
): readonly SshHost[] => {
  if (!Array.isArray(found))
    throw new FireclayError("FC_SPEC_VALUE", "this is not a list of hosts", { at: at(undefined) })
  if (found.length === 0)
    throw new FireclayError("FC_SPEC_VALUE", "a fleet needs at least one host", { at: at(undefined) })
  const hosts = found.map((host: unknown, index) => check(hostSchema, host, at(index)))
  return deepFreeze(nameHosts(hosts, common, at))
}

type Checked = z.output<typeof hostSchema>

/** Hosts as the rest of Fireclay knows them. */
const nameHosts = (hosts: readonly Checked[], common: SshCommon, at: (index: number) => string): readonly SshHost[] => {
  const named = hosts.map((host) => nameHost(host, common))
  const twice = named.find((host, index) => named.findIndex((other) => other.name === host.name) !== index)
  if (twice !== undefined)
    throw new FireclayError("FC_SPEC_DUPLICATE", `two hosts are called "${twice.name}"`, {
      at: at(named.findLastIndex(({ name }) => name === twice.name)),
      remedy: "give one a name of its own",
    })
  return named
}

const nameHost = (host: Checked, common: SshCommon): SshHost => {
  const own = typeof host === "string" ? { destination: host } : host
  const tags = [...new Set([...(common.tags ?? []), ...(own.tags ?? [])])]
  // "user@host" says whose account it is.
  const user = own.destination.includes("@") ? { user: undefined } : {}
  // To become root at all, and how, are two things that may be said in two places.
  const sudo = own.sudo === true && typeof common.sudo === "object" ? { sudo: common.sudo } : {}
  const all = { name: own.destination, ...common, ...user, ...own, ...sudo, ...(tags.length === 0 ? {} : { tags }) }
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined)) as unknown as SshHost
}

const isSource = (value: unknown): boolean =>
  typeof value === "object" &&
  value !== null &&
  "kind" in value &&
  (value.kind === "ansible" || value.kind === "terraform")

const notHosts = "hosts are a list, a function that answers one, ansibleInventory(…) or terraform(…)"

const sshSchema = commonSchema.extend({
  hosts: z.union([
    z.array(hostSchema).min(1, "a fleet needs at least one host"),
    z.custom<() => unknown>((value) => typeof value === "function", notHosts),
    z.custom<HostsFrom>(isSource, notHosts),
  ]),
})
