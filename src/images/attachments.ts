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
  /** Of what is said. */
  readonly annotations?: Annotations
  /** Of the attachment: what those learn who only see a list. */
  readonly about?: Annotations
}

export const attachmentKinds = {
  sbom: "application/spdx+json",
  provenance: "application/vnd.in-toto+json",
  signature: "application/vnd.dev.cosign.artifact.sig.v1+json",
  /** A signed statement: of the contents, or of how it was made. */
  envelope: "application/vnd.dsse.envelope.v1+json",
} as const

/** Where the attachments of an image lie: a layout of their own, that goes with the image. */
export const attachmentsOf = (layout: Layout, image: string): Layout => ({
  directory: join(layout.directory, "attachments", image.replace(/^sha256:/, "")),
})

/** Puts something beside an image, as an OCI artifact that refers to it. What was there of its kind goes, unless it is to stay. */
export const attach = async (
  layout: Layout,
  image: Descriptor,
  { kind, mediaType, bytes, annotations, about }: NewAttachment,
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
    ...(about && { annotations: about }),
  }
  const descriptor = await putBytes(own, mediaTypes.manifest, Buffer.from(JSON.stringify(manifest)))
  const others = ((await readIndex(own)) as readonly IndexEntry[]).filter(
    (entry) => entry.digest !== descriptor.digest && (keep || entry.artifactType !== kind),
  )
  const entry: IndexEntry = { ...descriptor, artifactType: kind, ...(about && { annotations: about }) }
  await writeIndex(own, [...others, entry])
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

/** What cosign looks for beside an image, under a tag that is made of the image's digest. */
export interface CosignManifest {
  readonly tag: string
  readonly manifest: Buffer
  readonly blobs: readonly Pick<NewAttachment, "mediaType" | "bytes">[]
}

/**
 * Signatures of an image under one of its names, and signed statements about it, in the form in which cosign looks for them:
 * one manifest for each of the two, in which each is a layer.
 */
export const cosignManifests = (
  attachments: readonly Attachment[],
  image: string,
  name: string,
): readonly CosignManifest[] => {
  const ofKind = (kind: string) => attachments.filter((attachment) => attachment.kind === kind)
  const signatures = ofKind(attachmentKinds.signature).filter((signature) => signedName(signature) === name)
  const start = image.replace(":", "-")
  return [
    { tag: `${start}.sig`, layers: signatures },
    { tag: `${start}.att`, layers: ofKind(attachmentKinds.envelope) },
  ].flatMap(({ tag, layers }) => (layers.length === 0 ? [] : [{ tag, ...cosignManifest(layers) }]))
}

const cosignManifest = (attachments: readonly Attachment[]): Omit<CosignManifest, "tag"> => {
  const layers = attachments.map(({ document }) => document)
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
      ...attachments.map(({ document, bytes }) => ({ mediaType: document.mediaType, bytes })),
    ],
  }
}

/** True for signatures of the image: all that goes with one that is to say nothing else of itself. */
export const isSignature = ({ kind }: Pick<Attachment, "kind">): boolean => kind === attachmentKinds.signature

/** What a signature says of the image's name; empty: nothing. */
export const signedName = ({ bytes }: Pick<Attachment, "bytes">): string => {
  const { critical } = JSON.parse(bytes.toString()) as { critical?: { identity?: { "docker-reference"?: string } } }
  return critical?.identity?.["docker-reference"] ?? ""
}

const emptyType = "application/vnd.oci.empty.v1+json"
export const emptyBytes = Buffer.from("{}")

type IndexEntry = Descriptor & { readonly artifactType?: string; readonly annotations?: Annotations }
