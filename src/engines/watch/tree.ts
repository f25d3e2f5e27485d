import { type FSWatcher, type Stats, watch } from "node:fs"
import { lstat, readdir } from "node:fs/promises"
import { join } from "node:path"

/**
 * Tells of each file that comes or is changed in a directory and below, on its own file system, by the kernel's
 * notifications, until the signal. Node's own recursive watching takes a watch for each file, and misses what lies in a
 * directory before that is watched.
 */
export const watchTree = async (
  top: string,
  tell: (path: string, stats: Stats) => void,
  signal: AbortSignal,
): Promise<void> => {
  const watchers = new Map<string, FSWatcher>()
  const { dev } = await lstat(top)
  const forget = (directory: string): void => {
    watchers.get(directory)?.close()
    watchers.delete(directory)
  }
  const follow = async (directory: string, isNew: boolean): Promise<void> => {
    if (signal.aborted || watchers.has(directory)) return
    try {
      const watcher = watch(directory, { persistent: false }, (_, name) => {
        if (name !== null) look(join(directory, name)).catch(() => undefined)
      })
      watcher.on("error", () => forget(directory))
      watchers.set(directory, watcher)
    } catch {
      // It is gone again, or the kernel has no more watches to give: the next look finds what comes there.
      return
    }
    for (const entry of await readdir(directory, { withFileTypes: true }).catch(() => [])) {
      const path = join(directory, entry.name)
      if (isNew) await look(path)
      else if (entry.isDirectory() && (await lstat(path).catch(() => undefined))?.dev === dev) await follow(path, false)
    }
  }
  const look = async (path: string): Promise<void> => {
    const stats = await lstat(path).catch(() => undefined)
    if (stats === undefined) return forget(path)
    if (stats.dev !== dev) return
    if (stats.isDirectory()) await follow(path, true)
    else tell(path, stats)
  }
  signal.addEventListener("abort", () => [...watchers.keys()].forEach(forget), { once: true })
  await follow(top, false)
}
