/** What a path stands on. */
export interface Ground {
  readonly isDirectory: boolean
  /** Whoever asks may write to it, and its file system takes writes. */
  readonly isWritable: boolean
  /** `undefined`: could not be told. */
  readonly fileSystem: FileSystem | undefined
}

export interface FileSystem {
  /** Equal for what lies on the same one. */
  readonly id: string
  readonly blockBytes: number
  /** For those who are not root: services need room too. */
  readonly freeBytes: number
  /** `undefined`: it has no fixed number of them. */
  readonly freeInodes: number | undefined
}

/** For each path that was asked its state, then for each that is there its file system; both end in `end`. */
export const toGrounds = (fields: readonly string[], paths: readonly string[]): ReadonlyMap<string, Ground> => {
  const grounds = new Map<string, Ground>()
  let at = 0
  let asked = 0
  while (at < fields.length) {
    const states = until(fields, at)
    const figures = until(fields, at + states.length + 1)
    at += states.length + figures.length + 2
    const known = figures.length === 6 * states.filter(isThere).length
    let there = 0
    for (const [index, state] of states.entries()) {
      const path = paths[asked + index]
      if (!isThere(state) || path === undefined) continue
      const own = figures.slice(there * 6, (there + 1) * 6)
      there += 1
      const fileSystem = known ? toFileSystem(own) : undefined
      grounds.set(path, { isDirectory: state.startsWith("d"), isWritable: state.endsWith("w"), fileSystem })
    }
    asked += states.length
  }
  return grounds
}

const isThere = (state: string): boolean => state.startsWith("d") || state.startsWith("e")

const until = (fields: readonly string[], from: number): readonly string[] => {
  const end = fields.indexOf("end", from)
  return fields.slice(from, end === -1 ? undefined : end)
}

/** File systems in memory may share an id; two of the same size as well count as one. */
const toFileSystem = ([
  id = "",
  block = "0",
  blocks = "0",
  free = "0",
  inodes = "0",
  freeInodes = "0",
]: readonly string[]): FileSystem => ({
  id: `${id}:${block}:${blocks}`,
  blockBytes: Number(block),
  freeBytes: Number(block) * Number(free),
  freeInodes: inodes === "0" ? undefined : Number(freeInodes),
})
