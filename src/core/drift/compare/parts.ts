import { readFile } from "node:fs/promises"
import { FireclayError, pathPattern, varyingPaths } from "../../../contract/index.ts"
import { quote } from "../../quote.ts"
import { loudPattern, quietPattern } from "../quiet.ts"
import { lookLibrary, rootsOf, type Site } from "../survey.ts"
import { ownPaths, ownThings } from "./own.ts"

/** What a machine is, part by part: two that have the same digest of a part have all of it alike. */
export type Digests = ReadonlyMap<string, { readonly digest: string; readonly lines: number }>

/** Something that a machine has. */
export interface Has {
  /** `path`, or the kind of another thing: `package`, `account` … */
  readonly kind: string
  readonly name: string
  /** What it is; of a path kind, mode, owner, group, size, sum and target. */
  readonly value: readonly string[]
}

export interface HoldOptions {
  /** Read large files too that no package brought. */
  readonly full?: boolean | undefined
}

/** One round trip. @throws FireclayError FC_MACHINE_COMMAND */
export const digestsOf = async (site: Site, options: HoldOptions): Promise<Digests> =>
  new Map(
    (await hold(site, [], options)).map(([part = "", digest = "", lines = ""]) => [
      part,
      { digest, lines: Number(lines) },
    ]),
  )

/** One round trip. @throws FireclayError FC_MACHINE_COMMAND */
export const listParts = async (
  site: Site,
  parts: readonly string[],
  options: HoldOptions,
): Promise<ReadonlyMap<string, readonly Has[]>> => {
  const lists = new Map<string, Has[]>()
  let list: Has[] = []
  for (const [kind = "", name = "", ...value] of await hold(site, parts, options))
    if (kind === "part") {
      list = []
      lists.set(name, list)
    } else list.push({ kind, name, value })
  return lists
}

const leftOut = [...varyingPaths.map(({ path }) => pathPattern(path)), ownPaths].join("|")

/** Larger ones that no package brought are compared by their size. */
const bigBytes = 16 * 1024 * 1024

const hold = async (
  site: Site,
  parts: readonly string[],
  { full = false }: HoldOptions,
): Promise<readonly (readonly string[])[]> => {
  const script = [
    await lookLibrary(),
    await readFile(library, "utf8"),
    `export QUIET=${quote(quietPattern(site.data))} LOUD=${quote(loudPattern(site.watch))} OWN=${quote(ownThings)}`,
    `LEFT_OUT=${quote(leftOut)} BIG=${full ? "''" : bigBytes} INSTANCE=${site.instance === true ? 1 : ""}`,
    ...rootsOf(site),
    ["hold", ...parts.map(quote)].join(" "),
  ].join("\n")
  const { exitCode, stdout, stderr } = await site.machine.sh(script)
  if (exitCode !== 0)
    throw new FireclayError("FC_MACHINE_COMMAND", "the machine could not be looked at", {
      at: site.machine.name,
      remedy: "it needs GNU find, coreutils and awk; where they are there and do not work, take it out of service",
      details: stderr.toString().trimEnd().split("\n").slice(-8),
    })
  const lines = stdout.toString().split("\n")
  return lines.filter((line) => line !== "").map((line) => line.split("\t"))
}

const library = new URL("./parts.sh", import.meta.url)
