import { createHash } from "node:crypto"
import { createWriteStream } from "node:fs"
import { arch } from "node:os"
import { join } from "node:path"
import { Transform } from "node:stream"
import { pipeline } from "node:stream/promises"
import { FireclayError } from "../../contract/index.ts"
import { type Descriptor, digestOf } from "../layout.ts"
import { isDigest, type Manifest } from "../manifest.ts"
import { ociArchitecture } from "../platform.ts"
import { type ArchiveFile, wrongDigest } from "../unpack.ts"
import { openRegistry, type Registry, type RegistryOptions, registryError } from "./client.ts"
import { parseReference, selector, showReference } from "./reference.ts"

/**
 * The digest that a reference has in its registry now.
 *
 * @throws FireclayError FC_USAGE, FC_REGISTRY, FC_REGISTRY_AUTH, FC_IMAGE_UNFIT
 */
export const resolveReference = async (text: string, options: RegistryOptions = {}): Promise<string> => {
  const reference = parseReference(text, `image(${JSON.stringify(text)})`)
  if (reference.digest !== undefined) return reference.digest
  const found = await openRegistry(reference, options).getManifest(selector(reference))
  if (found === undefined) throw unfit(showReference(reference), "the registry has none of that name and tag")
  return digestOf(found.bytes)
}

/**
 * Fetches the layers of an image into a directory, for this computer's processor. Everything is checked against its digest.
 *
 * @param digest what the reference was resolved to: an image, or an index of images
 * @throws FireclayError FC_REGISTRY, FC_REGISTRY_AUTH, FC_IMAGE_UNFIT, FC_IMAGE_DIGEST
 */
export const pullLayers = async (
  text: string,
  digest: string,
  directory: string,
  tell: (line: string) => void = () => undefined,
  options: RegistryOptions = {},
): Promise<readonly ArchiveFile[]> => {
  const { host, repository } = parseReference(text, `image(${JSON.stringify(text)})`)
  const registry = openRegistry({ host, repository }, options)
  const at = `${host}/${repository}@${digest}`
  const manifest = await pullManifest(registry, digest, at)
  const config = await pullDocument<{ readonly rootfs?: { readonly diff_ids?: readonly string[] } }>(
    registry,
    manifest.config,
    at,
  )
  const diffIds = config.rootfs?.diff_ids ?? []
  if (diffIds.length !== manifest.layers.length || !diffIds.every(isDigest))
    throw unfit(at, "its configuration does not name its layers")
  const layers: ArchiveFile[] = []
  for (const [index, layer] of manifest.layers.entries()) {
    tell(`fetching layer ${index + 1} of ${manifest.layers.length}, ${(layer.size / 1e6).toFixed(0)} MB`)
    const path = join(directory, `${index}.layer`)
    await pullBlob(registry, layer, path, at)
    const diffId = diffIds[index]
    layers.push({ path, at: `${at} layer ${index + 1}`, ...(diffId === undefined ? {} : { diffId }) })
  }
  return layers
}

interface Index {
  readonly manifests?: readonly (Descriptor & {
    readonly platform?: { readonly os?: string; readonly architecture?: string; readonly variant?: string }
  })[]
}

/** The manifest of the image for this computer, be it what the digest names or one of an index. */
const pullManifest = async (registry: Registry, digest: string, at: string, depth = 0): Promise<Manifest> => {
  const found = await registry.getManifest(digest)
  if (found === undefined) throw unfit(at, `the registry does not have ${digest}`)
  if (digestOf(found.bytes) !== digest) throw wrongDigest(at, digest, digestOf(found.bytes))
  const document = parse<Partial<Manifest> & Index>(found.bytes, at)
  if (document.manifests !== undefined && depth < 2) {
    const wanted = ociArchitecture(arch())
    const own = document.manifests.find(({ platform }) => platform?.os === "linux" && platform.architecture === wanted)
    if (own === undefined) throw unfit(at, `there is none for linux on ${wanted}`)
    return pullManifest(registry, own.digest, at, depth + 1)
  }
  const { config, layers = [] } = document
  if (config === undefined || layers.length === 0 || !layers.every(({ mediaType }) => isLayer.test(mediaType)))
    throw unfit(at, "it has no layers of a file system")
  return { schemaVersion: 2, config, layers }
}

const isLayer =
  /^application\/vnd\.(oci\.image\.layer\.v1\.tar(\+(gzip|zstd))?|docker\.image\.rootfs\.diff\.tar(\.(gzip|zstd))?)$/

const pullDocument = async <T>(registry: Registry, { digest }: Descriptor, at: string): Promise<T> => {
  const body = await registry.getBlob(digest)
  if (body === undefined) throw unfit(at, `the registry does not have ${digest}`)
  const pieces: Buffer[] = []
  let length = 0
  for await (const piece of body) {
    length += piece.length
    if (length > 8 << 20) throw unfit(at, "its configuration is too long")
    pieces.push(piece)
  }
  const bytes = Buffer.concat(pieces)
  if (digestOf(bytes) !== digest) throw wrongDigest(at, digest, digestOf(bytes))
  return parse<T>(bytes, at)
}

const pullBlob = async (registry: Registry, { digest, size }: Descriptor, path: string, at: string): Promise<void> => {
  if (!isDigest(digest)) throw unfit(at, "a layer is not named by its sha256")
  const body = await registry.getBlob(digest)
  if (body === undefined) throw unfit(at, `the registry does not have ${digest}`)
  const sum = createHash("sha256")
  let length = 0
  const tap = new Transform({
    transform: (piece: Buffer, _encoding, done) => {
      sum.update(piece)
      length += piece.length
      done(length > size ? new Error(`more than the ${size} bytes that were announced`) : null, piece)
    },
  })
  await pipeline(body, tap, createWriteStream(path)).catch((cause: Error) => {
    throw registryError(at, `broke off: ${cause.message}`, cause)
  })
  const found = `sha256:${sum.digest("hex")}`
  if (found !== digest) throw wrongDigest(at, digest, found)
}

const parse = <T>(bytes: Buffer, at: string): T => {
  try {
    return JSON.parse(bytes.toString()) as T
  } catch (cause) {
    throw new FireclayError("FC_IMAGE_UNFIT", "what the registry has there is no image", { at, cause, remedy })
  }
}

const remedy = "check the reference; skopeo inspect --raw docker://… shows what the registry has there"

const unfit = (at: string, why: string): FireclayError =>
  new FireclayError("FC_IMAGE_UNFIT", `nothing can be built on that image: ${why}`, { at, remedy })
