import { resolve } from "node:path"
import { type Base, FireclayError, type ImageBase, type RootfsBase } from "../contract/index.ts"
import { lockFile } from "./lock-file.ts"

export interface PinOptions {
  /** The directory of the configuration. */
  readonly directory: string
  /** Look up tags again, whatever the lock file says. */
  readonly update?: boolean
}

/**
 * Says what bases mean: a tag by the lock file, or by its registry if it is not there yet; an archive by its digest. Each
 * is looked up once.
 */
export const openPins = (options: PinOptions): ((base: Base) => Promise<Base>) => {
  const known = new Map<string, Promise<Base>>()
  const file = lockFile(options.directory)
  let writing: Promise<void> = Promise.resolve()
  // One after the other: each writes the whole file.
  const writeDown = (image: string, digest: string): Promise<void> => {
    writing = writing.then(async () => {
      const lock = await file.read()
      await file.write({ ...lock, bases: { ...lock.bases, [image]: digest } })
    })
    return writing
  }
  return (base) => {
    const key = JSON.stringify(base)
    const found = known.get(key) ?? pin(base, options, writeDown)
    known.set(key, found)
    return found
  }
}

type WriteDown = (image: string, digest: string) => Promise<void>

const pin = async (base: Base, options: PinOptions, writeDown: WriteDown): Promise<Base> => {
  if ("image" in base) return pinImage(base, options, writeDown)
  return "rootfs" in base ? pinArchive(base, options) : base
}

const pinImage = async (
  { image }: ImageBase,
  { directory, update }: PinOptions,
  writeDown: WriteDown,
): Promise<ImageBase> => {
  const written = /@(sha256:[0-9a-f]{64})$/.exec(image)?.[1]
  if (written !== undefined) return { image, digest: written }
  const { bases } = await lockFile(directory).read()
  const locked = Object.hasOwn(bases, image) ? bases[image] : undefined
  if (locked !== undefined && update !== true) return { image, digest: locked }
  // Loaded here: few projects need a registry, and HTTP takes long to load.
  const { resolveReference } = await import("../images/index.ts")
  const digest = await resolveReference(image)
  if (digest !== locked) await writeDown(image, digest)
  return { image, digest }
}

const pinArchive = async ({ rootfs }: RootfsBase, { directory }: PinOptions): Promise<RootfsBase> => {
  const { hashFile } = await import("../images/index.ts")
  const digest = await hashFile(resolve(directory, rootfs)).catch((cause: NodeJS.ErrnoException) => {
    const why = cause.code === "ENOENT" ? "is not there" : `cannot be read (${cause.code})`
    throw new FireclayError("FC_SPEC_SOURCE", `the archive ${rootfs} ${why}`, {
      at: `rootfs(${JSON.stringify(rootfs)})`,
      remedy: `paths are relative to ${directory}`,
      cause,
    })
  })
  return { rootfs, sha256: digest.replace("sha256:", "") }
}
