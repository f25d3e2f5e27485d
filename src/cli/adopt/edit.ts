import type { ArrayExpression, CallExpression, Node } from "@babel/types"
import MagicString from "magic-string"
import type { Construct, OptionValue } from "../../core/index.ts"
import { append, completeImports, removeElement } from "./list.ts"
import {
  boundNames,
  callsOf,
  constantOf,
  listOf,
  localName,
  parseSource,
  propertyOf,
  resources,
  type Source,
  spanOf,
} from "./source.ts"

/** A resource to be described: `construct(name, options)`. */
export interface CallText {
  readonly id: string
  readonly construct: Construct
  readonly name: string
  readonly options: { readonly [option: string]: OptionValue }
}

export interface Edits {
  readonly add: readonly CallText[]
  /** Options of calls that are there. */
  readonly change: readonly CallText[]
  readonly remove: readonly Pick<CallText, "id" | "construct" | "name">[]
}

/** A module as it would be, and what nobody could be sure of: that is as it was. */
export interface Edited {
  readonly text: string
  readonly left: readonly { readonly id: string; readonly why: string }[]
}

/** Which list of a module is meant. */
export type ListPlace = { readonly spec: string } | { readonly constant: string }

const library = "fireclay"

/** Pure: changes the list of a spec in a module, and leaves all else as it was written. */
export const editModule = (text: string, place: ListPlace, { add, change, remove }: Edits): Edited => {
  const source = parseSource(text)
  const output = new MagicString(text)
  const left: { readonly id: string; readonly why: string }[] = []
  const note = (id: string, why: string | undefined): void => {
    if (why !== undefined) left.push({ id, why })
  }
  for (const call of change) note(call.id, changeCall(output, source, call))
  for (const call of remove) {
    const found = findCall(source, call)
    note(call.id, typeof found === "string" ? found : removeElement(output, source, found))
  }
  const list = findList(source, place)
  const names = namesFor(
    source,
    add.map(({ construct }) => construct),
  )
  if (list === undefined || names === undefined)
    for (const { id } of add)
      note(id, list === undefined ? "its list is computed" : "a name that it needs is taken here")
  else if (add.length > 0) {
    append(
      output,
      source,
      list,
      add.map((call) => renderCall(call, names.get(call.construct) ?? call.construct)),
    )
    completeImports(
      output,
      source,
      [...names]
        .filter(([construct, name]) => construct === name && localName(source, resources, name) === undefined)
        .map(([construct]) => construct),
    )
  }
  return { text: output.toString(), left }
}

const findList = (source: Source, place: ListPlace): ArrayExpression | undefined => {
  if ("constant" in place) return listOf(source, constantOf(source, place.constant))
  const calls = callsOf(source, library, "spec", place.spec)
  const [call] = calls
  const options = call?.arguments[1]
  if (calls.length !== 1 || options?.type !== "ObjectExpression") return undefined
  return listOf(source, propertyOf(options, "resources"))
}

/** How each function is called here; `undefined`: one of them would have a name that means something else. */
const namesFor = (source: Source, constructs: readonly Construct[]): ReadonlyMap<Construct, string> | undefined => {
  const bound = boundNames(source)
  const names = new Map<Construct, string>()
  for (const construct of constructs) {
    const local = localName(source, resources, construct)
    if (local === undefined && bound.has(construct)) return undefined
    names.set(construct, local ?? construct)
  }
  return names
}

export const renderCall = ({ name, options }: CallText, construct: string): string => {
  const entries = Object.entries(options)
  const given =
    entries.length === 0
      ? ""
      : `, { ${entries.map(([key, value]) => `${key}: ${renderValue(key, value)}`).join(", ")} }`
  return `${construct}(${JSON.stringify(name)}${given})`
}

const renderValue = (option: string, value: OptionValue): string =>
  option === "mode" && typeof value === "number" ? `0o${value.toString(8)}` : JSON.stringify(value)

/** The one call that describes it; else why there is none. */
const findCall = (
  source: Source,
  { construct, name }: Pick<CallText, "construct" | "name">,
): CallExpression | string => {
  const names = construct === "service" ? [name, name.replace(/\.service$/, "")] : [name]
  const calls = [...new Set(names)].flatMap((each) => callsOf(source, resources, construct, each))
  const [call] = calls
  if (call === undefined) return "it is not described here by its name"
  return calls.length === 1 ? call : "it is described here more than once"
}

const changeCall = (output: MagicString, source: Source, call: CallText): string | undefined => {
  const found = findCall(source, call)
  if (typeof found === "string") return found
  const entries = Object.entries(call.options).map(([key, value]) => [key, renderValue(key, value)] as const)
  const [first, options] = found.arguments
  if (options === undefined) {
    output.appendLeft(
      spanOf(first as Node).end,
      `, { ${entries.map(([key, value]) => `${key}: ${value}`).join(", ")} }`,
    )
    return undefined
  }
  if (options.type !== "ObjectExpression") return "its options are computed"
  const present = entries.map(([key, value]) => ({ key, value, node: propertyOf(options, key) }))
  const computed = present.find(({ node }) => node !== undefined && !isLiteral(node))
  if (computed !== undefined) return `its ${computed.key} is computed`
  const strange = entries.find(([key]) => propertyOf(options, key) === undefined && mentions(options, key))
  if (strange !== undefined) return `its ${strange[0]} is computed`
  for (const { node, value } of present)
    if (node !== undefined) output.overwrite(spanOf(node).start, spanOf(node).end, value)
  const fresh = present.filter(({ node }) => node === undefined).map(({ key, value }) => `${key}: ${value}`)
  if (fresh.length === 0) return undefined
  const last = options.properties.at(-1)
  if (last === undefined) output.overwrite(spanOf(options).start, spanOf(options).end, `{ ${fresh.join(", ")} }`)
  else output.appendLeft(spanOf(last).end, `, ${fresh.join(", ")}`)
  return undefined
}

/** Also where it is no plain `name: value`. */
const mentions = (options: Extract<Node, { readonly type: "ObjectExpression" }>, key: string): boolean =>
  options.properties.some(
    (property) => property.type === "ObjectMethod" && property.key.type === "Identifier" && property.key.name === key,
  )

const isLiteral = (node: Node): boolean => {
  if (node.type === "UnaryExpression") return isLiteral(node.argument)
  if (node.type === "ArrayExpression") return node.elements.every((element) => element !== null && isLiteral(element))
  return (
    ["StringLiteral", "NumericLiteral", "BooleanLiteral"].includes(node.type) ||
    (node.type === "TemplateLiteral" && node.expressions.length === 0)
  )
}

/** Pure: a module with a list of nothing else. */
export const newModule = (calls: readonly CallText[]): string => {
  const constructs = [...new Set(calls.map(({ construct }) => construct))].toSorted()
  const lines = calls.map((call) => `  ${renderCall(call, call.construct)},\n`).join("")
  return `import { ${constructs.join(", ")} } from "${resources}"\n\n/** What was found on machines, and is wanted. */\nexport const adopted = [\n${lines}]\n`
}
