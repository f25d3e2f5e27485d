import { readdirSync, readFileSync, readlinkSync } from "node:fs"

// Read at once, not through the thread pool: each is some 10 µs, and what belongs together is of one moment.

/** What `/proc/PID/stat` says of a process. */
export interface ProcessStat {
  readonly parent: number
  /** Ticks since boot: with the number it tells this process from a later one. */
  readonly started: string
  /** Its own processor time and that of children that it waited for. */
  readonly cpuSeconds: number
}

/** `undefined`: it has ended. `proc`: where a namespace's processes are seen, by their numbers in it. */
export const statOf = (pid: number, proc = "/proc"): ProcessStat | undefined => {
  const text = textOf(`${proc}/${pid}/stat`)
  // The program's name comes second, in brackets, and may hold spaces and brackets.
  const fields = text?.slice(text.lastIndexOf(")") + 2).split(" ")
  if (fields === undefined) return undefined
  const ticks = fields.slice(11, 15).reduce((sum, field) => sum + Number(field), 0)
  return { parent: Number(fields[1]), started: fields[19] ?? "", cpuSeconds: ticks / ticksPerSecond }
}

/** What it and the children that it waited for had written to disks; what was taken back unwritten does not count. */
export const writtenBytesOf = (pid: number, proc = "/proc"): number => {
  const text = textOf(`${proc}/${pid}/io`) ?? ""
  return numberIn(text, /^write_bytes: (\d+)/m) - numberIn(text, /^cancelled_write_bytes: (\d+)/m)
}

/**
 * Memory that is a process's own, and its part of what it shares with others: neither its program's text nor what the
 * kernel keeps of files, which both go when another needs the room.
 */
export const heldBytesOf = (pid: number, proc = "/proc"): number => {
  const text = textOf(`${proc}/${pid}/smaps_rollup`) ?? ""
  return 1024 * (numberIn(text, /^Pss_Anon: +(\d+)/m) + numberIn(text, /^Pss_Shmem: +(\d+)/m))
}

/** Received and sent by all links of a process's network but the one to itself. */
export const networkBytesOf = (pid: number): number | undefined => {
  const lines = textOf(`/proc/${pid}/net/dev`)?.split("\n").slice(2)
  return lines?.reduce((sum, line) => {
    const [name, counters = ""] = line.split(":")
    const [received, , , , , , , , sent] = counters.trim().split(/\s+/).map(Number)
    return name?.trim() === "lo" ? sum : sum + (received || 0) + (sent || 0)
  }, 0)
}

/** Which namespace of a kind it is in. */
export const namespaceOf = (pid: number | "self", kind: "mnt" | "net"): string | undefined => {
  try {
    return readlinkSync(`/proc/${pid}/ns/${kind}`)
  } catch {
    return undefined
  }
}

export const pidsIn = (proc: string): readonly number[] => {
  try {
    return readdirSync(proc).filter(isNumber).map(Number)
  } catch {
    return []
  }
}

/** A process has children of each of its threads. */
export const childrenOf = (pid: number): readonly number[] =>
  pidsIn(`/proc/${pid}/task`).flatMap((thread) =>
    (textOf(`/proc/${pid}/task/${thread}/children`) ?? "").split(" ").filter(isNumber).map(Number),
  )

/** `undefined`: it is not there, or no longer. */
export const textOf = (path: string): string | undefined => {
  try {
    return readFileSync(path, "utf8")
  } catch {
    return undefined
  }
}

// What Linux tells programs, whatever its own clock does.
const ticksPerSecond = 100

const isNumber = (name: string): boolean => /^\d+$/.test(name)
const numberIn = (text: string, pattern: RegExp): number => Number(text.match(pattern)?.[1] ?? 0)
