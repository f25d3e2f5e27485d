import { closest } from "../schema/closest.ts"
import { hostFrom } from "./ansible-host.ts"
import { readAnsibleIni } from "./ansible-ini.ts"
import { chooseHosts } from "./ansible-limit.ts"
import { readAnsibleYaml, readVariables } from "./ansible-yaml.ts"
import { groupsOf, hostsOf, type Inventory, type Variables } from "./inventory.ts"
import { type FoundHost, inventoryError, type Said, type Text } from "./place.ts"

export interface AnsibleWant {
  /** Default: `all`. */
  readonly group?: string | undefined
  readonly limit?: readonly string[] | undefined
}

/** What a file with hosts came to. */
export interface Found {
  readonly hosts: readonly FoundHost[]
  /** What stands in it and is not used, each as a sentence. */
  readonly notes: readonly string[]
}

/** The files of variables beside an inventory: those of `group_vars/web`, for example. */
export type VariableFiles = (directory: "group_vars" | "host_vars", name: string) => readonly Text[]

/**
 * The servers of an inventory of Ansible, as Ansible itself would reach them. Nothing is run, decrypted or filled in.
 *
 * @throws FireclayError FC_INVENTORY
 */
export const readAnsible = (text: Text, want: AnsibleWant, variableFiles: VariableFiles): Found => {
  const notes = new Set<string>()
  const note = (sentence: string): void => void notes.add(sentence)
  const { inventory, variablesOf } = openAnsible(text, variableFiles, note)
  const group = want.group ?? "all"
  if (group !== "all" && !inventory.groups.has(group)) throw unknownGroup(inventory, group, text.file)
  const chosen = chooseHosts(inventory, hostsOf(inventory, group), want.limit ?? [], text.file)
  if (chosen.length === 0) throw inventoryError(`no host is left in group "${group}"`, text.file)
  const hosts = chosen.map((name) => {
    const tags = groupsOf(inventory, name).filter((tag) => tag !== "ungrouped")
    return hostFrom(name, variablesOf(name), tags, { at: text.file, note })
  })
  return { hosts, notes: [...notes] }
}

export interface OpenAnsible {
  readonly inventory: Inventory
  /** All that is said of a host, there and beside it. */
  readonly variablesOf: (host: string) => Variables
}

/** @throws FireclayError FC_INVENTORY */
export const openAnsible = (text: Text, variableFiles: VariableFiles, note: (text: string) => void): OpenAnsible => {
  const inventory = parse(text)
  const layers = variableLayers(inventory, variableFiles, note)
  return {
    inventory,
    variablesOf: (host) => new Map(layers(host).flatMap((variables): (readonly [string, Said])[] => [...variables])),
  }
}

const parse = (text: Text): Inventory => {
  if (text.text.startsWith("$ANSIBLE_VAULT"))
    throw inventoryError(
      "the inventory is encrypted",
      text.file,
      "ansible-vault decrypt it to another file, and name that",
    )
  if (text.text.startsWith("#!"))
    throw inventoryError(
      "the inventory is a program",
      text.file,
      "keep what it says, by ansible-inventory -i … --list --yaml --output FILE, or use hosts: async () => …",
    )
  return /\.(ya?ml|json)$/.test(text.file) ? readAnsibleYaml(text) : readAnsibleIni(text)
}

const unknownGroup = (inventory: Inventory, group: string, at: string): Error => {
  const groups = [...inventory.groups.keys()].filter((name) => name !== "ungrouped")
  const guess = closest(group, groups)
  return inventoryError(
    `there is no group "${group}"`,
    at,
    guess === undefined ? `groups: ${groups.join(", ") || "none"}` : `did you mean "${guess}"?`,
  )
}

/** What is said of a host, from what counts least to what counts most. */
const variableLayers = (inventory: Inventory, files: VariableFiles, note: (text: string) => void) => {
  const kept = new Map<string, readonly Variables[]>()
  const beside = (directory: "group_vars" | "host_vars", name: string): readonly Variables[] => {
    const key = `${directory}/${name}`
    const read = kept.get(key) ?? readable(files(directory, name), note).map(readVariables)
    kept.set(key, read)
    return read
  }
  const own = (group: string): readonly Variables[] => [inventory.groups.get(group)?.variables ?? new Map()]
  return (host: string): readonly Variables[] => {
    const groups = groupsOf(inventory, host)
    return [
      ...own("all"),
      ...groups.flatMap(own),
      ...beside("group_vars", "all"),
      ...groups.flatMap((group) => beside("group_vars", group)),
      inventory.hosts.get(host) ?? new Map(),
      ...beside("host_vars", host),
    ]
  }
}

const readable = (files: readonly Text[], note: (text: string) => void): readonly Text[] =>
  files.filter(({ file, text }) => {
    const encrypted = text.startsWith("$ANSIBLE_VAULT")
    if (encrypted) note(`${file} is encrypted with ansible-vault; nothing in it is used`)
    return !encrypted
  })
