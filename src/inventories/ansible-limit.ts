import { closest } from "../schema/closest.ts"
import { hostsOf, type Inventory } from "./inventory.ts"
import { inventoryError } from "./place.ts"

/**
 * Those of some hosts that a limit leaves: names of hosts and groups, `*` for any characters; with `&` only those that
 * are also there, with `!` without those. As in Ansible, the order of the words does not matter.
 *
 * @throws FireclayError FC_INVENTORY for a word that fits nothing
 */
export const chooseHosts = (
  inventory: Inventory,
  hosts: readonly string[],
  limit: readonly string[],
  at: string,
): readonly string[] => {
  const words = limit.flatMap((text) => text.split(/[,\s]+/)).filter((word) => word !== "")
  const meant = (word: string): ReadonlySet<string> => hostsBy(inventory, word.replace(/^[!&]/, ""), at)
  const plain = words.filter((word) => !/^[!&]/.test(word)).map(meant)
  const also = words.filter((word) => word.startsWith("&")).map(meant)
  const without = words.filter((word) => word.startsWith("!")).map(meant)
  return hosts.filter(
    (host) =>
      (plain.length === 0 || plain.some((set) => set.has(host))) &&
      also.every((set) => set.has(host)) &&
      !without.some((set) => set.has(host)),
  )
}

const hostsBy = (inventory: Inventory, word: string, at: string): ReadonlySet<string> => {
  const pattern = new RegExp(`^${word.replaceAll(/[.+?^$()|[\]\\{}]/g, "\\$&").replaceAll("*", ".*")}$`)
  const groups = ["all", ...inventory.groups.keys()].filter((name) => pattern.test(name))
  const names = [...inventory.hosts.keys()].filter((name) => pattern.test(name))
  if (groups.length + names.length > 0)
    return new Set([...names, ...groups.flatMap((group) => hostsOf(inventory, group))])
  const guess = closest(word, [...inventory.groups.keys(), ...inventory.hosts.keys()])
  throw inventoryError(
    `the limit "${word}" fits no host and no group`,
    at,
    guess === undefined ? undefined : `did you mean "${guess}"?`,
  )
}
