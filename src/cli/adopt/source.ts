import { parse } from "@babel/parser"
import type {
  ArrayExpression,
  CallExpression,
  Comment,
  Expression,
  File,
  ImportDeclaration,
  Node,
  ObjectExpression,
} from "@babel/types"

import { FireclayError } from "../../contract/index.ts"

/** A module as it was written, to be changed in places. */
export interface Source {
  readonly text: string
  readonly file: File
}

/** Where resources come from. */
export const resources = "fireclay/resources"

/** @throws FireclayError FC_ADOPT */
export const parseSource = (text: string): Source => {
  try {
    return { text, file: parse(text, { sourceType: "module", plugins: ["typescript"] }) }
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause)
    throw new FireclayError("FC_ADOPT", `the configuration cannot be read as TypeScript: ${why}`, {
      remedy: "describe it by hand",
      cause,
    })
  }
}

/** Where a node stands in its text. */
export const spanOf = ({
  start,
  end,
}: Pick<Node, "start" | "end">): { readonly start: number; readonly end: number } => ({
  start: start ?? 0,
  end: end ?? 0,
})

export const commentsOf = ({ file }: Source): readonly Comment[] => file.comments ?? []

/** Every node of a module, in the order in which they begin. */
export const walk = function* (node: unknown): Generator<Node> {
  if (Array.isArray(node)) for (const each of node) yield* walk(each)
  else if (isNode(node)) {
    yield node
    for (const [key, value] of Object.entries(node)) if (!skipped.has(key)) yield* walk(value)
  }
}

const skipped: ReadonlySet<string> = new Set([
  "loc",
  "leadingComments",
  "trailingComments",
  "innerComments",
  "extra",
  "errors",
  "comments",
  "tokens",
])

const isNode = (value: unknown): value is Node =>
  typeof value === "object" && value !== null && typeof (value as { readonly type?: unknown }).type === "string"

export const importsOf = ({ file }: Source): readonly ImportDeclaration[] =>
  file.program.body.filter((each) => each.type === "ImportDeclaration")

/** How a name of a module is written here: `file`, `myFile`, `resources.file`; `undefined`: it is not imported. */
export const localName = (source: Source, module: string, name: string): string | undefined => {
  const declarations = importsOf(source).filter(
    ({ source: from, importKind }) => from.value === module && importKind !== "type",
  )
  for (const { specifiers } of declarations)
    for (const specifier of specifiers) {
      if (specifier.type === "ImportNamespaceSpecifier") return `${specifier.local.name}.${name}`
      if (specifier.type !== "ImportSpecifier" || specifier.importKind === "type") continue
      const { imported, local } = specifier
      if ((imported.type === "Identifier" ? imported.name : imported.value) === name) return local.name
    }
  return undefined
}

/** Names that the top of a module gives to something. */
export const boundNames = ({ file }: Source): ReadonlySet<string> =>
  new Set(
    file.program.body.flatMap((statement) => {
      const declared = statement.type === "ExportNamedDeclaration" ? statement.declaration : statement
      if (statement.type === "ImportDeclaration") return statement.specifiers.map(({ local }) => local.name)
      if (declared?.type === "VariableDeclaration")
        return declared.declarations.flatMap(({ id }) =>
          [...walk(id)].flatMap((node) => (node.type === "Identifier" ? [node.name] : [])),
        )
      return declared?.type === "FunctionDeclaration" && declared.id ? [declared.id.name] : []
    }),
  )

/** Calls of an imported function whose first argument is this very text. */
export const callsOf = (source: Source, module: string, name: string, first: string): readonly CallExpression[] => {
  const local = localName(source, module, name)
  if (local === undefined) return []
  return [...walk(source.file.program)].filter(
    (node): node is CallExpression =>
      node.type === "CallExpression" && nameOf(node.callee) === local && textOf(node.arguments[0]) === first,
  )
}

const nameOf = (node: Node): string | undefined => {
  if (node.type === "Identifier") return node.name
  if (node.type !== "MemberExpression" || node.computed) return undefined
  return node.object.type === "Identifier" && node.property.type === "Identifier"
    ? `${node.object.name}.${node.property.name}`
    : undefined
}

/** A text that stands there as it is. */
export const textOf = (node: Node | null | undefined): string | undefined => {
  if (node?.type === "StringLiteral") return node.value
  if (node?.type === "TemplateLiteral" && node.expressions.length === 0)
    return node.quasis[0]?.value.cooked ?? undefined
  return undefined
}

/** The property's value in an object; `undefined`: it is not there, or not as `name: value`. */
export const propertyOf = (object: ObjectExpression, name: string): Expression | undefined => {
  for (const property of object.properties) {
    if (property.type !== "ObjectProperty" || property.computed) continue
    const { key, value } = property
    const named = key.type === "Identifier" ? key.name : textOf(key)
    if (named === name) return value as Expression
  }
  return undefined
}

/** Without what only the compiler reads. */
export const bare = (node: Node | null | undefined): Node | undefined => {
  if (node === null || node === undefined) return undefined
  return node.type === "TSAsExpression" || node.type === "TSSatisfiesExpression" || node.type === "TSNonNullExpression"
    ? bare(node.expression)
    : node
}

/** A list that is written out where it is used, or in a constant of this module that nothing else uses. */
export const listOf = (source: Source, given: Node | undefined): ArrayExpression | undefined => {
  const node = bare(given)
  if (node?.type === "ArrayExpression") return node
  if (node?.type === "ArrowFunctionExpression") return listOf(source, node.body)
  if (node?.type !== "Identifier") return undefined
  const { name } = node
  const uses = [...walk(source.file.program)].filter((each) => each.type === "Identifier" && each.name === name)
  // Where it is made, and here.
  return uses.length === 2 ? listOf(source, constantOf(source, name)) : undefined
}

/** What a constant of the module's top is. */
export const constantOf = ({ file }: Source, name: string): Node | undefined => {
  for (const statement of file.program.body) {
    const declared = statement.type === "ExportNamedDeclaration" ? statement.declaration : statement
    if (declared?.type !== "VariableDeclaration" || declared.kind !== "const") continue
    for (const { id, init } of declared.declarations)
      if (id.type === "Identifier" && id.name === name) return init ?? undefined
  }
  return undefined
}
