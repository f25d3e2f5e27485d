import { readdir } from "node:fs/promises"
import { join } from "node:path"
import { FireclayError } from "../../contract/index.ts"
import { checkBlobs } from "../../images/index.ts"
import { blobPath } from "../../images/layout.ts"
import { tarHeaders } from "../../images/tar-reader.ts"
import { run } from "../../system/process.ts"
import { lookAt } from "./files.ts"
import { stackOnImage } from "./image-store.ts"
import { imagesDirectory, layersDirectory, type Place } from "./place.ts"
import { isWhiteout } from "./upper.ts"

/**
 * That an image is what its digest says: the archives of its layers, and the directories that instances stand on, which
 * are the same unpacked.
 *
 * @throws FireclayError FC_IMAGE_DIGEST, FC_IMAGE_UNKNOWN
 */
export const verifyImage = async (at: Place, digest: string): Promise<void> => {
  const layout = { directory: imagesDirectory(at) }
  await checkBlobs(layout, digest)
  const { diffs, lowers } = await stackOnImage(at, digest)
  for (const [index, diff] of diffs.entries())
    await compare(blobPath(layout, diff), join(layersDirectory(at), lowers.at(-1 - index) ?? ""))
}

const compare = async (archive: string, directory: string): Promise<void> => {
  const [{ exitCode, stdout, stderr }, archived, unpacked] = await Promise.all([
    run(compareArgv(archive, directory)),
    tarHeaders(archive, archive),
    namesBelow(Buffer.from(directory), ""),
  ])
  const known = new Set(archived.map(({ name }) => plain(name)))
  const strange = unpacked.filter((name) => !known.has(name)).map((name) => `${shown(name)}: Not in the archive`)
  const there = new Set(unpacked)
  const missing = [...known].filter((name) => name !== "" && !there.has(name)).map((name) => `${shown(name)}: Missing`)
  const differs = exitCode === 0 ? [] : `${stdout}${stderr}`.trim().split("\n")
  const details = [...differs, ...strange, ...missing].slice(0, 12)
  if (details.length === 0) return
  throw new FireclayError("FC_IMAGE_DIGEST", "an unpacked layer is not what was baked", {
    at: directory,
    remedy: "find out who changed it; fireclay prune and build make it anew",
    details,
  })
}

/** Names as bytes, one for each character, as they stand in the archive; what is deleted as its mark there. */
const namesBelow = async (directory: Buffer, path: string): Promise<readonly string[]> => {
  const here = path === "" ? directory : Buffer.concat([directory, Buffer.from(`/${path}`, "latin1")])
  const entries = await readdir(here, { withFileTypes: true, encoding: "buffer" })
  const found = await Promise.all(
    entries.map(async (entry): Promise<readonly string[]> => {
      const own = entry.name.toString("latin1")
      const inside = path === "" ? own : `${path}/${own}`
      if (entry.isSocket()) return []
      if (entry.isDirectory()) return [inside, ...(await namesBelow(directory, inside))]
      if (!entry.isCharacterDevice()) return [inside]
      const stats = await lookAt(Buffer.concat([here, Buffer.from(`/${own}`, "latin1")]).toString())
      return [stats !== undefined && isWhiteout(stats) ? (path === "" ? `.wh.${own}` : `${path}/.wh.${own}`) : inside]
    }),
  )
  return found.flat()
}

const plain = (name: string): string =>
  name
    .split("/")
    .filter((part) => part !== "" && part !== ".")
    .join("/")

const shown = (name: string): string => Buffer.from(name, "latin1").toString()

// Names are told apart above; here the rest: content, owners, modes and times.
const compareArgv = (archive: string, directory: string): readonly string[] => [
  "tar",
  "--compare",
  "--numeric-owner",
  "--exclude=.wh.*",
  "--anchored",
  "--exclude=./dev/*",
  "--exclude=dev/*",
  `--directory=${directory}`,
  `--file=${archive}`,
]
