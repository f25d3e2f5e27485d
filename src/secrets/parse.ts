import { FireclayError } from "../contract/index.ts"

/**
 * What a file of secrets holds, by name: one JSON object of texts, or lines `NAME=value`. Values may stand in single
 * quotes (as they are) or in double quotes (with `\n`, `\"` and `\\`); `#` begins a comment line.
 *
 * @throws FireclayError FC_SECRET_FILE with the number of the line, never with what stands in it
 */
export const parseSecrets = (text: string, path: string): ReadonlyMap<string, string> =>
  text.trimStart().startsWith("{") ? parseJson(text, path) : parseLines(text, path)

const parseJson = (text: string, path: string): ReadonlyMap<string, string> => {
  const entries = Object.entries(readJson(text, path))
  const wrong = entries.find(([, value]) => typeof value !== "string" && typeof value !== "number")
  if (wrong !== undefined) throw unreadable(path, `the value of ${wrong[0]} is no text`)
  return new Map(entries.map(([name, value]) => [name, String(value)]))
}

/** The message of JSON.parse quotes what it could not read. */
const readJson = (text: string, path: string): object => {
  try {
    return JSON.parse(text) as object
  } catch {
    throw unreadable(path, "it begins like JSON but is none")
  }
}

const parseLines = (text: string, path: string): ReadonlyMap<string, string> =>
  new Map(
    text.split("\n").flatMap((line, index): readonly (readonly [string, string])[] => {
      if (/^\s*(#|$)/.test(line)) return []
      const [, name, value = ""] = /^\s*(?:export\s+)?([A-Za-z_][A-Za-z0-9_]*)\s*=\s*(.*?)\s*$/.exec(line) ?? []
      if (name === undefined) throw unreadable(path, `line ${index + 1} is not NAME=value`)
      return [[name, unquote(value)]]
    }),
  )

const unquote = (value: string): string => {
  if (/^'[^']*'$/.test(value)) return value.slice(1, -1)
  if (!/^"([^"\\]|\\.)*"$/.test(value)) return value
  return value.slice(1, -1).replaceAll(/\\(.)/g, (_whole, escaped: string) => (escaped === "n" ? "\n" : escaped))
}

const unreadable = (path: string, why: string): FireclayError =>
  new FireclayError("FC_SECRET_FILE", `the file of secrets was decrypted, but cannot be read: ${why}`, {
    at: path,
    remedy: "write lines NAME=value, or one JSON object of texts, and encrypt it again",
  })
