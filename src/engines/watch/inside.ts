import type { Stats } from "node:fs"
import { readFile } from "node:fs/promises"
import { join } from "node:path"
import { setTimeout as sleep } from "node:timers/promises"
import type { Sighting } from "../../contract/index.ts"
import { namespaceOf, sessionsIn } from "./sessions.ts"
import { watchTree } from "./tree.ts"

/** Of people who come in the kernel tells nothing: their processes are looked for so often. */
const everyMs = 500

/**
 * Watches a machine that runs on this computer from outside, where nobody inside can end it: programs that come to where
 * something can be written, and who comes in.
 *
 * @param leader its first process
 */
export const watchInside = async (
  leader: number,
  tell: (seen: Sighting) => void,
  signal: AbortSignal,
): Promise<void> => {
  const namespace = await namespaceOf(leader)
  if (namespace === undefined) return
  const root = `/proc/${leader}/root`
  const ended = new AbortController()
  const over = AbortSignal.any([signal, ended.signal])
  const tellFile = (path: string, stats: Stats): void => {
    const mode = `0${(stats.mode & 0o7777).toString(8)}`
    if (stats.isFile() && (stats.mode & 0o111) !== 0) tell({ kind: "program", path: path.slice(root.length), mode })
  }
  const places = writablePlaces(await readFile(`/proc/${leader}/mountinfo`, "utf8"))
  await Promise.all(places.map((place) => watchTree(join(root, place), tellFile, over).catch(() => undefined)))
  const known = new Set<string>()
  while (!signal.aborted && (await namespaceOf(leader)) === namespace) {
    const sessions = await sessionsIn(namespace, root)
    for (const session of sessions.filter(({ who }) => !known.has(who))) tell({ kind: "login session", ...session })
    known.clear()
    for (const { who } of sessions) known.add(who)
    await sleep(everyMs, undefined, { signal }).catch(() => undefined)
  }
  ended.abort()
}

/** Pure: where something can be written, from the machine's own list of mounts. */
export const writablePlaces = (mountinfo: string): readonly string[] =>
  mountinfo
    .split("\n")
    .map((line) => line.split(" "))
    .filter(([, , , , place = "", options = "", ...rest]) => {
      const kind = rest[rest.indexOf("-") + 1] ?? ""
      const isReal = /^(ext[234]|xfs|btrfs|zfs|f2fs|jfs|overlay|tmpfs)$/.test(kind)
      return isReal && /(^|,)rw(,|$)/.test(options) && !/^\/(proc|sys|run\/host|dev(?!\/shm$))(\/|$)/.test(place)
    })
    .map(([, , , , place = ""]) => plain(place))

const plain = (path: string): string =>
  path.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)))
