import type { Machine } from "../../contract/index.ts"
import { quoteAll } from "../quote.ts"
import type { Finding } from "./judge.ts"

/** Says of paths which package they belong to; what belongs to a package that itself changed is told with it. */
export const ownersOf = async (machine: Machine, findings: readonly Finding[]): Promise<readonly Finding[]> => {
  const paths = findings.filter(({ what }) => what.startsWith("/")).map(({ what }) => what)
  return paths.length === 0 ? findings : foldPackages(findings, await askOwners(machine, paths))
}

/** The packages that paths belong to, by path; of paths that a package knows by another name, by that. */
export const askOwners = async (machine: Machine, paths: readonly string[]): Promise<ReadonlyMap<string, string>> => {
  const { stdout } = await machine.sh(
    `if command -v dpkg-query >/dev/null; then dpkg-query -S -- ${quoteAll(paths.slice(0, most).flatMap(namesOf))} 2>/dev/null; fi; exit 0`,
  )
  return parseOwners(stdout.toString())
}

/** The one of a path. */
export const ownerOf = (path: string, owners: ReadonlyMap<string, string>): string | undefined =>
  namesOf(path).flatMap((name) => owners.get(name) ?? [])[0]

/** A command line has an end. */
const most = 2_000

/** Where /bin and the like are links, packages may know a path by its old name. */
const namesOf = (path: string): readonly string[] =>
  /^\/usr\/(bin|sbin|lib)/.test(path) ? [path, path.slice(4)] : [path]

/** Pure: `nginx-common, nginx: /etc/nginx` lines, by path. */
export const parseOwners = (text: string): ReadonlyMap<string, string> =>
  new Map(
    text
      .split("\n")
      .map((line) => /^([a-z0-9][^:,]*(?::[a-z0-9]+)?)[^/]*: (\/.*)$/.exec(line))
      .flatMap((match) => (match === null ? [] : [[match[2] ?? "", match[1] ?? ""] as const])),
  )

/** Pure. */
export const foldPackages = (findings: readonly Finding[], owners: ReadonlyMap<string, string>): readonly Finding[] => {
  const changed = new Set(findings.filter(({ kind }) => kind === "package").map(({ what }) => nameOf(what)))
  const owned = findings.map((finding) => {
    const owner = ownerOf(finding.what, owners)
    return owner === undefined ? finding : { ...finding, package: nameOf(owner) }
  })
  const below = new Map<string, number>()
  const shown = owned.filter((finding) => {
    const owner = ownerIn(finding)
    if (owner === undefined || !changed.has(owner)) return true
    below.set(owner, (below.get(owner) ?? 0) + 1)
    return false
  })
  return shown
    .filter((finding) => !isBookOf(finding, changed))
    .map((finding) => {
      const count = finding.kind === "package" ? below.get(nameOf(finding.what)) : undefined
      return count === undefined ? finding : { ...finding, details: [...finding.details, `with ${count} of its files`] }
    })
}

/** The database of packages says in its own files what is told of the packages that changed; not of the others. */
export const isBookOf = ({ kind, what }: Finding, changed: ReadonlySet<string>): boolean => {
  if (kind !== "package database" || changed.size === 0) return false
  const [, name] = /^\/var\/lib\/dpkg\/info\/([^:/]+?)(?::[^./]+)?\.[a-z0-9]+$/.exec(what) ?? []
  return name === undefined || changed.has(name)
}

const ownerIn = ({ kind, package: owner }: Finding): string | undefined => (kind === "package" ? undefined : owner)

export const nameOf = (name: string): string => name.replace(/:.*/, "")
