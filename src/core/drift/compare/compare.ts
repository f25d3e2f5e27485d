import type { DriftKind } from "../../../contract/index.ts"
import { ancestors, kindOf } from "../kinds.ts"
import { ownerOf } from "../owners.ts"
import type { Has } from "./parts.ts"

/** Something that machines of a fleet have otherwise than each other. */
export interface Unlike {
  /** `package`, `setuid program`, `port` …: as drift tells it. */
  readonly kind: DriftKind
  /** A path, or a name. */
  readonly what: string
  /** Who has what: what most have first. Every machine that could be looked at is in one of them. */
  readonly groups: readonly UnlikeGroup[]
  /** The package that a path belongs to. */
  readonly package?: string
  /** What it stands for besides: `with 12 below it`. */
  readonly note?: string
}

export interface UnlikeGroup {
  readonly machines: readonly string[]
  /** In words, of a path only what is otherwise; absent: they do not have it. */
  readonly has?: string
}

/** A machine, as far as it may be otherwise than another. */
export interface HeldMachine {
  readonly machine: string
  readonly has: readonly Has[]
}

/** Pure: what machines have otherwise, by path and name. */
export const compareLists = (machines: readonly HeldMachine[]): readonly Unlike[] => {
  const all = new Map<string, Map<string, Has>>()
  for (const { machine, has } of machines)
    for (const each of has) {
      const key = `${each.kind}\t${each.name}`
      const held = all.get(key) ?? new Map<string, Has>()
      all.set(key, held.set(machine, each))
    }
  const names = machines.map(({ machine }) => machine)
  const unlike = [...all.values()].flatMap((held) => {
    const groups = groupsOf(names, (name) => held.get(name)?.value.join("\t"))
    return groups.length < 2 ? [] : [toUnlike(held, groups)]
  })
  return foldBelow(unlike).toSorted((a, b) => compareText(a.kind, b.kind) || compareText(a.what, b.what))
}

/** Pure: what belongs to a package that itself is unlike is told with it. @param owners packages by path */
export const foldOwned = (all: readonly Unlike[], owners: ReadonlyMap<string, string>): readonly Unlike[] => {
  const packages = new Set(all.filter(({ kind }) => kind === "package").map(({ what }) => bare(what)))
  const below = new Map<string, number>()
  const shown = all.flatMap((unlike) => {
    const owner = unlike.kind === "package" ? undefined : (bookOf(unlike.what) ?? ownerOf(unlike.what, owners))
    if (owner === undefined) return [unlike]
    if (!packages.has(bare(owner))) return [{ ...unlike, package: bare(owner) }]
    below.set(bare(owner), (below.get(bare(owner)) ?? 0) + 1)
    return []
  })
  return shown.map((unlike) => {
    const count = unlike.kind === "package" ? below.get(bare(unlike.what)) : undefined
    return count === undefined ? unlike : { ...unlike, note: `with ${count} of its files` }
  })
}

const bare = (name: string): string => name.replace(/:.*/, "")

/** What the database of packages keeps of a package is that package's. */
const bookOf = (path: string): string | undefined =>
  /^\/var\/lib\/dpkg\/info\/([^:/]+?)(?::[^./]+)?\.[a-z0-9]+$/.exec(path)?.[1]

interface Group {
  readonly machines: readonly string[]
  readonly value: string | undefined
}

/** Those with the same value together, most first; of as many, in the order of the machines. */
const groupsOf = (names: readonly string[], read: (name: string) => string | undefined): readonly Group[] => {
  const groups = new Map<string | undefined, string[]>()
  for (const name of names) {
    const value = read(name)
    const group = groups.get(value)
    if (group === undefined) groups.set(value, [name])
    else group.push(name)
  }
  return [...groups]
    .map(([value, machines]) => ({ machines, value }))
    .toSorted((a, b) => b.machines.length - a.machines.length)
}

const toUnlike = (held: ReadonlyMap<string, Has>, groups: readonly Group[]): Unlike => {
  const [some] = [...held.values()] as [Has]
  const tell = some.kind === "path" ? tellPaths([...held.values()]) : (has: Has) => has.value.join(" ").trim()
  return {
    kind: some.kind === "path" ? pathKind([...held.values()]) : (some.kind as DriftKind),
    what: some.name,
    groups: groups.map(({ machines }) => {
      const has = held.get(machines[0] ?? "")
      return { machines, ...(has === undefined ? {} : { has: tell(has) }) }
    }),
  }
}

const columns = ["kind", "mode", "owner", "group", "size", "content", "target"] as const
const column = (has: Has, name: (typeof columns)[number]): string => has.value[columns.indexOf(name)] ?? ""

/** A program that runs as another anywhere is one. */
const pathKind = (all: readonly Has[]): DriftKind => {
  const kinds = all.map((has) =>
    kindOf(has.name, { kind: column(has, "kind"), mode: column(has, "mode"), target: column(has, "target") }),
  )
  return kinds.find((kind) => kind === "setuid program") ?? kinds[0] ?? "file"
}

/** Of what all have, only what is otherwise; of what some lack, what it is. */
const tellPaths = (all: readonly Has[]): ((has: Has) => string) => {
  const varied = columns.filter((name) => new Set(all.map((has) => column(has, name))).size > 1)
  const told = varied.length > 0 ? varied : (["mode", "owner", "size", "target"] as const)
  return (has) =>
    told
      .map((name) => words[name](column(has, name)))
      .filter((word) => word !== "")
      .join(", ")
}

const words: { readonly [name in (typeof columns)[number]]: (value: string) => string } = {
  kind: (kind) => ({ f: "a file", d: "a directory", l: "a link" })[kind] ?? "a special file",
  mode: (mode) => `mode ${mode}`,
  owner: (owner) => `owner ${owner}`,
  group: (group) => `group ${group}`,
  size: (size) => (size === "-" ? "" : `${size} bytes`),
  content: (sum) => (sum === "=" ? "as its package has it" : sum === "-" ? "" : `content ${sum.slice(0, 8)}`),
  target: (target) => (target === "" ? "" : `to ${target}`),
}

/** A directory that some lack stands for what lies in it and they lack too. */
const foldBelow = (all: readonly Unlike[]): readonly Unlike[] => {
  const missing = new Map(
    all.flatMap((unlike) => (isLacking(unlike) ? [[unlike.what, whoLacks(unlike)] as const] : [])),
  )
  const below = new Map<string, number>()
  const shown = all.filter((unlike) => {
    const top = isFoldable(unlike)
      ? ancestors(unlike.what).find((up) => missing.get(up) === whoLacks(unlike))
      : undefined
    if (top !== undefined) below.set(top, (below.get(top) ?? 0) + 1)
    return top === undefined
  })
  return shown.map((unlike) => {
    const count = below.get(unlike.what)
    return count === undefined ? unlike : { ...unlike, note: `with ${count} below it` }
  })
}

const isLacking = ({ what, groups }: Unlike): boolean =>
  what.startsWith("/") && groups.some(({ has }) => has === undefined)

const isFoldable = (unlike: Unlike): boolean =>
  isLacking(unlike) && ["file", "directory", "link", "program"].includes(unlike.kind)

const whoLacks = ({ groups }: Unlike): string =>
  groups
    .filter(({ has }) => has === undefined)
    .flatMap(({ machines }) => machines)
    .join(" ")

const compareText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)
