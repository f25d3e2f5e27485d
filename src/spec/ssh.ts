import { z } from "zod"
import { FireclayError, type SshHost, type SshJump } from "../contract/index.ts"
import { check } from "../schema/check.ts"
import { argv, name, port } from "../schema/fields.ts"
import type { HostsFor } from "./fleet.ts"
import { deepFreeze } from "./freeze.ts"

/** A server on the way: what OpenSSH would be given, or more. */
export type SshJumpOptions = string | SshJump

/** What servers can have in common. */
export type SshCommonOptions = Pick<
  SshHost,
  "user" | "port" | "identityFile" | "sshConfig" | "sudo" | "tags" | "knownHosts"
> & {
  /** One server to go through, or several, the first one first. */
  readonly jump?: SshJumpOptions | readonly SshJumpOptions[]
}

/** A server for `ssh`: what OpenSSH would be given, or more. */
export type SshHostOptions =
  | string
  | (SshCommonOptions & Pick<SshHost, "destination" | "hostKey"> & { readonly name?: string })

export interface SshOptions extends SshCommonOptions {
  readonly hosts: readonly SshHostOptions[]
}

/**
 * Servers that exist, reached by the system's OpenSSH: `~/.ssh/config`, agents and `known_hosts` work as usual. What stands
 * beside `hosts` is for those that do not say it themselves; tags add up.
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
 * @throws FireclayError FC_SPEC_DUPLICATE, FC_SPEC_…
 */
export const ssh = (options: SshOptions): HostsFor<"in-place"> => {
  const { hosts, ...common } = check(sshSchema, options, "ssh")
  return deepFreeze({
    kind: "ssh",
    hosts: nameHosts(hosts, common, "ssh.hosts"),
    suits: { "in-place": true },
  } as HostsFor<"in-place">)
}

type Checked = z.output<typeof hostSchema>
type Common = z.output<typeof commonSchema>

/** Hosts as the rest of Fireclay knows them. */
const nameHosts = (hosts: readonly Checked[], common: Common, at: string): readonly SshHost[] => {
  const named = hosts.map((host) => nameHost(host, common))
  const twice = named.find((host, index) => named.findIndex((other) => other.name === host.name) !== index)
  if (twice !== undefined)
    throw new FireclayError("FC_SPEC_DUPLICATE", `two hosts are called "${twice.name}"`, {
      at: `${at}[${named.findLastIndex(({ name: other }) => other === twice.name)}]`,
      remedy: "give one a name of its own",
    })
  return named
}

const nameHost = (host: Checked, common: Common): SshHost => {
  const own = typeof host === "string" ? { destination: host } : host
  const tags = [...new Set([...(common.tags ?? []), ...(own.tags ?? [])])]
  // "user@host" says whose account it is.
  const user = own.destination.includes("@") ? { user: undefined } : {}
  // To become root at all, and how, are two things that may be said in two places.
  const sudo = own.sudo === true && typeof common.sudo === "object" ? { sudo: common.sudo } : {}
  const all = { name: own.destination, ...common, ...user, ...own, ...sudo, ...(tags.length === 0 ? {} : { tags }) }
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined)) as unknown as SshHost
}

const destination = z.string().regex(/^[^-\s][^\s]*$/, "not a destination that ssh would take")
const user = z.string().regex(/^[^-\s][^\s]*$/, "not a name of a user")

// They stand in an option of ssh, where these characters would mean something.
const knownHosts = z.string().regex(/^(?!none$)[^"\\\n$]+$/, 'a path of known_hosts has no ", \\ or $')

const hostKey = z.string().refine((key) => /^[a-z0-9@.-]+ [A-Za-z0-9+/]+={0,3}( [^\n]*)?$/.test(key), {
  error: "not a host key",
  params: { remedy: "write type and key, as in /etc/ssh/ssh_host_ed25519_key.pub: ssh-ed25519 AAAA…" },
})

const file = z.string().regex(/^[^-\n][^\n]*$/, "not a path of a file")
const endpoint = { user: user.optional(), port: port.optional(), identityFile: file.optional() }
const trust = { knownHosts: knownHosts.optional(), hostKey: hostKey.optional() }

const jumpSchema = z
  .union([destination, z.strictObject({ destination, ...endpoint, ...trust })])
  .transform((hop) => (typeof hop === "string" ? { destination: hop } : hop))

const sudoSchema = z.union([
  z.boolean(),
  z.strictObject({
    password: z.union([
      z.strictObject({ env: z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/, "not a name of a variable") }),
      z.strictObject({ command: argv }),
    ]),
  }),
])

const common = {
  ...endpoint,
  knownHosts: trust.knownHosts,
  sshConfig: file.optional(),
  sudo: sudoSchema.optional(),
  jump: z
    .union([jumpSchema.transform((hop) => [hop]), z.array(jumpSchema).min(1, "an empty list of jump hosts")])
    .optional(),
  tags: z.array(name).optional(),
}
const commonSchema = z.strictObject(common)

const hostSchema = z.union([
  destination,
  z.strictObject({ ...common, name: name.optional(), destination, hostKey: trust.hostKey }),
])

const sshSchema = z.strictObject({
  ...common,
  hosts: z.array(hostSchema).min(1, "a fleet needs at least one host"),
})
