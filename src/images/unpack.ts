import { createHash } from "node:crypto"
import { createReadStream, createWriteStream } from "node:fs"
import { open, readdir, rm } from "node:fs/promises"
import { join } from "node:path"
import { Transform } from "node:stream"
import { pipeline } from "node:stream/promises"
import { createGunzip, createZstdDecompress } from "node:zlib"
import { FireclayError } from "../contract/index.ts"
import { runOk } from "../system/process.ts"
import { checkArchive, type Links, type Whiteouts, whiteoutPrefix } from "./archive-check.ts"
import { tarHeaders } from "./tar-reader.ts"

/** An archive on this computer that is to become part of a root: plain, or by gzip or zstd. */
export interface ArchiveFile {
  readonly path: string
  /** Digest of the archive once it is decompressed, if that is known. */
  readonly diffId?: string
  /** What it is called in errors. */
  readonly at: string
}

/**
 * Unpacks archives over each other into an empty directory, as layers of an image. Of each its digest is checked, and
 * what it would write, before anything of it is written.
 *
 * @param workspace a directory of the caller's
 * @throws FireclayError FC_IMAGE_UNSAFE, FC_IMAGE_DIGEST
 */
export const unpackLayers = async (layers: readonly ArchiveFile[], root: string, workspace: string): Promise<void> => {
  const links: Links = new Set()
  const plain = join(workspace, "layer.plain")
  for (const { path, diffId, at } of layers) {
    const digest = await decompress(path, plain, at)
    if (diffId !== undefined && digest !== diffId) throw wrongDigest(at, diffId, digest)
    const whiteouts = checkArchive(links, await tarHeaders(plain, at), at)
    await takeAway(Buffer.from(root), whiteouts)
    await runOk(
      unpackArgv(plain, root),
      (message, details) =>
        new FireclayError("FC_IMAGE_UNSAFE", `an archive could not be unpacked: ${message}`, { at, details }),
    )
    await rm(plain)
  }
}

export const wrongDigest = (at: string, expected: string, found: string): FireclayError =>
  new FireclayError("FC_IMAGE_DIGEST", `what was read has the digest ${found}, and should have ${expected}`, {
    at,
    remedy: "it was changed or damaged on its way; get it again from where it comes from",
  })

/** Writes the archive as it is without compression; answers the digest of that. */
const decompress = async (path: string, plain: string, at: string): Promise<string> => {
  const sum = createHash("sha256")
  const tap = new Transform({
    transform: (piece: Buffer, _encoding, done) => {
      sum.update(piece)
      done(null, piece)
    },
  })
  const source = createReadStream(path, { highWaterMark: 1 << 20 })
  const target = createWriteStream(plain)
  const compression = await compressionOf(path, at)
  try {
    if (compression === "gzip") await pipeline(source, createGunzip(), tap, target)
    else if (compression === "zstd") await pipeline(source, createZstdDecompress(), tap, target)
    else await pipeline(source, tap, target)
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === "ENOSPC") throw cause
    throw new FireclayError("FC_IMAGE_UNSAFE", "an archive is not unpacked: it could not be decompressed", {
      at,
      remedy: "get it again from where it comes from",
      cause,
    })
  }
  return `sha256:${sum.digest("hex")}`
}

/** By its first bytes: what a manifest says of it is not always so. */
const compressionOf = async (path: string, at: string): Promise<"gzip" | "zstd" | "none"> => {
  const file = await open(path)
  const { buffer } = await file.read(Buffer.alloc(6), 0, 6, 0).finally(() => file.close())
  const begins = (hex: string): boolean => buffer.toString("hex").startsWith(hex)
  if (begins("fd377a585a00") || begins("425a68"))
    throw new FireclayError("FC_IMAGE_UNSAFE", "an archive is not unpacked: xz and bzip2 are not read here", {
      at,
      remedy: "compress it with zstd or gzip",
    })
  return begins("1f8b") ? "gzip" : begins("28b52ffd") ? "zstd" : "none"
}

/** The paths are bytes, and were checked: no part of them but the last is a link. */
const takeAway = async (root: Buffer, { gone, opaque }: Whiteouts): Promise<void> => {
  const under = (directory: Buffer, name: Buffer): Buffer => Buffer.concat([directory, slash, name])
  const at = (path: string): Buffer => under(root, Buffer.from(path, "latin1"))
  for (const path of gone) await rm(at(path), { recursive: true, force: true })
  for (const path of opaque) {
    const names = await readdir(at(path), { encoding: "buffer" }).catch(() => [])
    for (const name of names) await rm(under(at(path), name), { recursive: true, force: true })
  }
}

const slash = Buffer.from("/")

const unpackArgv = (archive: string, root: string): readonly string[] => [
  "tar",
  "--extract",
  "--preserve-permissions",
  "--same-owner",
  "--numeric-owner",
  "--xattrs",
  // Others have a meaning to this computer's own file systems.
  "--xattrs-include=security.capability",
  "--xattrs-include=user.*",
  "--warning=no-timestamp",
  `--exclude=${whiteoutPrefix}*`,
  "--anchored",
  "--exclude=dev/*",
  "--exclude=./dev/*",
  `--directory=${root}`,
  `--file=${archive}`,
]
