import { constants, copyFile, mkdir, readFile, rename, rm } from "node:fs/promises"
import { dirname } from "node:path"
import { FireclayError } from "../contract/index.ts"
import { exists } from "../system/files.ts"
import { attachmentsOf, cosignManifests, emptyDigest, isSignature, readAttachments } from "./attachments.ts"
import { writeDockerArchive } from "./docker-archive.ts"
import { blobPath, type Descriptor, type Layout, mediaTypes, putBytes, readIndex, writeIndex } from "./layout.ts"
import { readManifest } from "./manifest.ts"

/** Where an image is written to: `KIND:PATH`, and what it is called there. */
export interface ExportTarget {
  readonly kind: "oci" | "oci-archive" | "docker-archive"
  readonly path: string
  readonly name?: string
  /** Nothing goes with it but its signatures. */
  readonly bare?: boolean
}

/**
 * Reads `oci:DIR[:TAG]`, `oci-archive:FILE[:TAG]` or `docker-archive:FILE[:NAME:TAG]`.
 *
 * @throws FireclayError FC_USAGE
 */
export const parseExportTarget = (text: string): ExportTarget => {
  const [, kind, path = "", name] = /^(oci|oci-archive|docker-archive):([^:]+)(?::(.+))?$/.exec(text) ?? []
  if (kind !== "oci" && kind !== "oci-archive" && kind !== "docker-archive")
    throw new FireclayError("FC_USAGE", `${JSON.stringify(text)} is no place that an image could be written to`, {
      at: "--output",
      remedy: "write oci:DIRECTORY, oci-archive:FILE or docker-archive:FILE:NAME:TAG",
    })
  if (
    name !== undefined &&
    !(kind === "docker-archive" ? /^[a-z0-9][a-z0-9._/-]*:[\w][\w.-]*$/ : /^\w[\w.-]*$/).test(name)
  )
    throw new FireclayError("FC_USAGE", `${JSON.stringify(name)} cannot be what an image is called there`, {
      at: "--output",
      remedy: kind === "docker-archive" ? "write NAME:TAG, such as shop/web:3" : "write a tag, such as 3",
    })
  return { kind, path, ...(name === undefined ? {} : { name }) }
}

/**
 * Writes an image of a layout somewhere else, under the same digest.
 *
 * @param name what it is called in an archive for Docker, unless the target says: `NAME:TAG`
 * @throws FireclayError FC_IMAGE_UNKNOWN
 */
export const exportImage = async (
  layout: Layout,
  digest: string,
  target: ExportTarget,
  name: string,
): Promise<void> => {
  const { kind, path, bare = false } = target
  if (kind === "oci") return copyImage(layout, digest, { directory: path }, { tag: target.name ?? "latest", bare })
  const names = [
    target.kind === "docker-archive" ? (target.name ?? name) : `${name.split(":")[0]}:${target.name ?? "latest"}`,
  ]
  await mkdir(dirname(target.path), { recursive: true })
  await writeDockerArchive(layout, [{ digest, names }], target.path)
}

/**
 * With all that lies beside it. Copied, not linked: whoever changes the copy must not change the image that instances run.
 */
const copyImage = async (
  from: Layout,
  digest: string,
  to: Layout,
  { tag, bare }: { readonly tag: string; readonly bare: boolean },
): Promise<void> => {
  const manifest = await readManifest(from, digest)
  for (const blob of [manifest.config, ...manifest.layers]) await copyBlob(from, to, blob.digest)
  await copyBlob(from, to, digest)
  const size = (await readFile(blobPath(from, digest))).length
  const descriptor = named({ mediaType: mediaTypes.manifest, digest, size }, tag)
  const beside = await copyAttachments(from, digest, to, bare)
  const [digests, tags] = [
    new Set([digest, ...beside.map((other) => other.digest)]),
    new Set([tag, ...beside.map(tagOf)]),
  ]
  const others = ((await readIndex(to)) as readonly Named[]).filter(
    (other) => !digests.has(other.digest) && (tagOf(other) === undefined || !tags.has(tagOf(other))),
  )
  await writeIndex(to, [...others, descriptor, ...beside])
}

/** Referrers stand in the index like images; what cosign looks for has the name by which it does so, too. */
const copyAttachments = async (from: Layout, image: string, to: Layout, bare: boolean): Promise<readonly Named[]> => {
  const own = attachmentsOf(from, image)
  const all = await readAttachments(from, image)
  const artifacts = bare ? all.filter(isSignature) : all
  for (const { manifest, document } of artifacts)
    for (const digest of [manifest.digest, document.digest, emptyDigest]) await copyBlob(own, to, digest)
  const copied: Named[] = artifacts.map(({ kind, manifest }) => ({ ...manifest, artifactType: kind }))
  for (const { tag, manifest, blobs } of cosignManifests(artifacts, image, "")) {
    for (const { mediaType, bytes } of blobs) await putBytes(to, mediaType, bytes)
    copied.push(named(await putBytes(to, mediaTypes.manifest, manifest), tag))
  }
  return copied
}

const named = (descriptor: Descriptor, tag: string): Named => ({
  ...descriptor,
  annotations: { "org.opencontainers.image.ref.name": tag },
})

type Named = Descriptor & { readonly annotations?: { readonly [name: string]: string } }

const tagOf = ({ annotations }: Named): string | undefined => annotations?.["org.opencontainers.image.ref.name"]

const copyBlob = async (from: Layout, to: Layout, digest: string): Promise<void> => {
  const target = blobPath(to, digest)
  if (await exists(target)) return
  await mkdir(dirname(target), { recursive: true })
  const temporary = `${target}.${process.pid}.new`
  try {
    await copyFile(blobPath(from, digest), temporary, constants.COPYFILE_FICLONE)
    await rename(temporary, target)
  } finally {
    await rm(temporary, { force: true })
  }
}
