import { FireclayError } from "../../contract/index.ts"
import { runOk } from "../../system/process.ts"
import { archiveOptions } from "./archive.ts"
import { hash } from "./place.ts"

/** Of the given paths those that are the same in two trees: content, owners, modes, attributes; not their times. */
export const sameEntries = async (
  one: string,
  other: string,
  paths: readonly string[],
): Promise<ReadonlySet<string>> => {
  const same = new Set<string>()
  // In parts, so that no more than a part is in memory.
  for (let first = 0; first < paths.length; first += 500) {
    const part = paths.slice(first, first + 500)
    const [mine, theirs] = await Promise.all([fingerprints(one, part), fingerprints(other, part)])
    for (const path of part) if (mine.has(path) && mine.get(path) === theirs.get(path)) same.add(path)
  }
  return same
}

/** Digest of each path's record in an archive: what an archive keeps of a file is what counts. */
const fingerprints = async (root: string, paths: readonly string[]): Promise<ReadonlyMap<string, string>> => {
  const input = paths.map((path) => `${path}\0`).join("")
  const archive = await runOk(recordArgv(root), failure, { input })
  const records = new Map<string, string>()
  let order = 0
  for (const record of recordsOf(archive)) {
    const path = paths[order++]
    if (path !== undefined) records.set(path, hash(record))
  }
  return order === paths.length ? records : new Map()
}

const block = 512

/** Cuts an archive into one piece for each file: extended header, header, content. */
const recordsOf = function* (archive: Buffer): Generator<Buffer> {
  let start = 0
  for (let at = 0; at + block <= archive.length && archive[at] !== 0; ) {
    const header = archive.subarray(at, at + block)
    const size = Number.parseInt(header.subarray(124, 136).toString("latin1"), 8) || 0
    at += block + Math.ceil(size / block) * block
    if (header[156] === "x".charCodeAt(0)) continue
    yield archive.subarray(start, at)
    start = at
  }
}

const recordArgv = (root: string): readonly string[] => [
  "tar",
  "--create",
  "--file=-",
  ...archiveOptions,
  "--acls",
  "--hard-dereference",
  "--mtime=@0",
  `--directory=${root}`,
  "--files-from=-",
]

const failure = (message: string, details: readonly string[]): FireclayError =>
  new FireclayError("FC_BAKE_FAILED", `what changed could not be compared: ${message}`, { details })
