import { readFileSync } from "node:fs"
import { join } from "node:path"
import { type Base, describeBase, FireclayError, type Lock } from "../contract/index.ts"

export const lockName = "fireclay.lock"

export const emptyLock: Lock = { bases: {}, packages: {}, moved: {} }

/**
 * The lock in a file's text.
 *
 * @throws FireclayError FC_LOCK_FILE
 */
export const parseLock = (text: string): Lock => {
  const document = parse(text)
  if (document.schemaVersion !== 1)
    throw broken(`its schemaVersion is ${JSON.stringify(document.schemaVersion)}, and this Fireclay reads 1`)
  const { bases = {}, packages = {}, moved = {} } = document
  if (
    !isTable(bases, isText) ||
    !isTable(moved, Number.isInteger) ||
    !isTable(packages, (each) => isTable(each, isText))
  )
    throw broken("bases, packages or moved are not what they should be")
  return { bases, packages, moved } as Lock
}

/** The file's text with another lock in it: sorted, so that equal locks are equal files. */
export const renderLock = (before: string | undefined, { bases, packages, moved }: Lock): string => {
  const others = before === undefined ? {} : parse(before)
  const document = {
    ...others,
    schemaVersion: 1,
    bases: sorted(bases),
    ...(Object.keys(moved).length === 0 ? {} : { moved: sorted(moved) }),
    packages: sorted(Object.fromEntries(Object.entries(packages).map(([base, versions]) => [base, sorted(versions)]))),
  }
  return `${JSON.stringify(document, null, 2)}\n`
}

/** How often the lock of a base was moved, as the file in the project's directory says. 0: never, or there is none. */
export const movesOf = (base: Base, directory: string): number => {
  const text = readIfThere(join(directory, lockName))
  return text === undefined ? 0 : (parseLock(text).moved[lockKey(base)] ?? 0)
}

/** A base and the architecture of this computer: `debian bookworm amd64`. */
export const lockKey = (base: Base): string => {
  if (!("distribution" in base)) return `${describeBase(base)} ${architecture()}`
  const { distribution, suite, snapshot } = base
  return [distribution, suite, ...(snapshot === undefined ? [] : [snapshot]), architecture()].join(" ")
}

/** The same for the base itself, of which the packages that it includes are a part, or its content. */
export const baseKey = (base: Base): string => [lockKey(base), ...partsOf(base)].join(" ")

const partsOf = (base: Base): readonly string[] => {
  if ("distribution" in base) return [...new Set(base.include)].sort().map((name) => `+${name}`)
  return ["image" in base ? (base.digest ?? "") : `sha256:${base.sha256}`]
}

const architectures: Readonly<Record<string, string>> = { x64: "amd64", ia32: "i386", arm: "armhf", ppc64: "ppc64el" }

const architecture = (): string => architectures[process.arch] ?? process.arch

const readIfThere = (path: string): string | undefined => {
  try {
    return readFileSync(path, "utf8")
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined
    throw broken((error as Error).message)
  }
}

const parse = (text: string): { readonly [key: string]: unknown } => {
  try {
    const document: unknown = JSON.parse(text)
    if (typeof document === "object" && document !== null && !Array.isArray(document))
      return document as { readonly [key: string]: unknown }
  } catch (error) {
    throw broken((error as Error).message)
  }
  throw broken("it is not a JSON object")
}

const isTable = (value: unknown, isEntry: (entry: unknown) => boolean): boolean =>
  typeof value === "object" && value !== null && !Array.isArray(value) && Object.values(value).every(isEntry)

const isText = (value: unknown): boolean => typeof value === "string"

const sorted = <T>(table: { readonly [key: string]: T }): { readonly [key: string]: T } =>
  Object.fromEntries(Object.entries(table).sort(([a], [b]) => (a < b ? -1 : 1)))

const broken = (why: string): FireclayError =>
  new FireclayError("FC_LOCK_FILE", `${lockName} cannot be used: ${why}`, {
    at: lockName,
    remedy: "restore it from version control, or remove it: the next build writes a new one",
  })
