import { readHostPattern } from "./ansible-range.ts"
import { literal, shellWords } from "./ansible-words.ts"
import { type Inventory, type InventoryBuilder, inventoryBuilder } from "./inventory.ts"
import { inventoryError, type Said, type Text } from "./place.ts"

type Section = { readonly group: string; readonly kind: "hosts" | "children" | "vars" }

/**
 * Reads an inventory in Ansible's INI form.
 *
 * @throws FireclayError FC_INVENTORY, with the line
 */
export const readAnsibleIni = ({ file, text }: Text): Inventory => {
  const builder = inventoryBuilder()
  // Groups that were named, and not yet declared, with the place where they were.
  const awaited = new Map<string, string>()
  const declared = new Set(["all", "ungrouped"])
  let section: Section = { group: "ungrouped", kind: "hosts" }
  for (const [index, raw] of text.split(/\r?\n/).entries()) {
    const line = raw.trim()
    const at = `${file}:${index + 1}`
    if (line === "" || line.startsWith("#") || line.startsWith(";")) continue
    if (line.startsWith("[") && isHeader(line)) {
      section = readSection(line, at)
      builder.group(section.group)
      if (section.kind === "vars") awaited.set(section.group, awaited.get(section.group) ?? at)
      else declared.add(section.group)
      continue
    }
    const child = readLine(builder, section, line, at)
    if (child !== undefined) awaited.set(child, awaited.get(child) ?? at)
  }
  for (const [group, at] of awaited)
    if (!declared.has(group)) throw inventoryError(`the group "${group}" is not declared`, at, `add a line [${group}]`)
  return builder.build()
}

/** A host may begin with a bracket too: `[2001:db8::1]:22`, `[a:c].example.com`. */
const isHeader = (line: string): boolean =>
  /\]\s*(#.*)?$/.test(line) && !/^\[[0-9a-f]*:[0-9a-f:.]*:[0-9a-f:.]*\]$/i.test(line)

const readSection = (line: string, at: string): Section => {
  const [, group, kind = "hosts"] = /^\[([^:\]\s]+)(?::(\w+))?\]\s*(?:#.*)?$/.exec(line) ?? []
  if (group === undefined)
    throw inventoryError(
      `${line} is not the head of a section`,
      at,
      "write [group], [group:children] or [group:vars], without spaces",
    )
  if (kind !== "hosts" && kind !== "children" && kind !== "vars")
    throw inventoryError(
      `a section [${group}:${kind}] means nothing`,
      at,
      "write [group], [group:children] or [group:vars]",
    )
  return { group, kind }
}

/** Answers the group that a line names as a child. */
const readLine = (
  builder: InventoryBuilder,
  { group, kind }: Section,
  line: string,
  at: string,
): string | undefined => {
  if (kind === "hosts") {
    readHosts(builder, group, line, at)
    return undefined
  }
  if (kind === "vars") {
    const [name, value] = keyAndValue(line, at)
    builder.variable(group, name.trim(), { value: literal(value.trim()), at })
    return undefined
  }
  const [, child] = /^([^:\]\s]+)\s*(?:#.*)?$/.exec(line) ?? []
  if (child === undefined) throw inventoryError(`"${line}" is not the name of a group`, at)
  builder.child(group, child)
  return child
}

const readHosts = (builder: InventoryBuilder, group: string, line: string, at: string): void => {
  const [pattern, ...assignments] = shellWords(line, at)
  if (pattern === undefined) return
  const { names, port } = readHostPattern(pattern, at)
  const variables = assignments.map((word): readonly [string, Said] => {
    const [name, value] = keyAndValue(word, at)
    return [name, { value: literal(value), at }]
  })
  const all = [...(port === undefined ? [] : [["ansible_port", { value: port, at }] as const]), ...variables]
  for (const name of names) builder.host(group, name, all)
}

const keyAndValue = (text: string, at: string): readonly [string, string] => {
  const equals = text.indexOf("=")
  if (equals < 0) throw inventoryError(`"${text}" is not name=value`, at)
  return [text.slice(0, equals), text.slice(equals + 1)]
}
