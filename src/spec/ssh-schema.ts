import { z } from "zod"
import { argv, port, secretReference } from "../schema/fields.ts"

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
      secretReference,
    ]),
  }),
])

const tag = z.string().regex(/^[^\s,]+$/, "a tag has no blanks and no commas")

const common = {
  ...endpoint,
  knownHosts: trust.knownHosts,
  sshConfig: file.optional(),
  sudo: sudoSchema.optional(),
  jump: z
    .union([jumpSchema.transform((hop) => [hop]), z.array(jumpSchema).min(1, "an empty list of jump hosts")])
    .optional(),
  tags: z.array(tag).optional(),
}

/** What servers have in common. */
export const commonSchema = z.strictObject(common)

/** One server. */
export const hostSchema = z.union([
  destination,
  z.strictObject({
    ...common,
    name: z
      .string()
      .regex(/^[^-\s][^\s]*$/, "not a name of a host")
      .optional(),
    destination,
    hostKey: trust.hostKey,
  }),
])
