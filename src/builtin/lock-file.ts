import { join } from "node:path"
import type { LockFile } from "../contract/index.ts"
import { emptyLock, lockName, parseLock, renderLock } from "../core/index.ts"
import { readText, writeAtomic } from "../system/files.ts"

/** `fireclay.lock` beside the configuration: written by builds, committed by people. */
export const lockFile = (directory: string): LockFile => {
  const path = join(directory, lockName)
  return {
    read: async () => {
      const text = await readText(path)
      return text === undefined ? emptyLock : parseLock(text)
    },
    write: async (lock) => {
      const before = await readText(path)
      const after = renderLock(before, lock)
      if (after !== before) await writeAtomic(path, after)
    },
  }
}
