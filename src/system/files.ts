import type { Stats } from "node:fs"
import { lstat, readdir, readFile, rename, writeFile } from "node:fs/promises"

/** The file's text; `undefined` when it is not there. */
export const readText = (path: string): Promise<string | undefined> => absentAs(readFile(path, "utf8"), undefined)

/** Names in a directory, sorted; none when it is not there. */
export const namesIn = async (path: string): Promise<readonly string[]> =>
  (await absentAs(readdir(path), [] as string[])).sort()

/** What is there, links not followed. */
export const lookAt = (path: string): Promise<Stats | undefined> => absentAs(lstat(path), undefined)

export const exists = async (path: string): Promise<boolean> => (await lookAt(path)) !== undefined

/** Readers see the old file or the new one. */
export const writeAtomic = async (path: string, text: string | Uint8Array): Promise<void> => {
  const temporary = `${path}.${process.pid}.${counter++}.new`
  await writeFile(temporary, text)
  await rename(temporary, path)
}

let counter = 0

const absentAs = async <T, U>(promise: Promise<T>, otherwise: U): Promise<T | U> => {
  try {
    return await promise
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code
    if (code === "ENOENT" || code === "ENOTDIR") return otherwise
    throw error
  }
}
