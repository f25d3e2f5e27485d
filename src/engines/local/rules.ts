import { access, constants } from "node:fs/promises"
import { delimiter, join } from "node:path"
import { FireclayError } from "../../contract/index.ts"
import { run, runOk } from "../../system/process.ts"

/** What lets machines of one bridge out, on this host's packet filter. */
export interface Rules {
  /** Idempotent. */
  readonly ensure: (subnet: string) => Promise<void>
  readonly list: () => Promise<readonly string[]>
  /** Removes all that mention the bridge. */
  readonly remove: () => Promise<void>
}

/** With `iptables` where there is one, because a running Docker drops what it does not accept; otherwise `nft`. */
export const rules = async (bridge: string): Promise<Rules> =>
  (await isInstalled("iptables")) ? iptablesRules(bridge) : nftRules(bridge)

const iptablesRules = (bridge: string): Rules => ({
  ensure: async (subnet) => {
    const wants = iptablesWants(bridge, subnet)
    const there = await Promise.all(wants.map(isThere))
    for (const [index, { table, chain, rule, insert }] of wants.entries())
      if (there[index] !== true)
        await runOk(["iptables", "-w", "-t", table, insert ? "-I" : "-A", chain, ...rule], failure)
  },
  list: async () => (await savedRules(bridge)).map(({ table, words }) => `${table} ${words.join(" ")}`),
  remove: async () => {
    for (const { table, words } of await savedRules(bridge))
      await run(["iptables", "-w", "-t", table, "-D", ...words.slice(1)])
  },
})

interface IptablesWant {
  readonly table: string
  readonly chain: string
  readonly rule: readonly string[]
  readonly insert: boolean
}

const isThere = async ({ table, chain, rule }: IptablesWant): Promise<boolean> =>
  (await run(["iptables", "-w", "-t", table, "-C", chain, ...rule])).exitCode === 0

const iptablesWants = (bridge: string, subnet: string): readonly IptablesWant[] => [
  { table: "nat", chain: "POSTROUTING", rule: ["-s", subnet, "!", "-o", bridge, "-j", "MASQUERADE"], insert: false },
  { table: "filter", chain: "FORWARD", rule: ["-i", bridge, "-j", "ACCEPT"], insert: true },
  { table: "filter", chain: "FORWARD", rule: ["-o", bridge, "-j", "ACCEPT"], insert: true },
]

const savedRules = async (bridge: string): Promise<readonly { table: string; words: readonly string[] }[]> => {
  const tables = await Promise.all(
    ["nat", "filter"].map(async (table) => {
      const lines = (await run(["iptables-save", "-t", table])).stdout.toString().split("\n")
      return lines.map((line) => ({ table, words: line.split(" ") }))
    }),
  )
  return tables.flat().filter(({ words }) => words[0] === "-A" && words.includes(bridge))
}

const nftRules = (bridge: string): Rules => ({
  ensure: async (subnet) => {
    await runOk(["nft", "-f", "-"], failure, { input: nftTable(bridge, subnet) })
  },
  list: async () =>
    (await run(["nft", "list", "table", "ip", bridge])).exitCode === 0 ? [`nft table ip ${bridge}`] : [],
  remove: async () => {
    await run(["nft", "delete", "table", "ip", bridge])
  },
})

// Declared, emptied, filled: one transaction that gives the same table whatever was there.
const nftTable = (bridge: string, subnet: string): string => `
table ip ${bridge} {}
delete table ip ${bridge}
table ip ${bridge} {
  chain postrouting {
    type nat hook postrouting priority 100;
    ip saddr ${subnet} oifname != "${bridge}" masquerade
  }
  chain forward {
    type filter hook forward priority -1;
    iifname "${bridge}" accept
    oifname "${bridge}" accept
  }
}
`

const isInstalled = async (program: string): Promise<boolean> => {
  const places = (process.env.PATH ?? "").split(delimiter).map((directory) => join(directory, program))
  return (await Promise.all(places.map(isExecutable))).includes(true)
}

const isExecutable = (path: string): Promise<boolean> =>
  access(path, constants.X_OK).then(
    () => true,
    () => false,
  )

const failure = (message: string, details: readonly string[]): FireclayError =>
  new FireclayError("FC_NETWORK", `the machines' network could not be let out: ${message}`, { details })
