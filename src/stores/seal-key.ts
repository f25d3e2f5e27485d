import { randomBytes } from "node:crypto"
import { chmod, link, mkdir, open, readFile, rm } from "node:fs/promises"
import { join } from "node:path"
import { FireclayError } from "../contract/index.ts"

const keyLength = 32

/**
 * The project's key for digests of secrets: `seal.key` in its state, for its owner only, made at the first need. Two
 * processes that need it at the same time get the same.
 *
 * @throws FireclayError FC_STORE
 */
export const readSealKey = async (directory: string): Promise<Uint8Array> => {
  const path = join(directory, "seal.key")
  try {
    const key = (await readIfThere(path)) ?? (await makeKey(directory, path))
    if (key.length === keyLength) return key
  } catch (cause) {
    throw unusable(path, `could not be read or made (${(cause as NodeJS.ErrnoException).code})`, cause)
  }
  throw unusable(path, `is not ${keyLength} bytes long`, undefined)
}

const readIfThere = (path: string): Promise<Uint8Array | undefined> =>
  readFile(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return undefined
    throw error
  })

/** Whole and on disk before it has its name; the first to link it wins. */
const makeKey = async (directory: string, path: string): Promise<Uint8Array> => {
  await mkdir(directory, { recursive: true, mode: 0o700 })
  await chmod(directory, 0o700)
  const temporary = `${path}.${randomBytes(6).toString("hex")}`
  try {
    await writeFlushed(temporary, randomBytes(keyLength))
    await link(temporary, path).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== "EEXIST") throw error
    })
  } finally {
    await rm(temporary, { force: true })
  }
  return readFile(path)
}

const writeFlushed = async (path: string, bytes: Uint8Array): Promise<void> => {
  await using file = await open(path, "wx", 0o600)
  await file.writeFile(bytes)
  await file.sync()
}

const unusable = (path: string, why: string, cause: unknown): FireclayError =>
  new FireclayError("FC_STORE", `the key of the project's sealed digests ${why}`, {
    at: path,
    remedy: "restore it from a copy; without it, remove it: the next apply writes every secret again",
    cause,
  })
