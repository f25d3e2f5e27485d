import {
  type Attachment,
  cosignManifests,
  emptyBytes,
  isSignature,
  readAttachments,
  signedName,
} from "../attachments.ts"
import { type Descriptor, digestOf, type Layout, mediaTypes } from "../layout.ts"
import type { Registry } from "./client.ts"

/**
 * Pushes what lies beside an image: as referrers of it, and where the registry does not list these itself, in an index
 * under the tag that takes the list's place; what is signed also as cosign looks for it.
 *
 * @param name `REGISTRY/NAME`
 * @param bare nothing but signatures
 * @returns the kinds of what was pushed
 */
export const pushAttachments = async (
  registry: Registry,
  layout: Layout,
  image: string,
  { name, bare }: { readonly name: string; readonly bare: boolean },
): Promise<readonly string[]> => {
  const all = await readAttachments(layout, image)
  const artifacts = all.filter((one) => (isSignature(one) ? signedName(one) === name : !bare))
  if (artifacts.length > 0) await pushBytes(registry, emptyBytes)
  const unlisted: Attachment[] = []
  for (const artifact of artifacts) {
    await pushBytes(registry, artifact.bytes)
    const { digest, mediaType } = artifact.manifest
    if (!(await registry.putManifest(digest, mediaType, artifact.manifestBytes))) unlisted.push(artifact)
  }
  if (unlisted.length > 0) await listByTag(registry, image, unlisted)
  for (const { tag, manifest, blobs } of cosignManifests(artifacts, image, name)) {
    for (const { bytes } of blobs) await pushBytes(registry, bytes)
    await registry.putManifest(tag, mediaTypes.manifest, manifest)
  }
  return artifacts.map(({ kind }) => kind)
}

const pushBytes = async (registry: Registry, bytes: Uint8Array): Promise<void> => {
  const digest = digestOf(bytes)
  if (await registry.hasBlob(digest)) return
  await registry.pushBlob({ mediaType: "", digest, size: bytes.length }, bytes)
}

type Referrer = Descriptor & { readonly artifactType?: string }

/** What others listed there stays. */
const listByTag = async (registry: Registry, image: string, artifacts: readonly Attachment[]): Promise<void> => {
  const tag = image.replace(":", "-")
  const there = await registry.getManifest(tag)
  const before = there === undefined ? [] : ((JSON.parse(there.bytes.toString()) as Index).manifests ?? [])
  const ours = artifacts.map(({ kind, manifest }): Referrer => ({ ...manifest, artifactType: kind }))
  const digests = new Set(ours.map(({ digest }) => digest))
  const manifests = [...before.filter(({ digest }) => !digests.has(digest)), ...ours]
  if (manifests.length === before.length && ours.every(({ digest }) => before.some((one) => one.digest === digest)))
    return
  const index = { schemaVersion: 2, mediaType: mediaTypes.index, manifests }
  await registry.putManifest(tag, mediaTypes.index, Buffer.from(JSON.stringify(index)))
}

interface Index {
  readonly manifests?: readonly Referrer[]
}
