import { inventoryError } from "./place.ts"

/**
 * Takes a line apart as Ansible does, which is as Python's `shlex` does: quotes, backslashes, and an unquoted `#` that ends
 * the line wherever it stands.
 *
 * @throws FireclayError FC_INVENTORY for a quote that is not closed
 */
export const shellWords = (line: string, at: string): readonly string[] => {
  const words: string[] = []
  let rest = line
  while (rest !== "") {
    const [whole = rest] = /^\s*((?:'[^']*'|"(?:\\[\s\S]|[^"\\])*"|\\[\s\S]|[^\s'"\\#])*)/.exec(rest) ?? []
    const word = whole.trimStart()
    rest = rest.slice(whole.length)
    if (word !== "") words.push(unquote(word))
    if (rest.startsWith("#") || rest.trim() === "") break
    if (/^['"\\]/.test(rest)) throw inventoryError("a quote is not closed", at)
  }
  return words
}

const unquote = (word: string): string =>
  word.replaceAll(/'([^']*)'|"((?:\\[\s\S]|[^"\\])*)"|\\([\s\S])/g, (_, single, double, escaped) =>
    String(single ?? escaped ?? String(double).replaceAll(/\\(["\\])/g, "$1")),
  )

/** A value as Ansible takes it: a literal of Python where it is one, and the text itself where not. */
export const literal = (text: string): unknown => {
  const [, bare = ""] = /^([^'"#]*?)\s*(?:#.*)?$/.exec(text) ?? []
  if (/^[+-]?(0|[1-9](_?\d)*)$/.test(bare)) return Number(bare.replaceAll("_", ""))
  if (bare === "True" || bare === "False") return bare === "True"
  if (bare === "None") return null
  const [, single, double] = /^(?:'((?:\\.|[^'\\])*)'|"((?:\\.|[^"\\])*)")\s*(?:#.*)?$/.exec(text) ?? []
  const quoted = single ?? double
  return quoted === undefined ? text : quoted.replaceAll(/\\(['"\\])/g, "$1")
}
