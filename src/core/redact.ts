import { type Change, secretMark } from "../contract/index.ts"
import { sha256 } from "./canonical.ts"

/** Shorter values are not looked for: they would be found everywhere, and say nothing. */
export const shortestSecret = 4

/** Takes secrets out of text. It knows those that were told to it. */
export interface Redactor {
  readonly learn: (name: string, value: Uint8Array) => void
  /** Each known secret, and each usual way to write it down, becomes `‹secret NAME›`. */
  readonly redact: (text: string) => string
}

export const openRedactor = (): Redactor => {
  const names = new Map<string, string>()
  let byBeginning: ReadonlyMap<string, readonly string[]> = new Map()
  return {
    learn: (name, value) => {
      for (const form of formsOf(value)) if (!names.has(form)) names.set(form, name)
      // Of two that begin at the same place the longer one is meant.
      const longestFirst = [...names.keys()].toSorted((a, b) => b.length - a.length)
      byBeginning = Map.groupBy(longestFirst, (form) => beginningOf(form, 0))
    },
    redact: (text) => (byBeginning.size === 0 ? text : replaceAllOf(byBeginning, names, text)),
  }
}

const beginningOf = (text: string, at: number): string => text.slice(at, at + shortestSecret)

/** From left to right, once. No regular expression: one of all lines of a large file of keys would be too large. */
const replaceAllOf = (
  byBeginning: ReadonlyMap<string, readonly string[]>,
  names: ReadonlyMap<string, string>,
  text: string,
): string => {
  let said = ""
  let kept = 0
  for (let at = 0; at + shortestSecret <= text.length; at += 1) {
    const form = byBeginning.get(beginningOf(text, at))?.find((candidate) => text.startsWith(candidate, at))
    if (form === undefined) continue
    said += text.slice(kept, at) + secretMark(names.get(form) ?? "")
    kept = at + form.length
    at = kept - 1
  }
  return said + text.slice(kept)
}

/** The same for a machine: a script of sed's that works line by line, on bytes. */
export const hideScript = (values: readonly (readonly [name: string, value: Uint8Array])[]): string =>
  values
    .flatMap(([name, value]) => formsOf(value).map((form) => ({ name, form })))
    .filter(({ form }) => !/[\n\0]/.test(form))
    .toSorted((a, b) => b.form.length - a.form.length)
    .map(
      ({ name, form }) =>
        `s/${form.replaceAll(/[\\/^]/g, "\\$&").replaceAll(/[.*$[]/g, "[$&]")}/${secretMark(name)}/g\n`,
    )
    .join("")

/** The changes of a difference as they may be shown and kept. */
export const withoutSecrets = <Difference extends { readonly changes: readonly Change[] }>(
  difference: Difference,
  redact: Redactor["redact"],
): Difference => {
  const say = (text: string | null): string | null => (text === null ? null : redact(text))
  return {
    ...difference,
    changes: difference.changes.map((change) => ({ ...change, from: say(change.from), to: say(change.to) })),
  }
}

/** The same for data: every text and every key in it. */
export const redactDeep = (value: unknown, redact: Redactor["redact"]): unknown => {
  if (typeof value === "string") return redact(value)
  if (typeof value !== "object" || value === null) return value
  if (Array.isArray(value)) return value.map((entry) => redactDeep(entry, redact))
  if ("toJSON" in value && typeof value.toJSON === "function") return redactDeep(value.toJSON(), redact)
  return Object.fromEntries(Object.entries(value).map(([key, entry]) => [redact(key), redactDeep(entry, redact)]))
}

/** As it is, line by line, and as programs like to write it: in JSON, in a shell, in an address, in base64, as a digest. */
export const formsOf = (value: Uint8Array): readonly string[] => {
  const text = Buffer.from(value).toString()
  const whole = text.trim()
  if (whole.length < shortestSecret) return []
  const texts = [text, whole, echoed(whole)]
  const lines = texts.filter((each) => each.includes("\n")).flatMap((each) => each.split("\n"))
  const longLines = lines.map((line) => line.trim()).filter((line) => line.length >= 2 * shortestSecret)
  const written = [...texts, ...longLines].flatMap((plain) => [
    plain,
    JSON.stringify(plain).slice(1, -1),
    plain.replaceAll("'", "'\\''"),
    plain.replaceAll("'", `'"'"'`),
    percentEncoded(plain),
  ])
  const bytes = [Buffer.from(value), Buffer.from(whole)]
  const encoded = bytes.flatMap((entry) => [...base64Forms(entry), entry.toString("hex"), sha256(entry)])
  return [...new Set([...written, ...encoded])].filter((form) => form.length >= shortestSecret)
}

/** Base64 of something that has the value in it, wherever it begins, is this, but for the characters at its ends. */
const base64Forms = (value: Buffer): readonly string[] => {
  const whole = value.toString("base64").replace(/=+$/, "")
  const inside = [0, 1, 2].flatMap((offset) => {
    const encoded = Buffer.concat([Buffer.alloc(offset), value])
      .toString("base64")
      .replace(/=+$/, "")
    const first = Math.ceil((offset * 8) / 6)
    const end = Math.floor(((offset + value.length) * 8) / 6)
    const certain = encoded.slice(first, end)
    return certain.length >= 2 * shortestSecret ? [certain] : []
  })
  const standard = [whole, ...inside]
  return [...standard, ...standard.map((form) => form.replaceAll("+", "-").replaceAll("/", "_"))]
}

/** As `echo` of a POSIX shell says it. */
const echoed = (text: string): string =>
  text.replaceAll(/\\([\\abfnrtv])/g, (_whole, letter: string) => escapes[letter as keyof typeof escapes])

const escapes = { "\\": "\\", a: "\u0007", b: "\b", f: "\f", n: "\n", r: "\r", t: "\t", v: "\v" } as const

/** Half of a surrogate pair has no such form. */
const percentEncoded = (text: string): string => encodeURIComponent(text.toWellFormed())
