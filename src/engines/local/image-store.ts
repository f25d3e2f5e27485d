import { mkdir, readdir, readlink, rename, stat, symlink } from "node:fs/promises"
import { arch } from "node:os"
import { dirname, join } from "node:path"
import type { Image, StoredImage } from "../../contract/index.ts"
import { FireclayError } from "../../contract/index.ts"
import { attachmentsOf } from "../../images/attachments.ts"
import {
  blobPath,
  type Descriptor,
  keepBlobs,
  type Layout,
  mediaTypes,
  putFile,
  putJson,
  readBlob,
  readIndex,
  writeIndex,
} from "../../images/layout.ts"
import { isDigest } from "../../images/manifest.ts"
import { type CachedBase, cachedBase } from "./base.ts"
import { exists, removeTree } from "./files.ts"
import { withLock } from "./lock.ts"
import { hash, imagesDirectory, layersDirectory, type Place, shortName } from "./place.ts"

/** What lies under a machine. */
export interface Stack {
  /** Digests of the layers' archives, the base first. */
  readonly diffs: readonly string[]
  /** Names in the layers' directory, topmost first: the lowers of an overlay. */
  readonly lowers: readonly string[]
}

/** A new layer: its archive, and the same as a directory for overlays. Both are taken over. */
export interface NewLayer {
  readonly digest: string
  readonly archive: string
  readonly directory: string
}

/** What a machine stands on that starts from a base. */
export const stackOnBase = async (at: Place, base: CachedBase): Promise<Stack> => {
  const link = join(layersDirectory(at), shortName(base.digest))
  await mkdir(dirname(link), { recursive: true })
  await symlink(base.root, link).catch(async (error: NodeJS.ErrnoException) => {
    if (error.code !== "EEXIST") throw error
    if ((await readlink(link)) === base.root) return
    // Another cache directory than last time; the content is the same.
    await symlink(base.root, `${link}.new`)
    await rename(`${link}.new`, link)
  })
  return stackOf([base.digest])
}

/** What a machine stands on that starts from an image. */
export const stackOnImage = async (at: Place, digest: string): Promise<Stack> => {
  const manifest = await readManifest(at, digest)
  if (manifest === undefined)
    throw new FireclayError("FC_IMAGE_UNKNOWN", `there is no image ${digest} on this machine`, rebuild)
  const stack = stackOf(manifest.layers.map((layer) => layer.digest))
  await baseUnder(at, stack)
  return stack
}

/** The base at the bottom of a stack. */
export const baseUnder = async (at: Place, stack: Stack): Promise<CachedBase> => {
  const [bottom] = stack.diffs
  const link = join(layersDirectory(at), stack.lowers.at(-1) ?? "")
  const root = await readlink(link).catch(() => undefined)
  const base = root === undefined ? undefined : await cachedBase(dirname(root))
  if (base !== undefined && base.digest === bottom) return base
  throw new FireclayError("FC_IMAGE_UNKNOWN", "the base that the image stands on is no longer in the cache", {
    at: root ?? link,
    ...rebuild,
  })
}

/** Keeps a layer over what it was made on, and the image that both are. */
export const addImage = (at: Place, under: Stack, layer: NewLayer): Promise<Image> =>
  inStore(at, async (layout) => {
    const base = await baseUnder(at, under)
    await putFile(layout, mediaTypes.layer, { path: base.archive, digest: base.digest, move: false })
    await putFile(layout, mediaTypes.layer, { path: layer.archive, digest: layer.digest, move: true })
    const stack = stackOf([...under.diffs, layer.digest])
    const directory = join(layersDirectory(at), stack.lowers[0] ?? "")
    if (await exists(directory)) await removeTree(layer.directory)
    else await rename(layer.directory, directory)
    const layers = await Promise.all(stack.diffs.map((digest) => describe(layout, digest)))
    const config = await putJson(layout, mediaTypes.config, configOf(stack.diffs))
    const manifest = await putJson(layout, mediaTypes.manifest, {
      schemaVersion: 2,
      mediaType: mediaTypes.manifest,
      config,
      layers,
    })
    const others = (await readIndex(layout)).filter(({ digest }) => digest !== manifest.digest)
    await writeIndex(layout, [...others, manifest])
    return { digest: manifest.digest, size: sizeOf(layers) }
  })

/** The configuration of the image that a layer would make. */
export const configOver = (under: Stack, layer: Pick<NewLayer, "digest">): unknown =>
  configOf([...under.diffs, layer.digest])

/** `undefined`: no such image here. */
export const readImage = async (at: Place, digest: string): Promise<Image | undefined> => {
  const manifest = await readManifest(at, digest)
  return manifest === undefined ? undefined : { digest, size: sizeOf(manifest.layers) }
}

/** All images here, the oldest first. */
export const listImages = async (at: Place): Promise<readonly StoredImage[]> => {
  const layout = layoutOf(at)
  const found = await Promise.all(
    (await readIndex(layout)).map(async ({ digest }): Promise<readonly StoredImage[]> => {
      const manifest = await readManifest(at, digest)
      if (manifest === undefined) return []
      const { mtime } = await stat(blobPath(layout, digest))
      const layers = manifest.layers.map(({ digest: layer, size }) => ({ digest: layer, size }))
      return [{ digest, size: sizeOf(manifest.layers), layers, createdAt: mtime.toISOString() }]
    }),
  )
  return found.flat().sort((a, b) => (a.createdAt < b.createdAt ? -1 : 1))
}

/** Removes an image and the layers that no other image has. */
export const removeImage = (at: Place, digest: string): Promise<void> =>
  inStore(at, async (layout) => {
    const left = (await readIndex(layout)).filter((manifest) => manifest.digest !== digest)
    await writeIndex(layout, left)
    if (isDigest(digest)) await removeTree(attachmentsOf(layout, digest).directory)
    const manifests = await Promise.all(left.map((manifest) => readBlob<Manifest>(layout, manifest.digest)))
    const blobs = manifests.flatMap((manifest) => (manifest === undefined ? [] : [manifest.config, ...manifest.layers]))
    await keepBlobs(layout, new Set([...left, ...blobs].map((descriptor) => descriptor.digest)))
    const kept = manifests.flatMap((manifest) => stackOf((manifest?.layers ?? []).map((layer) => layer.digest)).lowers)
    await keepLayers(at, new Set(kept))
  })

interface Manifest {
  readonly config: Descriptor
  readonly layers: readonly Descriptor[]
}

const rebuild = { remedy: "fireclay build" } as const

const layoutOf = (at: Place): Layout => ({ directory: imagesDirectory(at) })

const inStore = async <T>(at: Place, action: (layout: Layout) => Promise<T>): Promise<T> => {
  const layout = layoutOf(at)
  await mkdir(layout.directory, { recursive: true })
  return withLock(layout.directory, () => action(layout))
}

const readManifest = (at: Place, digest: string): Promise<Manifest | undefined> =>
  isDigest(digest) ? readBlob<Manifest>(layoutOf(at), digest) : Promise.resolve(undefined)

/**
 * A layer's directory is named by its chain: itself and all below it. The same change may come twice in one stack,
 * and an overlay does not take one directory twice.
 */
const stackOf = (diffs: readonly string[]): Stack => {
  const chains: string[] = []
  for (const diff of diffs) {
    const below = chains.at(-1)
    chains.push(below === undefined ? diff : `sha256:${hash(`${below} ${diff}`)}`)
  }
  return { diffs, lowers: chains.map(shortName).reverse() }
}

const describe = (layout: Layout, digest: string): Promise<Descriptor> =>
  putFile(layout, mediaTypes.layer, { path: blobPath(layout, digest), digest, move: false })

const ociArchitectures: Readonly<Record<string, string>> = { x64: "amd64", ia32: "386", ppc64: "ppc64le" }

/** No times in it: the digest names content only. */
const configOf = (diffs: readonly string[]): unknown => ({
  architecture: ociArchitectures[arch()] ?? arch(),
  os: "linux",
  config: {
    Cmd: ["/sbin/init"],
    StopSignal: "SIGRTMIN+3",
    Env: ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"],
  },
  rootfs: { type: "layers", diff_ids: diffs },
})

const sizeOf = (layers: readonly Descriptor[]): number => layers.reduce((sum, layer) => sum + layer.size, 0)

/** Bases are links, cost nothing, and may have machines on them. */
const keepLayers = async (at: Place, names: ReadonlySet<string>): Promise<void> => {
  for (const entry of await readdir(layersDirectory(at), { withFileTypes: true }))
    if (entry.isDirectory() && !names.has(entry.name)) await removeTree(join(layersDirectory(at), entry.name))
}
