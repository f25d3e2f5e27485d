import type { MeteredMachine } from "../contract/index.ts"
import { groupClock, isInGroup } from "./groups.ts"
import { type Entry, openLedger, sum } from "./ledger.ts"
import { heldBytesOf, namespaceOf, networkBytesOf, pidsIn, statOf, textOf, writtenBytesOf } from "./proc.ts"

/** What a machine used since it was started, and what it holds now. */
export interface MachineUse {
  readonly cpuSeconds: number
  readonly heldBytes: number
  readonly writtenBytes: number
  readonly networkBytes: number
}

export interface MachineMeter {
  /** Of a machine that has ended: what was last seen. */
  readonly read: () => MachineUse
  /** What was read last. */
  readonly last: () => MachineUse
}

/**
 * Measures one machine. Its control group has the processor time of all that was started in it, and is not asked for
 * more: what else is in a group's books differs from one kernel's set-up to the next. What was brought into the machine
 * from outside, such as a session's shell, is in no group of its, and is added process by process.
 */
export const openMachine = ({ pid, group }: MeteredMachine): MachineMeter => {
  const clock = groupClock(pid, group)
  const started = statOf(pid)?.started
  const proc = `/proc/${pid}/root/proc`
  const isOwnNetwork = namespaceOf(pid, "net") !== namespaceOf("self", "net")
  const outside = openOutside(proc, clock === undefined ? undefined : group)
  const memory = openMemory(proc)
  const outsideCpu = openLedger()
  const written = openLedger()
  let last: MachineUse = { cpuSeconds: 0, heldBytes: 0, writtenBytes: 0, networkBytes: 0 }
  let [grouped, fromOutside, ended] = [0, 0, false]
  const readGroup = (): void => {
    // What reads less is the group of a later machine of the name.
    grouped = Math.max(grouped, clock?.() ?? 0)
  }
  return {
    read: () => {
      if (ended) return last
      // First: the group may be there a moment longer than the processes.
      readGroup()
      const seen = seenIn(proc)
      ended = seen.length === 0 || statOf(pid)?.started !== started
      if (!ended) fromOutside = outsideCpu.total(outside(seen))
      last = {
        cpuSeconds: grouped + fromOutside,
        heldBytes: ended ? 0 : memory(seen),
        writtenBytes: ended ? last.writtenBytes : written.total(seen.map((entry) => writtenEntry(entry, proc))),
        networkBytes: (isOwnNetwork && !ended ? networkBytesOf(pid) : undefined) ?? last.networkBytes,
      }
      return last
    },
    last: () => last,
  }
}

const writtenEntry = (entry: Entry, proc: string): Entry => ({ ...entry, used: writtenBytesOf(entry.pid, proc) })

/** Every process of the machine by its number in it, with its processor time. */
const seenIn = (proc: string): readonly Entry[] =>
  pidsIn(proc).flatMap((pid) => {
    const stat = statOf(pid, proc)
    return stat === undefined
      ? []
      : [{ key: `${pid} ${stat.started}`, pid, parent: stat.parent, used: stat.cpuSeconds }]
  })

/** Keeps those that the group's clock does not count; all of them where there is no group. */
const openOutside = (proc: string, group: string | undefined): ((seen: readonly Entry[]) => readonly Entry[]) => {
  const known = new Map<string, boolean>()
  const isOutside = ({ key, pid }: Entry): boolean => {
    const found = known.get(key) ?? (group === undefined || !isInGroup(textOf(`${proc}/${pid}/cgroup`) ?? "", group))
    known.set(key, found)
    return found
  }
  return (seen) => seen.filter(isOutside)
}

/** The kernel goes through all of a process's memory for this: a machine that holds much is asked less often. */
const openMemory = (proc: string): ((seen: readonly Entry[]) => number) => {
  let [held, notBefore] = [0, 0]
  return (seen) => {
    const began = performance.now()
    if (began < notBefore) return held
    held = sum(seen.map(({ pid }) => heldBytesOf(pid, proc)))
    const ended = performance.now()
    notBefore = ended + (ended - began) * pausePerWork
    return held
  }
}

// At most a twentieth of one core.
const pausePerWork = 20
