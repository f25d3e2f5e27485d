import { createHash } from "node:crypto"
import { type FileHandle, open } from "node:fs/promises"
import { posix } from "node:path"
import { whiteoutPrefix } from "../archive-check.ts"
import { blobPath, type Layout } from "../layout.ts"
import { readManifest } from "../manifest.ts"
import { type TarHeader, tarHeaders } from "../tar-reader.ts"

/** Something in an image, and the layer that it comes from: 0 is the base. */
export interface TreeFile {
  readonly layer: number
  readonly type: TarHeader["type"]
  readonly target: string
  readonly content: TarHeader["content"]
}

/** What is to be seen of an image once all its layers lie one over the other, by absolute path. */
export interface ImageTree {
  readonly files: ReadonlyMap<string, TreeFile>
  /** Content of a file, links followed; with a layer, as it is in just that one. `undefined`: there is none. */
  readonly read: (path: string, layer?: number) => Promise<Buffer | undefined>
  readonly sums: (file: TreeFile) => Promise<Sums>
}

export interface Sums {
  readonly sha1: string
  readonly sha256: string
}

/** Opens an image of a layout for as long as the work with it takes. Only headers are read, and what is asked for. */
export const withImageTree = async <T>(
  layout: Layout,
  digest: string,
  work: (tree: ImageTree) => Promise<T>,
): Promise<T> => {
  const { layers } = await readManifest(layout, digest)
  const paths = layers.map((layer) => blobPath(layout, layer.digest))
  const archives: FileHandle[] = []
  try {
    for (const path of paths) archives.push(await open(path))
    const contents = await Promise.all(paths.map(async (path) => entriesOf(await tarHeaders(path, path))))
    return await work(treeOf(archives, contents))
  } finally {
    await Promise.all(archives.map((archive) => archive.close()))
  }
}

type Entries = ReadonlyMap<string, Omit<TreeFile, "layer">>

/** Of one layer. A hard link is what it is linked to. */
const entriesOf = (headers: readonly TarHeader[]): Entries => {
  const entries = new Map<string, Omit<TreeFile, "layer">>()
  for (const { name, type, target, content } of headers) {
    const linked = type === "link" ? entries.get(absolute(target)) : undefined
    entries.set(absolute(name), linked ?? { type, target: textOf(target), content })
  }
  return entries
}

const treeOf = (archives: readonly FileHandle[], contents: readonly Entries[]): ImageTree => {
  const files = new Map<string, TreeFile>()
  for (const [layer, entries] of contents.entries()) addLayer(files, entries, layer)
  return {
    files,
    read: async (path, layer) => {
      const there = layer === undefined ? files : contents[layer]
      const found = there?.get(followed(there, path))
      const archive = archives[layer ?? files.get(followed(files, path))?.layer ?? 0]
      return found?.type === "file" && archive !== undefined ? contentOf(archive, found) : undefined
    },
    sums: (file) => sumsOf(archives[file.layer], file),
  }
}

/** What a layer takes away goes first: its marks are about what is below it. */
const addLayer = (files: Map<string, TreeFile>, entries: Entries, layer: number): void => {
  for (const path of entries.keys()) {
    const name = posix.basename(path)
    if (!name.startsWith(whiteoutPrefix)) continue
    const directory = posix.dirname(path)
    if (name === `${whiteoutPrefix}${whiteoutPrefix}.opq`) removeBelow(files, directory)
    else remove(files, posix.join(directory, name.slice(whiteoutPrefix.length)))
  }
  for (const [path, entry] of entries) {
    if (posix.basename(path).startsWith(whiteoutPrefix)) continue
    if (entry.type !== "directory" && files.get(path)?.type === "directory") removeBelow(files, path)
    files.set(path, { ...entry, layer })
  }
}

const remove = (files: Map<string, TreeFile>, path: string): void => {
  if (files.get(path)?.type === "directory") removeBelow(files, path)
  files.delete(path)
}

const removeBelow = (files: Map<string, TreeFile>, directory: string): void => {
  const start = directory === "/" ? "/" : `${directory}/`
  for (const path of files.keys()) if (path.startsWith(start)) files.delete(path)
}

/** Where a path leads to: links on the way, and at its end. */
const followed = (files: ReadonlyMap<string, Pick<TreeFile, "type" | "target">>, path: string, hops = 0): string => {
  const parts = path.split("/").filter(Boolean)
  for (const [index] of parts.entries()) {
    const here = `/${parts.slice(0, index + 1).join("/")}`
    const found = files.get(here)
    if (found?.type !== "symlink" || hops > mostHops) continue
    const rest = parts.slice(index + 1).join("/")
    return followed(files, posix.join(posix.resolve(posix.dirname(here), found.target), rest), hops + 1)
  }
  return path
}

const mostHops = 20

const contentOf = async (archive: FileHandle, { content }: Pick<TreeFile, "content">): Promise<Buffer> => {
  const bytes = Buffer.alloc(content.size)
  const { bytesRead } = await archive.read(bytes, 0, content.size, content.from)
  return bytes.subarray(0, bytesRead)
}

const sumsOf = async (archive: FileHandle | undefined, { content }: TreeFile): Promise<Sums> => {
  const [sha1, sha256] = [createHash("sha1"), createHash("sha256")]
  const piece = Buffer.alloc(Math.min(content.size, 1 << 20))
  for (let done = 0; done < content.size; ) {
    const left = Math.min(piece.length, content.size - done)
    const bytesRead = (await archive?.read(piece, 0, left, content.from + done))?.bytesRead ?? 0
    if (bytesRead === 0) break
    sha1.update(piece.subarray(0, bytesRead))
    sha256.update(piece.subarray(0, bytesRead))
    done += bytesRead
  }
  return { sha1: sha1.digest("hex"), sha256: sha256.digest("hex") }
}

const absolute = (name: string): string => `/${textOf(name).split("/").filter(isPart).join("/")}`

const isPart = (part: string): boolean => part !== "" && part !== "."

const textOf = (name: string): string => Buffer.from(name, "latin1").toString()
