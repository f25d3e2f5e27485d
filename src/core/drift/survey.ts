import { readFile } from "node:fs/promises"
import { type DriftKind, FireclayError, type Machine, type WatchRule } from "../../contract/index.ts"
import { quote } from "../quote.ts"
import type { Manifest } from "../release.ts"
import { home } from "../transaction/paths.ts"
import { findRoots, rootsWhere, where } from "../tree/scan.ts"
import { type Meant, nothingMeant } from "./meant.ts"
import { loudPattern, quietPattern } from "./quiet.ts"

/** What `find` says of a path. */
export interface FileRecord {
  /** `f`, `d`, `l` …: as `find` has them. */
  readonly kind: string
  /** `04755`. */
  readonly mode: string
  readonly owner: string
  readonly group: string
  /** Bytes; `-`: not of a file. */
  readonly size: string
  /** When its content or itself last changed: seconds. */
  readonly modified: number
  readonly target: string
}

/** A path that is not as it was. */
export interface FileChange {
  readonly path: string
  readonly before?: FileRecord
  readonly after?: FileRecord
  /** Its content is another. Absent: it is the same, or nothing that counts. */
  readonly content?: true
  /** It was touched, and has rights by an attribute: capabilities. */
  readonly capable?: true
}

/** Something else that is not as it was: a package, an account, a port … */
export interface ThingChange {
  readonly kind: DriftKind
  readonly name: string
  readonly before?: string
  readonly after?: string
}

/** What is on a machine otherwise than its baseline says. */
export interface Survey {
  /** When the baseline was taken: milliseconds since 1970. */
  readonly takenMs: number
  readonly files: readonly FileChange[]
  readonly things: readonly ThingChange[]
  /** Paths with control characters, which nobody means. */
  readonly odd: readonly string[]
}

/** Which of what there is counts as data. */
export type DataOf = Pick<Manifest, "volumes" | "scratch"> & Partial<Pick<Manifest, "resources">>

/** What is compared with its baseline. */
export interface Site {
  readonly machine: Machine
  readonly data: DataOf
  /** Data that counts all the same. */
  readonly watch?: readonly WatchRule[]
  /** An instance of an image: only what can be written to is looked at, and the baseline is in memory and goes with it. */
  readonly instance?: boolean
}

/**
 * Lets a machine take what it has now as its baseline, on its own: nobody waits for it, and who asks for drift meanwhile
 * waits for the lock, which it holds from the beginning. What differed before the last transaction began goes on differing.
 *
 * @param all whether that transaction may have changed more than files
 * @param accepted what counts as it is now although it was so before, and paths that go on differing, whatever happened
 * beside them
 */
export const startBaseline = async (
  site: Site,
  all: boolean,
  { meant = nothingMeant, left = [] }: { readonly meant?: Meant; readonly left?: readonly string[] } = {},
): Promise<void> => {
  const take = [
    `export MEANT_PATHS=${quote(meant.paths.join("\n"))} MEANT_PACKAGES=${quote(meant.packages.join(" "))}`,
    `export LEFT=${quote(left.join("\n"))} SECRET=${quote(secretPaths(site.data).join("\n"))}`,
    await scriptFor(site, ["baseline", all ? "all" : "files"]),
  ].join("\n")
  const place = `${homeOf(site)}/baseline`
  await site.machine.sh(`(
    umask 077
    # What bears the mark of a session in a container ends with it.
    unset FC_SESSION
    mkdir -p ${place} && exec 7>>${place}/lock && flock -w 60 7 || exit 0
    setsid sh -c ${quote(take)} </dev/null >/dev/null 2>&1 &
  )`)
}

/** Paths whose content has secrets in it: the release makes it again, and no copy is to lie about. */
const secretPaths = ({ resources = [] }: DataOf): readonly string[] =>
  resources.flatMap(({ want, contents }) => {
    const { path } = want as { readonly path?: string }
    return path !== undefined && contents.some(({ sealed }) => sealed !== undefined) ? [path] : []
  })

/**
 * Lets a machine that has a baseline remember what it has besides files, before a transaction changes some of it: what had
 * drifted by then is not meant by it.
 *
 * @throws FireclayError FC_MACHINE_COMMAND
 */
export const markBeginning = async (site: Site): Promise<void> => {
  const { exitCode, stderr } = await site.machine.sh(await scriptFor(site, ["mark"]))
  if (exitCode !== 0) throw unlooked(site, stderr)
}

/**
 * Compares a machine with its baseline, in one round trip. A baseline that is being taken is waited for.
 *
 * @returns `undefined`: the machine has none
 * @throws FireclayError FC_MACHINE_COMMAND
 */
export const survey = async (
  site: Site,
  { full = false }: { /** Read every file, whatever its times say. */ readonly full?: boolean } = {},
): Promise<Survey | undefined> => {
  const { exitCode, stdout, stderr } = await site.machine.sh(await scriptFor(site, ["drift", full ? "full" : ""]))
  if (exitCode !== 0) throw unlooked(site, stderr)
  return parseSurvey(stdout.toString())
}

const unlooked = ({ machine }: Site, stderr: Uint8Array): FireclayError =>
  new FireclayError("FC_MACHINE_COMMAND", "the machine could not be compared with its baseline", {
    at: machine.name,
    remedy: "it needs GNU find, coreutils and awk; where they are there and do not work, take it out of service",
    details: stderr.toString().trimEnd().split("\n").slice(-8),
  })

const library = [new URL("./look.sh", import.meta.url), new URL("./things.sh", import.meta.url)]

/** Shell: what a machine is looked at with. */
export const lookLibrary = async (): Promise<string> =>
  (await Promise.all(library.map((file) => readFile(file, "utf8")))).join("\n")

const scriptFor = async (site: Site, words: readonly string[]): Promise<string> =>
  [
    `FC=${homeOf(site)}`,
    await lookLibrary(),
    `export QUIET=${quote(quietPattern(site.data))} LOUD=${quote(loudPattern(site.watch))}`,
    `INSTANCE=${site.instance === true ? 1 : ""}`,
    ...rootsOf(site),
    `main ${words.map(quote).join(" ")}`,
  ].join("\n")

/** Shell: `walk`, a `find` over all that is looked at. */
export const rootsOf = ({ instance }: Site): readonly string[] => [
  ...(instance === true ? [rootsWhere("$4 ~ /(^|,)rw(,|$)/")] : findRoots),
  // Without a place `find` would begin wherever it is.
  `walk() { [ -z "$roots" ] || ${where} "$@"; }`,
]

const homeOf = ({ instance = false }: Site): string => (instance ? "/run/fireclay-drift" : home)

/** Pure: what `look.sh drift` printed. */
export const parseSurvey = (text: string): Survey | undefined => {
  const [taken = "", files = "", content = "", capable = "", things = "", ...odd] = text.split("\0")
  if (!taken.startsWith("taken ")) return undefined
  const read = new Set(linesOf(content).map(unescapeSum))
  const able = new Set(linesOf(capable))
  return {
    takenMs: Number(taken.slice(6)) * 1000,
    files: pair(files, 1, toRecord).map(([path, before, after]) => ({
      path,
      ...(before === undefined ? {} : { before }),
      ...(after === undefined ? {} : { after }),
      ...(read.has(path) && before !== undefined ? { content: true as const } : {}),
      ...(able.has(path) ? { capable: true as const } : {}),
    })),
    // Some settings of the kernel have tabs in them.
    things: pair(things, 2, (rest) => rest.join("\t")).map(([key, before, after]) => {
      const [kind = "", name = ""] = key.split("\t")
      return {
        kind: kind as DriftKind,
        name,
        ...(before === undefined ? {} : { before }),
        ...(after === undefined ? {} : { after }),
      }
    }),
    odd: odd.filter((path) => path !== ""),
  }
}

/** What `comm -3` printed: lines of before, and, behind a tab, of now. By their first columns. */
const pair = <T>(
  text: string,
  columns: number,
  read: (rest: readonly string[]) => T,
): readonly (readonly [key: string, before: T | undefined, after: T | undefined])[] => {
  const found = new Map<string, { before?: T; after?: T }>()
  for (const line of linesOf(text)) {
    const isNow = line.startsWith("\t")
    const fields = (isNow ? line.slice(1) : line).split("\t")
    const key = fields.slice(0, columns).join("\t")
    const entry = found.get(key) ?? {}
    entry[isNow ? "after" : "before"] = read(fields.slice(columns))
    found.set(key, entry)
  }
  return [...found].map(([key, { before, after }]) => [key, before, after])
}

const toRecord = ([
  kind = "",
  mode = "",
  owner = "",
  group = "",
  size = "",
  ,
  changed = "",
  ,
  target = "",
]: readonly string[]): FileRecord => ({
  kind,
  mode,
  owner,
  group,
  size,
  modified: Number(changed),
  target,
})

const linesOf = (text: string): readonly string[] => text.split("\n").filter((line) => line !== "")

/** A backslash in a name is doubled by the programs that make sums. */
const unescapeSum = (path: string): string => path.replaceAll("\\\\", "\\")
