import { readdirSync, readFileSync } from "node:fs"
import { dirname, join, relative } from "node:path"
import { type ESTree, parseSync, Visitor } from "vite"

/** One way in which a file reaches another, or a package. */
export interface Edge {
  /** Path of the file from the root of the tree, with `/`. */
  readonly from: string
  readonly line: number
  /** As it is written: `../contract/index.ts`, `node:fs`. */
  readonly to: string
  /** Erased before it runs. */
  readonly typeOnly: boolean
  /** What is taken: names, `*` for all. */
  readonly names: readonly string[]
}

export interface CodeFunction {
  readonly file: string
  readonly line: number
  readonly lines: number
}

export interface Source {
  readonly file: string
  readonly lines: number
  readonly edges: readonly Edge[]
  readonly functions: readonly CodeFunction[]
  /** Lines with a call of the global `fetch`. */
  readonly fetches: readonly number[]
}

/** All TypeScript files below a directory, taken apart by a real parser. */
export const readSources = (root: string): readonly Source[] =>
  readdirSync(root, { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".ts"))
    .sort()
    .map((file) => readSource(root, file))

/** The first folder of a file below the root, or the file's own name without its ending. */
export const roomOf = (file: string): string => file.split("/")[0]?.replace(/\.ts$/, "") ?? file

/** Where a relative edge leads, from the root; `undefined` for packages. */
export const targetOf = ({ from, to }: Edge): string | undefined =>
  to.startsWith(".") ? relative(".", join(dirname(from), to)) : undefined

const readSource = (root: string, file: string): Source => {
  const text = readFileSync(join(root, file), "utf8")
  const { program, errors } = parseSync(file, text)
  if (errors.length > 0) throw new Error(`${file} cannot be parsed: ${errors[0]?.message}`)
  const lineOf = (offset: number): number => text.slice(0, offset).split("\n").length
  const edges: Edge[] = []
  const functions: CodeFunction[] = []
  const fetches: number[] = []
  const edge = (at: number, to: string, typeOnly: boolean, names: readonly string[]): number =>
    edges.push({ from: file, line: lineOf(at), to, typeOnly, names })
  const measure = ({ start, end }: ESTree.Span): void => {
    functions.push({ file, line: lineOf(start), lines: lineOf(end) - lineOf(start) + 1 })
  }
  new Visitor({
    ImportDeclaration: (node) => edge(node.start, node.source.value, isTypeImport(node), importedNames(node)),
    ExportAllDeclaration: (node) => edge(node.start, node.source.value, node.exportKind === "type", ["*"]),
    ExportNamedDeclaration: (node) => {
      if (node.source === null) return
      const names = node.specifiers.map(({ local }) => nameOf(local))
      edge(node.start, node.source.value, node.exportKind === "type", names)
    },
    ImportExpression: (node) => edge(node.start, literal(node.source), false, ["*"]),
    TSImportType: (node) => edge(node.start, literal(node.source), true, ["*"]),
    FunctionDeclaration: measure,
    FunctionExpression: measure,
    ArrowFunctionExpression: measure,
    CallExpression: ({ callee, start }) => {
      if (callee.type === "Identifier" && callee.name === "fetch") fetches.push(lineOf(start))
    },
  }).visit(program)
  return { file, lines: text.split("\n").length - 1, edges, functions, fetches }
}

const isTypeImport = (node: ESTree.ImportDeclaration): boolean =>
  node.importKind === "type" ||
  (node.specifiers.length > 0 &&
    node.specifiers.every((specifier) => specifier.type === "ImportSpecifier" && specifier.importKind === "type"))

const importedNames = (node: ESTree.ImportDeclaration): readonly string[] =>
  node.specifiers
    .filter((specifier) => specifier.type !== "ImportSpecifier" || specifier.importKind !== "type")
    .map((specifier) => (specifier.type === "ImportSpecifier" ? nameOf(specifier.imported) : "*"))

const nameOf = (node: ESTree.ModuleExportName): string => (node.type === "Literal" ? node.value : node.name)

/** What cannot be read off the text leads nowhere that any rule allows. */
const literal = (node: { readonly type: string; readonly value?: unknown }): string =>
  node.type === "Literal" && typeof node.value === "string" ? node.value : "./(computed)"
