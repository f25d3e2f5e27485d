import { FireclayError } from "../contract/index.ts"
import { type Descriptor, type Layout, readBlob } from "./layout.ts"

/** What an image is made of. */
export interface Manifest {
  readonly schemaVersion: 2
  readonly mediaType?: string
  readonly config: Descriptor
  /** The base first. */
  readonly layers: readonly Descriptor[]
}

/** @throws FireclayError FC_IMAGE_UNKNOWN */
export const readManifest = async (layout: Layout, digest: string): Promise<Manifest> => {
  const manifest = isDigest(digest) ? await readBlob<Manifest>(layout, digest) : undefined
  if (manifest !== undefined) return manifest
  throw new FireclayError("FC_IMAGE_UNKNOWN", `there is no image ${digest} here`, {
    at: layout.directory,
    remedy: "fireclay build",
  })
}

export const isDigest = (text: string): boolean => /^sha256:[0-9a-f]{64}$/.test(text)
