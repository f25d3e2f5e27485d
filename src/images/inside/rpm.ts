import { mkdtemp, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join, posix } from "node:path"
import type { DatabasePackage } from "./packages.ts"

/** What is in rpm's database, as rpm 4.16 and later keep it: a table of SQLite with each package's header. */
export const parseRpmDatabase = async (
  bytes: Uint8Array,
): Promise<{ readonly packages: readonly DatabasePackage[]; readonly paths: readonly string[] }> => {
  const directory = await mkdtemp(join(tmpdir(), "fireclay-rpm-"))
  try {
    const file = join(directory, "rpmdb.sqlite")
    await writeFile(file, bytes)
    const headers = (await blobsIn(file)).map(parseHeader)
    return { packages: headers.flatMap(packageOf), paths: headers.flatMap(pathsOf) }
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
}

const blobsIn = async (file: string): Promise<readonly Buffer[]> => {
  // Loaded here: few images have such a database.
  const { DatabaseSync } = await import("node:sqlite")
  const database = new DatabaseSync(file)
  try {
    return database
      .prepare("SELECT blob FROM Packages ORDER BY hnum")
      .all()
      .flatMap(({ blob }) => (blob instanceof Uint8Array ? [Buffer.from(blob)] : []))
  } finally {
    database.close()
  }
}

/** Texts and numbers by tag. */
type Header = ReadonlyMap<number, readonly (string | number)[]>

const tags = {
  name: 1000,
  version: 1001,
  release: 1002,
  epoch: 1003,
  licence: 1014,
  url: 1020,
  vendor: 1011,
  architecture: 1022,
  source: 1044,
  directoryIndexes: 1116,
  baseNames: 1117,
  directories: 1118,
} as const

const wanted: ReadonlySet<number> = new Set(Object.values(tags))

/** Counts of entries and of bytes; entries of tag, kind, place and count; then the bytes. All numbers with the highest byte first. */
export const parseHeader = (bytes: Buffer): Header => {
  const count = bytes.readUInt32BE(0)
  const data = bytes.subarray(8 + count * 16)
  const header = new Map<number, readonly (string | number)[]>()
  for (let at = 8; at < 8 + count * 16; at += 16) {
    const [tag, kind] = [bytes.readUInt32BE(at), bytes.readUInt32BE(at + 4)]
    const [place, length] = [bytes.readInt32BE(at + 8), bytes.readUInt32BE(at + 12)]
    if (!wanted.has(tag) || place < 0) continue
    if (kind === int32)
      header.set(
        tag,
        Array.from({ length: Math.min(length, data.length) }, (_, index) => data.readUInt32BE(place + index * 4)),
      )
    else if (textKinds.has(kind)) header.set(tag, textsAt(data, place, length))
  }
  return header
}

const int32 = 4
/** One text, a list of them, and one in several languages. */
const textKinds: ReadonlySet<number> = new Set([6, 8, 9])

const textsAt = (data: Buffer, place: number, count: number): readonly string[] => {
  const texts: string[] = []
  for (let from = place; texts.length < count; ) {
    const end = data.indexOf(0, from)
    if (end < 0) break
    texts.push(data.subarray(from, end).toString())
    from = end + 1
  }
  return texts
}

/** Keys to check signatures with are kept like packages, and are none. */
const packageOf = (header: Header): readonly DatabasePackage[] => {
  const text = (tag: keyof typeof tags): string | undefined => header.get(tags[tag])?.[0]?.toString()
  const [name, version, release, epoch] = [text("name"), text("version"), text("release"), text("epoch")]
  if (name === undefined || version === undefined || name === "gpg-pubkey") return []
  const [, sourceName, sourceVersion] = /^(.+)-([^-]+-[^-]+)\.(?:no)?src\.rpm$/.exec(text("source") ?? "") ?? []
  const [vendor, homepage, licence] = [text("vendor"), text("url"), text("licence")]
  return [
    {
      name,
      version: `${epoch === undefined ? "" : `${epoch}:`}${version}-${release ?? ""}`,
      architecture: text("architecture") ?? "",
      ...(sourceName === undefined || sourceVersion === undefined
        ? {}
        : { source: { name: sourceName, version: sourceVersion } }),
      ...(vendor === undefined ? {} : { maintainer: vendor }),
      ...(homepage === undefined ? {} : { homepage }),
      ...(licence === undefined ? {} : { licence }),
    },
  ]
}

const pathsOf = (header: Header): readonly string[] => {
  const [names = [], indexes = [], directories = []] = [tags.baseNames, tags.directoryIndexes, tags.directories].map(
    (tag) => header.get(tag),
  )
  return names.map((name, index) => posix.join(`${directories[Number(indexes[index] ?? -1)] ?? "/"}`, `${name}`))
}
