import { once } from "node:events"
import { FireclayError } from "../../contract/index.ts"
import { killGroup, start } from "../../system/process.ts"

/**
 * Runs `action` while holding the kernel's lock on a file or directory that exists. The lock belongs to a helper that
 * ends with this process's end of a pipe, so that a controller that is killed leaves none behind.
 */
export const withLock = async <T>(path: string, action: () => Promise<T>): Promise<T> => {
  const holder = start(flock(path), { stdio: ["pipe", "pipe", "ignore"], detached: true })
  const ended = once(holder, "close")
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  holder.stdout?.once("data", () => resolve())
  holder.once("error", reject)
  holder.once("close", () => reject(new FireclayError("FC_MISSING_TOOL", `flock could not lock ${path}`)))
  holder.stdin?.on("error", () => undefined)
  // Said back by what it becomes once it has the lock.
  holder.stdin?.write("held\n")
  try {
    await promise
    return await action()
  } finally {
    holder.stdin?.end()
    await ended.catch(() => killGroup(holder))
  }
}

const flock = (path: string): readonly string[] => ["flock", "--no-fork", path, "cat"]
