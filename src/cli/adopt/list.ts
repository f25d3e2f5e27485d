import type { ArrayExpression, CallExpression } from "@babel/types"
import type MagicString from "magic-string"
import type { Construct } from "../../core/index.ts"
import { commentsOf, importsOf, resources, type Source, spanOf, walk } from "./source.ts"

/** Adds elements at the end of a list, in the way in which it is written. */
export const append = (output: MagicString, source: Source, list: ArrayExpression, calls: readonly string[]): void => {
  const { text } = source
  const { start, end } = spanOf(list)
  const last = list.elements.at(-1)
  const lastEnd = last ? spanOf(last).end : start + 1
  const rest = withoutComments(source, lastEnd, end - 1)
  const comma = last && !rest.includes(",") ? "," : ""
  const [first = ""] = calls
  const line = text.slice(lineStartOf(text, start), text.indexOf("\n", end) < 0 ? text.length : text.indexOf("\n", end))
  if (calls.length === 1 && !text.slice(start, end).includes("\n") && line.length + first.length < mostColumns) {
    output.appendLeft(end - 1, `${comma}${last ? (/\s$/.test(text.slice(0, end - 1)) ? "" : " ") : ""}${first}`)
    return
  }
  const base = indentOf(text, start)
  const indent =
    last && lineStartOf(text, spanOf(last).start) !== lineStartOf(text, start)
      ? indentOf(text, spanOf(last).start)
      : `${base}  `
  const lines = calls.map((call) => `${indent}${call},\n`).join("")
  if (comma !== "") output.appendLeft(lastEnd, comma)
  const closing = lineStartOf(text, end - 1)
  if (closing > lastEnd && text.slice(closing, end - 1).trim() === "") output.appendRight(closing, lines)
  else output.appendLeft(end - 1, `\n${lines}${base}`)
}

const mostColumns = 118

const lineStartOf = (text: string, at: number): number => text.lastIndexOf("\n", at - 1) + 1

const indentOf = (text: string, at: number): string => /^[ \t]*/.exec(text.slice(lineStartOf(text, at)))?.[0] ?? ""

const withoutComments = (source: Source, start: number, end: number): string => {
  let text = source.text.slice(start, end)
  for (const comment of commentsOf(source)) {
    const span = spanOf(comment)
    if (span.start < start || span.end > end) continue
    const [from, to] = [span.start - start, span.end - start]
    text = text.slice(0, from) + " ".repeat(to - from) + text.slice(to)
  }
  return text
}

/** Takes an element out of the list that it stands in; answers why it could not. */
export const removeElement = (output: MagicString, source: Source, element: CallExpression): string | undefined => {
  const list = [...walk(source.file.program)].find(
    (node): node is ArrayExpression => node.type === "ArrayExpression" && node.elements.includes(element),
  )
  if (list === undefined) return "it is no plain part of a list"
  const { text } = source
  const { start, end } = spanOf(element)
  const begin = lineStartOf(text, start)
  const after = /^[ \t]*,?[ \t]*(\/\/[^\n]*)?\n/.exec(text.slice(end))
  if (text.slice(begin, start).trim() === "" && after !== null) {
    output.remove(begin, end + after[0].length)
    return undefined
  }
  const index = list.elements.indexOf(element)
  const [before, next] = [list.elements[index - 1], list.elements[index + 1]]
  if (next) output.remove(start, spanOf(next).start)
  else output.remove(before ? spanOf(before).end : start, end)
  return undefined
}

/** Imports functions for resources that the module does not have yet. */
export const completeImports = (output: MagicString, source: Source, constructs: readonly Construct[]): void => {
  const missing = [...new Set(constructs)].toSorted()
  if (missing.length === 0) return
  const imports = importsOf(source)
  const named = imports
    .filter(({ source: from, importKind }) => from.value === resources && importKind !== "type")
    .flatMap(({ specifiers }) => specifiers.filter(({ type }) => type === "ImportSpecifier"))
    .at(-1)
  if (named !== undefined) {
    output.appendLeft(spanOf(named).end, `, ${missing.join(", ")}`)
    return
  }
  const last = imports.at(-1)
  const end = last === undefined ? "" : source.text.slice(0, spanOf(last).end).endsWith(";") ? ";" : ""
  const line = `import { ${missing.join(", ")} } from "${resources}"${end}`
  if (last === undefined) output.prepend(`${line}\n\n`)
  else output.appendLeft(spanOf(last).end, `\n${line}`)
}
