import { createHash, randomBytes } from "node:crypto"
import { createReadStream } from "node:fs"
import { copyFile, link, mkdir, rename, rm, stat, writeFile } from "node:fs/promises"
import { dirname, join } from "node:path"
import { pipeline } from "node:stream/promises"
import { exists, namesIn, readText, writeAtomic } from "../system/files.ts"

/** An OCI image layout: a directory of blobs named by their sha256, and an index of manifests. */
export interface Layout {
  readonly directory: string
}

export interface Descriptor {
  readonly mediaType: string
  readonly digest: string
  readonly size: number
}

export const mediaTypes = {
  manifest: "application/vnd.oci.image.manifest.v1+json",
  config: "application/vnd.oci.image.config.v1+json",
  layer: "application/vnd.oci.image.layer.v1.tar",
  index: "application/vnd.oci.image.index.v1+json",
} as const

export const blobPath = (layout: Layout, digest: string): string =>
  join(layout.directory, "blobs", "sha256", digest.replace(/^sha256:/, ""))

/** `sha256:` and the digest of what is given. */
export const digestOf = (content: string | Uint8Array): string =>
  `sha256:${createHash("sha256").update(content).digest("hex")}`

/** The same of a file's content. */
export const hashFile = async (path: string): Promise<string> => {
  const sum = createHash("sha256")
  await pipeline(createReadStream(path, { highWaterMark: 1 << 20 }), sum)
  return `sha256:${sum.digest("hex")}`
}

/** Puts a document in, if it is not there. */
export const putJson = (layout: Layout, mediaType: string, document: unknown): Promise<Descriptor> =>
  putBytes(layout, mediaType, Buffer.from(JSON.stringify(document)))

export const putBytes = async (layout: Layout, mediaType: string, bytes: Uint8Array): Promise<Descriptor> => {
  const digest = digestOf(bytes)
  await mkdir(dirname(blobPath(layout, digest)), { recursive: true })
  if (!(await exists(blobPath(layout, digest)))) await writeAtomic(blobPath(layout, digest), bytes)
  return { mediaType, digest, size: bytes.length }
}

/** Puts a file in whose digest is known: moved when it is the caller's to give, else linked or copied. */
export const putFile = async (
  layout: Layout,
  mediaType: string,
  file: { readonly path: string; readonly digest: string; readonly move: boolean },
): Promise<Descriptor> => {
  const target = blobPath(layout, file.digest)
  const { size } = await stat(file.path)
  await mkdir(dirname(target), { recursive: true })
  if (!(await exists(target))) {
    if (file.move) await rename(file.path, target)
    else await linkOrCopy(file.path, target)
  }
  return { mediaType, digest: file.digest, size }
}

export const readBlob = async <T>(layout: Layout, digest: string): Promise<T | undefined> => {
  const text = await readText(blobPath(layout, digest))
  return text === undefined ? undefined : (JSON.parse(text) as T)
}

/** Writes the index: what other tools find the images by. */
export const writeIndex = async (layout: Layout, manifests: readonly Descriptor[]): Promise<void> => {
  await mkdir(layout.directory, { recursive: true })
  await writeFile(join(layout.directory, "oci-layout"), '{"imageLayoutVersion":"1.0.0"}')
  const index = { schemaVersion: 2, mediaType: mediaTypes.index, manifests }
  await writeAtomic(join(layout.directory, "index.json"), JSON.stringify(index))
}

export const readIndex = async (layout: Layout): Promise<readonly Descriptor[]> => {
  const text = await readText(join(layout.directory, "index.json"))
  return text === undefined ? [] : ((JSON.parse(text) as { manifests?: readonly Descriptor[] }).manifests ?? [])
}

/** Removes every blob that is not among the given digests. */
export const keepBlobs = async (layout: Layout, digests: ReadonlySet<string>): Promise<void> => {
  for (const name of await namesIn(join(layout.directory, "blobs", "sha256")))
    if (!digests.has(`sha256:${name}`)) await rm(blobPath(layout, name), { force: true })
}

const linkOrCopy = async (source: string, target: string): Promise<void> => {
  const temporary = `${target}.${randomBytes(6).toString("hex")}.new`
  await link(source, temporary).catch(() => copyFile(source, temporary))
  await rename(temporary, target)
}
