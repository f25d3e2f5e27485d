import { randomBytes } from "node:crypto"
import { mkdir, open, readFile, rename, rm, stat } from "node:fs/promises"
import { dirname, join } from "node:path"
import { FireclayError } from "../contract/index.ts"
import { sha256 } from "./chain.ts"

/** Keeps bytes under their sha256 and answers it. A file has its name only once it is whole and on disk. */
export const putBlobFile = async (directory: string, bytes: Uint8Array): Promise<string> => {
  const digest = sha256(bytes)
  const path = blobPath(directory, digest)
  if ((await sizeOf(path)) === bytes.length) return digest
  await mkdir(dirname(path), { recursive: true, mode: 0o700 })
  const temporary = `${path}.${randomBytes(6).toString("hex")}.tmp`
  try {
    await writeFlushed(temporary, bytes)
    await rename(temporary, path)
  } catch (error) {
    await rm(temporary, { force: true })
    throw error
  }
  await using parent = await open(dirname(path), "r")
  await parent.sync()
  return digest
}

/** @throws FireclayError FC_STORE_EDITED when the file is not what its name says */
export const readBlobFile = async (directory: string, digest: string): Promise<Uint8Array | undefined> => {
  // The digest becomes part of a path.
  if (!/^[0-9a-f]{64}$/.test(digest)) return undefined
  const path = blobPath(directory, digest)
  const bytes = await readFile(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return undefined
    throw error
  })
  if (bytes !== undefined && sha256(bytes) !== digest)
    throw new FireclayError("FC_STORE_EDITED", "a stored file is not what its name says", {
      at: path,
      remedy: "restore it from a backup, or remove it and make the release again",
    })
  return bytes
}

const blobPath = (directory: string, digest: string): string =>
  join(directory, "blobs", "sha256", digest.slice(0, 2), digest)

const writeFlushed = async (path: string, bytes: Uint8Array): Promise<void> => {
  await using file = await open(path, "wx", 0o600)
  await file.writeFile(bytes)
  await file.sync()
}

const sizeOf = async (path: string): Promise<number | undefined> => (await stat(path).catch(() => undefined))?.size
