import { type Entry, parsedFiles, type Tree } from "./scan.ts"

/** One thing in which two machines differ. */
export interface Difference {
  /** A path; for an entry of a file that is compared by what it says `PATH: NAME`; for a package `package NAME`. */
  readonly what: string
  /** The path that it is about; absent: a package. */
  readonly path?: string
  /** `mode`, `content` …; `there`: it is on one side only. */
  readonly property: string
  /** `null`: not there. */
  readonly one: string | null
  readonly other: string | null
}

/** All differences of two trees, by path. What lies below a directory that is on one side only is told as well. */
export const compareTrees = (one: Tree, other: Tree): readonly Difference[] => [
  ...comparePackages(one, other),
  ...[...new Set([...one.entries.keys(), ...other.entries.keys()])]
    .sort()
    .filter((path) => !derivedFiles.has(path))
    .flatMap((path) => compareEntries(path, one.entries.get(path), other.entries.get(path))),
  ...parsedFiles.flatMap((path) => compareTexts(path, one.texts.get(path), other.texts.get(path))),
]

/** Compared as what they say: the order of their entries is their programs' own. */
const derivedFiles: ReadonlySet<string> = new Set(["/var/lib/dpkg/status", "/var/lib/apt/extended_states"])

const properties = ["kind", "mode", "owner", "group", "size", "content", "target", "attributes"] as const

const compareEntries = (path: string, one: Entry | undefined, other: Entry | undefined): readonly Difference[] => {
  if (one === undefined || other === undefined)
    return [{ what: path, path, property: "there", one: describe(one), other: describe(other) }]
  if (one.kind !== other.kind)
    return [{ what: path, path, property: "kind", one: describe(one), other: describe(other) }]
  const compared = parsed.has(path) ? (["mode", "owner", "group", "attributes"] as const) : properties
  return compared
    .filter((property) => one[property] !== other[property])
    .map((property) => ({ what: path, path, property, one: one[property] ?? null, other: other[property] ?? null }))
}

const parsed: ReadonlySet<string> = new Set(parsedFiles)

const kinds: Readonly<Record<string, string>> = {
  f: "file",
  d: "directory",
  l: "link",
  p: "pipe",
  s: "socket",
  c: "device",
  b: "device",
}

const describe = (entry: Entry | undefined): string | null =>
  entry === undefined
    ? null
    : `${kinds[entry.kind] ?? entry.kind}${entry.target === undefined ? "" : ` to ${entry.target}`}`

const comparePackages = (one: Tree, other: Tree): readonly Difference[] =>
  [...new Set([...one.packages.keys(), ...other.packages.keys()])].sort().flatMap((name) => {
    const [mine, theirs] = [one.packages.get(name) ?? null, other.packages.get(name) ?? null]
    return mine === theirs ? [] : [{ what: `package ${name}`, property: "version", one: mine, other: theirs }]
  })

/** By the entries' names, field by field. Of hashed passwords is told only that they differ. */
const compareTexts = (path: string, one = "", other = ""): readonly Difference[] => {
  const [mine, theirs] = [entriesOf(one), entriesOf(other)]
  const names = [...new Set([...mine.keys(), ...theirs.keys()])].sort()
  return names.flatMap((name): readonly Difference[] => {
    const [left, right] = [mine.get(name), theirs.get(name)]
    const what = `${path}: ${name}`
    if (left === undefined || right === undefined) {
      const there = (entry: unknown): string | null => (entry === undefined ? null : "entry")
      return [{ what, path, property: "there", one: there(left), other: there(right) }]
    }
    const labels = labelsOf[path] ?? []
    return [...Array(Math.max(left.length, right.length)).keys()]
      .filter((index) => left[index] !== right[index])
      .map((index) => {
        const property = labels[index] ?? `field ${index + 1}`
        const hidden = property === "password"
        const say = (value: string | undefined): string | null => (hidden ? "‹hidden›" : (value ?? null))
        return { what, path, property, one: say(left[index]), other: say(right[index]) }
      })
  })
}

const entriesOf = (text: string): ReadonlyMap<string, readonly string[]> =>
  new Map(
    text
      .split("\n")
      .filter(Boolean)
      .map((line) => {
        const [name = "", ...fields] = line.split(":")
        return [name, fields.map((field, index) => (index === fields.length - 1 ? members(field) : field))]
      }),
  )

/** Members of a group come in the order in which they were added. */
const members = (field: string): string => field.split(",").sort().join(",")

const labelsOf: Readonly<Record<string, readonly string[]>> = {
  "/etc/passwd": ["password", "uid", "gid", "comment", "home", "shell"],
  "/etc/group": ["password", "gid", "members"],
  "/etc/shadow": ["password", "changed", "min", "max", "warn", "inactive", "expires", "reserved"],
  "/etc/gshadow": ["password", "administrators", "members"],
  "/etc/subuid": ["first", "count"],
  "/etc/subgid": ["first", "count"],
}
