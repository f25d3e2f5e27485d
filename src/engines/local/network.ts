import { mkdir, readlink, symlink, unlink, writeFile } from "node:fs/promises"
import { dirname, join } from "node:path"
import { FireclayError } from "../../contract/index.ts"
import { run, runOk } from "../../system/process.ts"
import { exists, namesIn, readText, writeAtomic } from "./files.ts"
import { withLock } from "./lock.ts"
import { addressesDirectory, hash, instanceId, type Place } from "./place.ts"
import { rules } from "./rules.ts"

/** Makes the project's bridge and lets it out. Idempotent; safe for several processes at once. */
export const ensureNetwork = async (at: Place): Promise<void> => {
  const subnet = ((await hasBridge(at)) ? await readSubnet(at) : undefined) ?? (await makeBridge(at))
  await writeFile("/proc/sys/net/ipv4/ip_forward", "1").catch((cause: unknown) => {
    throw new FireclayError("FC_NETWORK", "this machine does not let packets be forwarded", { cause })
  })
  await (await rules(at.bridge)).ensure(`10.213.${subnet}.0/24`)
}

/** Under one lock for all projects of this machine: two of them must not choose the same subnet. */
const makeBridge = (at: Place): Promise<number> =>
  withLock("/run/lock", async () => {
    const chosen = await chosenSubnet(at)
    if (!(await hasBridge(at))) await ip(bridgeBatch(at.bridge, chosen))
    return chosen
  })

/** Whether the project's bridge is there. Not so after a restart of this machine, or when another run destroyed it. */
export const hasBridge = (at: Place): Promise<boolean> => exists(linkPath(at.bridge))

/** Takes a free address for an instance. What is taken is a link, so that taking it is one step of the kernel's. */
export const takeAddress = async (at: Place, name: string): Promise<string> => {
  const directory = addressesDirectory(at)
  await mkdir(directory, { recursive: true })
  const taken = new Set(await namesIn(directory))
  for (let host = 2; host <= 254; host++) {
    if (taken.has(String(host))) continue
    try {
      await symlink(name, join(directory, String(host)))
      return `10.213.${await readSubnet(at)}.${host}`
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error
    }
  }
  throw new FireclayError("FC_NETWORK", "all 253 addresses of the project's network are taken", { at: directory })
}

/** Gives back one address of an instance, or all that it has. */
export const giveBackAddress = async (at: Place, name: string, address?: string): Promise<void> => {
  for (const host of await hostsOf(at, name))
    if (address === undefined || address.endsWith(`.${host}`))
      await unlink(join(addressesDirectory(at), host)).catch(() => undefined)
}

export interface ConnectOptions {
  /** Whether programs that are not root may listen below 1024. Default: only those that have the right to. */
  readonly openPorts?: boolean
}

/** Makes the instance's network namespace, with its interface up and routed. */
export const connect = async (
  at: Place,
  name: string,
  address: string,
  { openPorts = false }: ConnectOptions = {},
): Promise<void> => {
  const id = instanceId(at, name)
  await ip(connectBatch(at.bridge, id, address))
  const inside = openPorts ? ["sh", "-c", openPortsAnd, "sh"] : []
  await ip(insideBatch(address), ["nsenter", `--net=${namespacePath(id)}`, "--", ...inside])
}

/** Removes the instance's network namespace and link. Nothing there: no error. */
export const disconnect = async (at: Place, name: string): Promise<void> => {
  const id = instanceId(at, name)
  const links = (await hostsOf(at, name)).map((host) => linkName(at.bridge, host))
  const there = await Promise.all([
    ...links.map(async (link) => ((await exists(linkPath(link))) ? [`link delete ${link}`] : [])),
    exists(namespacePath(id)).then((yes) => (yes ? [`netns delete ${id}`] : [])),
  ])
  // What another removed meanwhile is no error.
  if (there.flat().length > 0) await run([...ipBatch, "-force"], { input: linesOf(there.flat()) })
}

export const namespacePath = (id: string): string => `/run/netns/${id}`

/** Links of the project, the bridge last. */
export const linksOf = async (at: Place): Promise<readonly string[]> =>
  (await namesIn("/sys/class/net")).filter((name) => name.startsWith(at.bridge)).reverse()

export const removeLink = (name: string): readonly string[] => ["ip", "link", "delete", name]
export const removeNamespace = (id: string): readonly string[] => ["ip", "netns", "delete", id]

/** The last numbers of the addresses that an instance holds. */
const hostsOf = async (at: Place, name: string): Promise<readonly string[]> => {
  const hosts = await namesIn(addressesDirectory(at))
  const holders = await Promise.all(
    hosts.map((host) => readlink(join(addressesDirectory(at), host)).catch(() => undefined)),
  )
  return hosts.filter((_, index) => holders[index] === name)
}

const linkName = (bridge: string, host: string): string => `${bridge}v${host}`
const linkPath = (name: string): string => `/sys/class/net/${name}`
const networkFile = (home: string): string => join(home, "network.json")

const readSubnet = async (at: Place): Promise<number | undefined> => {
  const text = await readText(networkFile(at.home))
  return text === undefined ? undefined : (JSON.parse(text) as { subnet: number }).subnet
}

const chosenSubnet = async (at: Place): Promise<number> => {
  const before = await readSubnet(at)
  if (before !== undefined) return before
  const used = await usedSubnets(at)
  const first = Number.parseInt(hash(at.home).slice(0, 2), 16)
  for (let step = 0; step < 256; step++) {
    const subnet = (first + step) % 256
    if (used.has(subnet)) continue
    await writeAtomic(networkFile(at.home), JSON.stringify({ bridge: at.bridge, subnet }))
    return subnet
  }
  throw new FireclayError("FC_NETWORK", "no network of 10.213.0.0/16 is free on this machine", {
    remedy: "ip -4 route",
  })
}

/** What this machine routes, and what other projects have chosen but not brought up. */
const usedSubnets = async (at: Place): Promise<ReadonlySet<number>> => {
  const routed = (await runOk(["ip", "-4", "route", "show", "table", "all"], failure)).toString()
  const siblings = await namesIn(dirname(at.home))
  const recorded = await Promise.all(
    siblings.map((name) => readText(networkFile(join(dirname(at.home), name))).catch(() => undefined)),
  )
  const numbers = [
    ...[...routed.matchAll(/\b10\.213\.(\d+)\./g)].map((match) => Number(match[1])),
    ...recorded.flatMap((text) => (text === undefined ? [] : [(JSON.parse(text) as { subnet: number }).subnet])),
  ]
  return new Set(numbers)
}

// Fixed link addresses: a bridge would take on those of its ports as they come, and a machine that gets the address
// of one that left would not be found until the neighbours forget.
const linkAddress = (address: string): string =>
  ["02", "fc", ...address.split(".").map((part) => Number(part).toString(16).padStart(2, "0"))].join(":")

const bridgeBatch = (bridge: string, subnet: number): readonly string[] => [
  `link add ${bridge} address ${linkAddress(`10.213.${subnet}.1`)} type bridge forward_delay 0`,
  `address add 10.213.${subnet}.1/24 dev ${bridge}`,
  `link set ${bridge} up`,
]

const connectBatch = (bridge: string, id: string, address: string): readonly string[] => {
  const link = linkName(bridge, address.split(".")[3] ?? "")
  return [
    `netns add ${id}`,
    `link add ${link} master ${bridge} up type veth peer name host0 address ${linkAddress(address)} netns ${id}`,
  ]
}

const insideBatch = (address: string): readonly string[] => [
  `address add ${address}/24 dev host0`,
  "link set lo up",
  "link set host0 up",
  `route add default via ${address.replace(/\d+$/, "1")}`,
]

// From outside: an instance sees the kernel's settings read-only.
const openPortsAnd = 'echo 0 >/proc/sys/net/ipv4/ip_unprivileged_port_start && exec "$@"'

const ip = async (lines: readonly string[], within: readonly string[] = []): Promise<void> => {
  await runOk([...within, ...ipBatch], failure, { input: linesOf(lines) })
}

const ipBatch = ["ip", "-batch", "-"] as const
const linesOf = (lines: readonly string[]): string => `${lines.join("\n")}\n`

const failure = (message: string, details: readonly string[]): FireclayError =>
  new FireclayError("FC_NETWORK", `the machines' network could not be set up: ${message}`, { details })
