import { type Attachment, cosignManifests, emptyBytes, isSignature, readAttachments } from "./attachments.ts"
import { type Descriptor, digestOf, type Layout, mediaTypes } from "./layout.ts"

/** An entry of a layout's index. */
export type Indexed = Descriptor & {
  readonly artifactType?: string
  readonly annotations?: { readonly [name: string]: string }
}

/** What lies beside an image, as part of a layout that the image is written to. */
export interface Beside {
  readonly manifests: readonly Indexed[]
  readonly blobs: ReadonlyMap<string, Uint8Array>
}

/**
 * Referrers stand in the index like images; what cosign looks for has the name by which it does so, too.
 *
 * @param bare nothing but signatures
 */
export const readBeside = async (layout: Layout, image: string, bare: boolean): Promise<Beside> => {
  const all = await readAttachments(layout, image)
  const artifacts = bare ? all.filter(isSignature) : all
  const cosign = cosignManifests(artifacts, image, "")
  const blobs = [
    ...artifacts.flatMap(({ manifestBytes, bytes }) => [manifestBytes, bytes, emptyBytes]),
    ...cosign.flatMap((each) => [each.manifest, ...each.blobs.map(({ bytes }) => bytes)]),
  ]
  return {
    manifests: [
      ...artifacts.map(indexedAs),
      ...cosign.map(({ tag, manifest }) =>
        tagged({ mediaType: mediaTypes.manifest, digest: digestOf(manifest), size: manifest.length }, tag),
      ),
    ],
    blobs: new Map(blobs.map((bytes) => [digestOf(bytes), bytes])),
  }
}

export const tagged = (descriptor: Descriptor, tag: string): Indexed => ({
  ...descriptor,
  annotations: { "org.opencontainers.image.ref.name": tag },
})

export const tagOf = ({ annotations }: Indexed): string | undefined =>
  annotations?.["org.opencontainers.image.ref.name"]

const indexedAs = ({ kind, manifest }: Attachment): Indexed => ({ ...manifest, artifactType: kind })
