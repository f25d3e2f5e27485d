import { createReadStream, createWriteStream } from "node:fs"
import { readFile, rename, rm } from "node:fs/promises"
import { Readable } from "node:stream"
import { pipeline } from "node:stream/promises"
import type { Beside } from "./beside.ts"
import { blobPath, type Descriptor, type Layout, mediaTypes } from "./layout.ts"
import { type Manifest, readManifest } from "./manifest.ts"
import { tarEnd, tarHeader, tarPadding } from "./tar.ts"

/** An image of a layout, and what it is called where the archive is loaded. */
export interface NamedImage {
  readonly digest: string
  /** Such as `shop/web:3`. */
  readonly names: readonly string[]
}

export interface ArchiveOptions {
  /** Digests of layers that the reader has already. They are named, and left out. */
  readonly without?: ReadonlySet<string>
  /** What else goes into it. */
  readonly beside?: Beside
}

/**
 * The archive that `docker load` reads, which is an OCI archive at the same time: a layout with a `manifest.json`
 * beside it. The same images under the same names are the same bytes.
 *
 * @example
 * for await (const piece of dockerArchive(layout, [{ digest, names: ["shop/web:3"] }])) request.write(piece)
 * @throws FireclayError FC_IMAGE_UNKNOWN
 */
export const dockerArchive = async function* (
  layout: Layout,
  images: readonly NamedImage[],
  options: ArchiveOptions = {},
): AsyncGenerator<Buffer, void, undefined> {
  const read = await Promise.all(images.map(async (image) => ({ image, ...(await load(layout, image.digest)) })))
  yield* document("oci-layout", { imageLayoutVersion: "1.0.0" })
  yield* document("index.json", {
    schemaVersion: 2,
    mediaType: mediaTypes.index,
    manifests: [
      ...read.flatMap(({ image, descriptor }) => described(descriptor, image.names)),
      ...(options.beside?.manifests ?? []),
    ],
  })
  yield* document(
    "manifest.json",
    read.map(({ image, manifest }) => ({
      Config: entryName(manifest.config.digest),
      RepoTags: image.names,
      Layers: manifest.layers.map(({ digest }) => entryName(digest)),
    })),
  )
  const blobs = new Map<string, number>()
  for (const { descriptor, manifest } of read)
    for (const { digest, size } of [descriptor, manifest.config, ...manifest.layers]) blobs.set(digest, size)
  for (const [digest, size] of [...blobs].sort(([one], [other]) => (one < other ? -1 : 1)))
    if (options.without?.has(digest) !== true)
      yield* entry(entryName(digest), size, createReadStream(blobPath(layout, digest), { highWaterMark: 1 << 20 }))
  for (const [digest, bytes] of options.beside?.blobs ?? [])
    yield* entry(entryName(digest), bytes.length, [Buffer.from(bytes)])
  yield tarEnd()
}

/** Writes it to a file, which is there whole or not at all. */
export const writeDockerArchive = async (
  layout: Layout,
  images: readonly NamedImage[],
  file: string,
  options: ArchiveOptions = {},
): Promise<void> => {
  const temporary = `${file}.${process.pid}.new`
  try {
    await pipeline(Readable.from(dockerArchive(layout, images, options)), createWriteStream(temporary))
    await rename(temporary, file)
  } finally {
    await rm(temporary, { force: true })
  }
}

interface Loaded {
  readonly manifest: Manifest
  readonly descriptor: Descriptor
}

const load = async (layout: Layout, digest: string): Promise<Loaded> => {
  const manifest = await readManifest(layout, digest)
  const { length } = await readFile(blobPath(layout, digest))
  return { manifest, descriptor: { mediaType: mediaTypes.manifest, digest, size: length } }
}

/** Docker since 25 and containerd take the name from the index, older ones from `manifest.json`. */
const described = (descriptor: Descriptor, names: readonly string[]): readonly unknown[] =>
  names.length === 0
    ? [descriptor]
    : names.map((name) => ({
        ...descriptor,
        annotations: { "io.containerd.image.name": name, "org.opencontainers.image.ref.name": name.split(":").at(-1) },
      }))

const entryName = (digest: string): string => `blobs/${digest.replace(":", "/")}`

const document = async function* (name: string, value: unknown): AsyncGenerator<Buffer> {
  const text = Buffer.from(JSON.stringify(value))
  yield* entry(name, text.length, [text])
}

const entry = async function* (
  name: string,
  size: number,
  content: AsyncIterable<Buffer> | Iterable<Buffer>,
): AsyncGenerator<Buffer> {
  yield tarHeader({ name, size })
  yield* content
  yield tarPadding(size)
}
