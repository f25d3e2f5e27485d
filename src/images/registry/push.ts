import { readFile } from "node:fs/promises"
import { blobPath, type Descriptor, type Layout, mediaTypes } from "../layout.ts"
import { readManifest } from "../manifest.ts"
import { openRegistry, type Registry, type RegistryOptions } from "./client.ts"
import { pushAttachments } from "./push-attachments.ts"
import { parseReference, repositoryOf, selector, showReference } from "./reference.ts"

export interface Pushed {
  /** `REGISTRY/NAME:TAG@DIGEST`. */
  readonly reference: string
  /** Blobs that the registry did not have. */
  readonly sent: number
  readonly sentBytes: number
  /** Kinds of what was attached. */
  readonly attached: readonly string[]
}

export interface PushOptions extends RegistryOptions {
  /** Nothing goes with it but its signatures. */
  readonly bare?: boolean
}

/**
 * Puts an image of a layout into a registry, under the very digest that it has here: layers travel as they are, so that
 * what `build` printed is what can be pulled and checked. What the registry has is not sent again.
 *
 * @throws FireclayError FC_USAGE, FC_IMAGE_UNKNOWN, FC_REGISTRY, FC_REGISTRY_AUTH
 */
export const pushImage = async (
  layout: Layout,
  digest: string,
  to: string,
  { bare = false, ...options }: PushOptions = {},
): Promise<Pushed> => {
  const reference = parseReference(to, "--push")
  const registry = openRegistry(reference, options)
  const manifest = await readManifest(layout, digest)
  const sent = await pushBlobs(registry, layout, [manifest.config, ...manifest.layers])
  await registry.putManifest(selector(reference), mediaTypes.manifest, await readFile(blobPath(layout, digest)))
  const attached = await pushAttachments(registry, layout, digest, { name: repositoryOf(reference), bare })
  return {
    attached,
    reference: showReference({ ...reference, digest }),
    sent: sent.length,
    sentBytes: sent.reduce((sum, { size }) => sum + size, 0),
  }
}

/** Answers those that were not there. */
export const pushBlobs = async (
  registry: Registry,
  layout: Layout,
  blobs: readonly Descriptor[],
): Promise<readonly Descriptor[]> => {
  const unique = [...new Map(blobs.map((blob) => [blob.digest, blob])).values()]
  const sent = await Promise.all(
    unique.map(async (blob) => {
      if (await registry.hasBlob(blob.digest)) return []
      await registry.pushBlob(blob, blobPath(layout, blob.digest))
      return [blob]
    }),
  )
  return sent.flat()
}
