import { isMap, isScalar, LineCounter, type Node, type Pair, parseDocument, type YAMLMap } from "yaml"
import { readHostPattern } from "./ansible-range.ts"
import { type Inventory, type InventoryBuilder, inventoryBuilder } from "./inventory.ts"
import { inventoryError, type Said, type Text } from "./place.ts"

/** A value that only Ansible can decrypt. */
export const vaulted = Symbol("vaulted")

interface Reading {
  readonly file: string
  readonly builder: InventoryBuilder
  readonly place: (node: unknown) => string
}

/**
 * Reads an inventory in Ansible's YAML form. JSON is YAML too.
 *
 * @throws FireclayError FC_INVENTORY, with the line
 */
export const readAnsibleYaml = (text: Text): Inventory => {
  const { root, place } = open(text)
  const builder = inventoryBuilder()
  if (root === undefined) return builder.build()
  const reading = { file: text.file, builder, place }
  for (const [name, body, at] of entries(root, place)) readGroup(reading, name, body, at)
  return builder.build()
}

/**
 * Reads a file of variables: `group_vars/web.yml`.
 *
 * @throws FireclayError FC_INVENTORY, with the line
 */
export const readVariables = (text: Text): ReadonlyMap<string, Said> => {
  const { root, place } = open(text)
  return new Map(
    root === undefined
      ? []
      : entries(root, place).map(([name, value, at]) => [name, { value: plain(value), at }] as const),
  )
}

const open = ({ file, text }: Text) => {
  const lines = new LineCounter()
  // Ansible reads YAML 1.1, in which `yes` is true.
  const document = parseDocument(text, { version: "1.1", lineCounter: lines, uniqueKeys: false, logLevel: "silent" })
  const place = (node: unknown): string => {
    const offset = (node as Node | null | undefined)?.range?.[0]
    return offset === undefined ? file : `${file}:${lines.linePos(offset).line}`
  }
  const [error] = document.errors
  if (error !== undefined) {
    const [first = error.message] = error.message.split("\n")
    throw inventoryError(
      `the file is not YAML: ${first.replace(/:$/, "")}`,
      `${file}:${lines.linePos(error.pos[0]).line}`,
    )
  }
  const { contents } = document
  if (contents === null || (isScalar(contents) && contents.value === null)) return { root: undefined, place }
  if (!isMap(contents))
    throw inventoryError("the file is not a map", place(contents), "its top level is names with a colon")
  return { root: contents as YAMLMap, place }
}

type Entry = readonly [name: string, value: unknown, at: string]

const entries = (map: YAMLMap, place: Reading["place"]): readonly Entry[] =>
  map.items.map(({ key, value }: Pair): Entry => [String(isScalar(key) ? key.value : key), value, place(key)])

const sections = ["hosts", "children", "vars"]

const readGroup = (reading: Reading, group: string, body: unknown, at: string): void => {
  const { builder, place } = reading
  builder.group(group)
  for (const [section, value] of mapOf(reading, body, `group ${group}`, at)) {
    if (!sections.includes(section)) continue
    const inside = entriesOf(reading, value, `${section} of ${group}`)
    for (const [name, more, where] of inside) {
      if (section === "vars") builder.variable(group, name, { value: plain(more), at: where })
      else if (section === "hosts") readHost(reading, group, name, more, where)
      else {
        builder.child(group, name)
        readGroup(reading, name, more, place(more) === reading.file ? where : place(more))
      }
    }
  }
}

const readHost = (reading: Reading, group: string, pattern: string, body: unknown, at: string): void => {
  const { names, port } = readHostPattern(pattern, at)
  const own = mapOf(reading, body, `host ${pattern}`, at).map(
    ([name, value, where]) => [name, { value: plain(value), at: where }] as const,
  )
  const all = [...(port === undefined ? [] : [["ansible_port", { value: port, at }] as const]), ...own]
  for (const name of names) reading.builder.host(group, name, all)
}

/** Ansible takes one name for a map of that name. */
const entriesOf = (reading: Reading, value: unknown, what: string): readonly Entry[] =>
  isScalar(value) && typeof value.value === "string"
    ? [[value.value, null, reading.place(value)]]
    : mapOf(reading, value, what, reading.place(value))

const mapOf = ({ place }: Reading, value: unknown, what: string, at: string): readonly Entry[] => {
  if (value === null || value === undefined || (isScalar(value) && value.value === null)) return []
  if (!isMap(value)) throw inventoryError(`${what} is not a map`, at, "write names with a colon behind each")
  return entries(value as YAMLMap, place)
}

const plain = (node: unknown): unknown => {
  if (typeof node !== "object" || node === null) return node
  if ((node as Node & { tag?: string }).tag === "!vault") return vaulted
  return isScalar(node) ? node.value : node
}
