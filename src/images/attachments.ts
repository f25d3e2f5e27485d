import { readFile } from "node:fs/promises"
import { join } from "node:path"
import {
  blobPath,
  type Descriptor,
  digestOf,
  type Layout,
  mediaTypes,
  putBytes,
  readIndex,
  writeIndex,
} from "./layout.ts"
import { isDigest, type Manifest } from "./manifest.ts"

/** Something said about an image, beside it: a list of its contents, how it was made, a signature. */
export interface Attachment {
  /** What kind of thing it is: a media type. */
  readonly kind: string
  readonly manifest: Descriptor
  readonly manifestBytes: Buffer
  /** What is said, and its own annotations. */
  readonly document: Descriptor & { readonly annotations?: Annotations }
  readonly bytes: Buffer
}

type Annotations = { readonly [name: string]: string }

export interface NewAttachment {
  readonly kind: string
  readonly mediaType: string
  readonly bytes: Uint8Array
  readonly annotations?: Annotations
}

export const attachmentKinds = {
  sbom: "application/spdx+json",
  provenance: "application/vnd.in-toto+json",
  signature: "application/vnd.dev.cosign.artifact.sig.v1+json",
} as const

/** Where the attachments of an image lie: a layout of their own, that goes with the image. */
export const attachmentsOf = (layout: Layout, image: string): Layout => ({
  directory: join(layout.directory, "attachments", image.replace(/^sha256:/, "")),
})

/** Puts something beside an image, as an OCI artifact that refers to it. What was there of its kind goes, unless it is to stay. */
export const attach = async (
  layout: Layout,
  image: Descriptor,
  { kind, mediaType, bytes, annotations }: NewAttachment,
  { keep = false }: { readonly keep?: boolean } = {},
): Promise<void> => {
  const own = attachmentsOf(layout, image.digest)
  const document = { ...(await putBytes(own, mediaType, bytes)), ...(annotations && { annotations }) }
  const config = await putBytes(own, emptyType, emptyBytes)
  const manifest = {
    schemaVersion: 2,
    mediaType: mediaTypes.manifest,
    artifactType: kind,
    config,
    layers: [document],
    subject: { mediaType: image.mediaType, digest: image.digest, size: image.size },
  }
  const descriptor = await putBytes(own, mediaTypes.manifest, Buffer.from(JSON.stringify(manifest)))
  const others = ((await readIndex(own)) as readonly IndexEntry[]).filter(
    (entry) => entry.digest !== descriptor.digest && (keep || entry.artifactType !== kind),
  )
  await writeIndex(own, [...others, { ...descriptor, artifactType: kind } as IndexEntry])
}

/** All that lies beside an image, or what of one kind. Whatever is not what its digest says is left out: nobody said it. */
export const readAttachments = async (layout: Layout, image: string, kind?: string): Promise<readonly Attachment[]> => {
  if (!isDigest(image)) return []
  const own = attachmentsOf(layout, image)
  const entries = ((await readIndex(own).catch(() => [])) as readonly IndexEntry[]).filter(
    (entry) => kind === undefined || entry.artifactType === kind,
  )
  return (await Promise.all(entries.map((entry) => readOne(own, entry).catch(() => [])))).flat()
}

const readOne = async (own: Layout, { artifactType = "", ...manifest }: IndexEntry): Promise<readonly Attachment[]> => {
  const manifestBytes = await readFile(blobPath(own, manifest.digest))
  const [document] = (JSON.parse(manifestBytes.toString()) as Manifest).layers
  if (document === undefined || digestOf(manifestBytes) !== manifest.digest) return []
  const bytes = await readFile(blobPath(own, document.digest))
  return digestOf(bytes) === document.digest ? [{ kind: artifactType, manifest, manifestBytes, document, bytes }] : []
}

/**
 * The signatures of an image in the form in which cosign looks for them: one manifest, each signature a layer, under a tag
 * of the image's digest. `undefined`: there are none for that name.
 */
export const signatureManifest = (
  attachments: readonly Attachment[],
  name: string,
): { readonly manifest: Buffer; readonly blobs: readonly Pick<NewAttachment, "mediaType" | "bytes">[] } | undefined => {
  const signatures = attachments.filter(
    (attachment) => attachment.kind === attachmentKinds.signature && signedName(attachment) === name,
  )
  if (signatures.length === 0) return undefined
  const layers = signatures.map(({ document }) => document)
  const config = Buffer.from(
    JSON.stringify({
      architecture: "",
      os: "",
      config: {},
      rootfs: { type: "layers", diff_ids: layers.map(({ digest }) => digest) },
    }),
  )
  const described = { mediaType: mediaTypes.config, digest: digestOf(config), size: config.length }
  const manifest = { schemaVersion: 2, mediaType: mediaTypes.manifest, config: described, layers }
  return {
    manifest: Buffer.from(JSON.stringify(manifest)),
    blobs: [
      { mediaType: mediaTypes.config, bytes: config },
      ...signatures.map(({ document, bytes }) => ({ mediaType: document.mediaType, bytes })),
    ],
  }
}

/** Where cosign looks for the signatures of an image. */
export const signatureTag = (image: string): string => `${image.replace(":", "-")}.sig`

/** What a signature says of the image's name; empty: nothing. */
export const signedName = ({ bytes }: Pick<Attachment, "bytes">): string => {
  const { critical } = JSON.parse(bytes.toString()) as { critical?: { identity?: { "docker-reference"?: string } } }
  return critical?.identity?.["docker-reference"] ?? ""
}

const emptyType = "application/vnd.oci.empty.v1+json"
export const emptyBytes = Buffer.from("{}")
export const emptyDigest = digestOf(emptyBytes)

type IndexEntry = Descriptor & { readonly artifactType?: string }
