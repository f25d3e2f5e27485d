import { constants, copyFile, mkdir, readFile, rename, rm } from "node:fs/promises"
import { dirname } from "node:path"
import { FireclayError } from "../contract/index.ts"
import { exists } from "../system/files.ts"
import { type Indexed, readBeside, tagged, tagOf } from "./beside.ts"
import { writeDockerArchive } from "./docker-archive.ts"
import { blobPath, type Layout, mediaTypes, putBytes, readIndex, writeIndex } from "./layout.ts"
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
  const names = [kind === "docker-archive" ? (target.name ?? name) : `${name.split(":")[0]}:${target.name ?? "latest"}`]
  await mkdir(dirname(path), { recursive: true })
  // What Docker loads has to be images, all of it.
  const beside = kind === "oci-archive" ? { beside: await readBeside(layout, digest, bare) } : {}
  await writeDockerArchive(layout, [{ digest, names }], path, beside)
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
  const descriptor = tagged({ mediaType: mediaTypes.manifest, digest, size }, tag)
  const { manifests, blobs } = await readBeside(from, digest, bare)
  for (const bytes of blobs.values()) await putBytes(to, "", bytes)
  const [digests, tags] = [
    new Set([digest, ...manifests.map((other) => other.digest)]),
    new Set([tag, ...manifests.map(tagOf)]),
  ]
  const others = ((await readIndex(to)) as readonly Indexed[]).filter(
    (other) => !digests.has(other.digest) && (tagOf(other) === undefined || !tags.has(tagOf(other))),
  )
  await writeIndex(to, [...others, descriptor, ...manifests])
}

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
