import { FireclayError, type MachineFacts } from "../../contract/index.ts"
import { addressesOf } from "./addresses.ts"

/**
 * Reads what `askFacts` printed.
 *
 * @throws FireclayError FC_OBSERVE: what nobody would say who means well is not passed on
 */
export const parseFacts = (machine: string, fields: readonly string[]): MachineFacts => {
  const [release = "", hostname = "", kernel = "", arch = "", memory = "", online = "", ...more] = fields
  const [addresses = "", routes = "", hosts = "", container = "", vendor = "", product = ""] = more
  const os = parseRelease(release)
  const text = (what: string, value: string): string => plain(machine, what, value.trim())
  const fqdn = hosts
    .replace(/#.*/, "")
    .split(/\s+/)
    .slice(1)
    .find((name) => name.startsWith(`${hostname}.`))
  return {
    name: machine,
    os: {
      id: text("os.id", os.get("ID") ?? ""),
      name: text("os.name", os.get("NAME") ?? ""),
      version: text("os.version", os.get("VERSION_ID") ?? ""),
      codename: text("os.codename", os.get("VERSION_CODENAME") ?? ""),
    },
    architecture: text("architecture", arch),
    kernel: text("kernel", kernel),
    memoryBytes: number(machine, "memoryBytes", /^MemTotal:\s+(\d+) kB/.exec(memory)?.[1]) * 1024,
    cpus: countOf(online) ?? number(machine, "cpus", undefined),
    hostname: text("hostname", hostname),
    ...(fqdn === undefined ? {} : { fqdn: text("fqdn", fqdn) }),
    virtualization: text("virtualization", container === "" ? virtualizationOf(vendor, product) : container),
    addresses: addressesOf(addresses, routes),
  }
}

/** os-release(5): assignments, with quotes and backslashes where a shell would need them. */
const parseRelease = (text: string): ReadonlyMap<string, string> =>
  new Map(
    [...text.matchAll(/^([A-Z_]+)=(.*)$/gm)].map(([, key = "", value = ""]) => {
      const quoted = /^"(.*)"$|^'(.*)'$/.exec(value.trim())
      return [key, (quoted?.[1] ?? quoted?.[2] ?? value).replaceAll(/\\(.)/g, "$1")]
    }),
  )

/** `0-3,5`: five. */
const countOf = (online: string): number | undefined => {
  if (!/^\d+(-\d+)?(,\d+(-\d+)?)*$/.test(online.trim())) return undefined
  return online
    .trim()
    .split(",")
    .map((range) => range.split("-").map(Number))
    .reduce((sum, [first = 0, last = first]) => sum + last - first + 1, 0)
}

const vendors: readonly (readonly [RegExp, string])[] = [
  [/QEMU|KVM|Red Hat|OpenStack/i, "kvm"],
  [/VMware/i, "vmware"],
  [/innotek|VirtualBox/i, "virtualbox"],
  [/Xen/i, "xen"],
  [/Amazon EC2/i, "amazon"],
  [/Google/i, "google"],
  [/Parallels/i, "parallels"],
  [/Microsoft.*Virtual Machine/i, "microsoft"],
  [/DigitalOcean|Hetzner.*vServer|Scaleway|Vultr|Virtual Machine/i, "vm"],
]

const virtualizationOf = (vendor: string, product: string): string =>
  product.includes(".metal")
    ? "none"
    : (vendors.find(([pattern]) => pattern.test(`${vendor} ${product}`))?.[1] ?? "none")

const longest = 255

const plain = (machine: string, what: string, value: string): string => {
  if (value.length <= longest && !/\p{Cc}|\p{Cf}|\p{Zl}|\p{Zp}|\uFFFD/u.test(value)) return value
  throw new FireclayError(
    "FC_OBSERVE",
    `what ${machine} says of its ${what} is no plain text of at most ${longest} characters`,
    {
      at: machine,
      remedy: "see what it holds, on the machine: fireclay facts shows what is read",
      details: [JSON.stringify(value.slice(0, longest))],
    },
  )
}

const number = (machine: string, what: string, value: string | undefined): number => {
  if (value !== undefined) return Number(value)
  throw new FireclayError("FC_OBSERVE", `${machine} does not say its ${what}`, {
    at: machine,
    remedy: "it needs /proc and /sys as Linux has them",
  })
}
