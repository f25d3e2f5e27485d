import type { Said } from "./place.ts"

export type Variables = ReadonlyMap<string, Said>

export interface Group {
  readonly name: string
  readonly hosts: readonly string[]
  readonly children: readonly string[]
  readonly variables: Variables
}

/** What an inventory of Ansible says, whatever form it is written in. */
export interface Inventory {
  readonly groups: ReadonlyMap<string, Group>
  readonly hosts: ReadonlyMap<string, Variables>
}

/** Gathers an inventory; what is said last counts. */
export interface InventoryBuilder {
  readonly group: (name: string) => void
  readonly host: (group: string, name: string, variables: Iterable<readonly [string, Said]>) => void
  readonly child: (group: string, name: string) => void
  readonly variable: (group: string, name: string, value: Said) => void
  readonly build: () => Inventory
}

export const inventoryBuilder = (): InventoryBuilder => {
  const groups = new Map<string, { hosts: Set<string>; children: Set<string>; variables: Map<string, Said> }>()
  const hosts = new Map<string, Map<string, Said>>()
  const open = (name: string) => {
    const group = groups.get(name) ?? { hosts: new Set(), children: new Set(), variables: new Map() }
    groups.set(name, group)
    return group
  }
  return {
    group: (name) => void open(name),
    host: (group, name, variables) => {
      const known = hosts.get(name) ?? new Map<string, Said>()
      for (const [key, value] of variables) known.set(key, value)
      hosts.set(name, known)
      open(group).hosts.add(name)
    },
    child: (group, name) => {
      open(name)
      open(group).children.add(name)
    },
    variable: (group, name, value) => void open(group).variables.set(name, value),
    build: () => ({
      groups: new Map(
        [...groups].map(([name, group]) => [
          name,
          { name, hosts: [...group.hosts], children: [...group.children], variables: group.variables },
        ]),
      ),
      hosts,
    }),
  }
}

/** A group and those below it, each once, the group itself first. A group that is its own ancestor ends there. */
export const descendants = ({ groups }: Inventory, name: string): readonly string[] => {
  const seen = new Set<string>()
  const visit = (group: string): void => {
    if (seen.has(group)) return
    seen.add(group)
    for (const child of groups.get(group)?.children ?? []) visit(child)
  }
  visit(name)
  return [...seen]
}

/** The hosts of a group and those below it; of all hosts, in the order in which they were named, for `all`. */
export const hostsOf = (inventory: Inventory, group: string): readonly string[] => {
  if (group === "all") return [...inventory.hosts.keys()]
  return [...new Set(descendants(inventory, group).flatMap((name) => inventory.groups.get(name)?.hosts ?? []))]
}

/** The groups that a host is in, directly or not, the farthest from it first, as Ansible orders them; without `all`. */
export const groupsOf = (inventory: Inventory, host: string): readonly string[] => {
  const mine = [...inventory.groups.keys()].filter(
    (name) =>
      name !== "all" && descendants(inventory, name).some((below) => inventory.groups.get(below)?.hosts.includes(host)),
  )
  const rank = (name: string): readonly [number, number] => [depthOf(inventory, name), priorityOf(inventory, name)]
  return mine.toSorted((a, b) => {
    const [one, other] = [rank(a), rank(b)]
    return one[0] - other[0] || one[1] - other[1] || (a < b ? -1 : 1)
  })
}

const depthOf = ({ groups }: Inventory, name: string, seen: ReadonlySet<string> = new Set()): number => {
  const above = [...groups.values()].filter(
    (group) => group.name !== "all" && group.children.includes(name) && !seen.has(group.name),
  )
  return (
    1 +
    Math.max(0, ...above.map((group) => depthOf({ groups, hosts: new Map() }, group.name, new Set([...seen, name]))))
  )
}

const priorityOf = ({ groups }: Inventory, name: string): number => {
  const priority = Number(groups.get(name)?.variables.get("ansible_group_priority")?.value ?? 1)
  return Number.isNaN(priority) ? 1 : priority
}
