import { childrenOf, heldBytesOf, namespaceOf, statOf, writtenBytesOf } from "./proc.ts"

/** What a process and all that it started used, machines apart. */
export interface ControllerUse extends Used {
  readonly heldBytes: number
}

export interface ControllerMeter {
  /** @param machines first processes of the machines that run */
  readonly read: (machines: readonly number[]) => ControllerUse
  /** What was read last. */
  readonly last: () => ControllerUse
}

/** Measures a process with its children. Of one that has ended: what was last seen. */
export const openController = (pid: number): ControllerMeter => {
  const started = statOf(pid)?.started
  let last: ControllerUse = { ...nothing, heldBytes: 0 }
  let apart: ReadonlyMap<string, Used> = new Map()
  let [takenOver, before] = [nothing, nothing]
  return {
    read: (machines) => {
      last = { ...last, heldBytes: 0 }
      if (started === undefined || statOf(pid)?.started !== started) return last
      const tree = walk(pid, edgesOf(machines))
      // What a machine's process used is in the books of whoever waited for it from then on. One that left the tree alive,
      // since what started it has ended, is waited for elsewhere: then nothing of it came into these books.
      const gone = [...apart].reduce((all, [key, used]) => (tree.apart.has(key) ? all : plus(all, used)), nothing)
      takenOver = plus(takenOver, leastOf(gone, plus(tree.own, before, -1)))
      ;[apart, before] = [tree.apart, tree.own]
      last = { ...plus(tree.own, takenOver, -1), heldBytes: tree.heldBytes }
      return last
    },
    last: () => last,
  }
}

/** Figures that a process hands to the one that waits for it. */
interface Used {
  readonly cpuSeconds: number
  readonly writtenBytes: number
}

const nothing: Used = { cpuSeconds: 0, writtenBytes: 0 }

const plus = (left: Used, right: Used, times = 1): Used => ({
  cpuSeconds: left.cpuSeconds + times * right.cpuSeconds,
  writtenBytes: left.writtenBytes + times * right.writtenBytes,
})

/** Of each figure the smaller, and none below 0. */
const leastOf = (left: Used, right: Used): Used => ({
  cpuSeconds: Math.max(0, Math.min(left.cpuSeconds, right.cpuSeconds)),
  writtenBytes: Math.max(0, Math.min(left.writtenBytes, right.writtenBytes)),
})

/** Where the controller's own processes end and a machine's begin. */
interface Edges {
  /** Of the machines' first processes. */
  readonly mounts: ReadonlySet<string>
  readonly carriers: ReadonlySet<number>
}

const edgesOf = (machines: readonly number[]): Edges => ({
  mounts: new Set(machines.flatMap((pid) => namespaceOf(pid, "mnt") ?? [])),
  carriers: new Set(machines.flatMap((pid) => statOf(pid)?.parent ?? [])),
})

interface Tree {
  readonly own: Used
  readonly heldBytes: number
  /** Machines' processes that are children of the tree: what each and all below it used. */
  readonly apart: ReadonlyMap<string, Used>
}

const walk = (root: number, { mounts, carriers }: Edges): Tree => {
  let [own, heldBytes] = [nothing, 0]
  const apart = new Map<string, Used>()
  const visit = (pid: number): void => {
    const stat = statOf(pid)
    if (stat === undefined) return
    if (pid !== root && (carriers.has(pid) || mounts.has(namespaceOf(pid, "mnt") ?? ""))) {
      apart.set(`${pid} ${stat.started}`, usedBelow(pid))
      return
    }
    own = plus(own, usedBy(pid))
    heldBytes += heldBytesOf(pid)
    childrenOf(pid).forEach(visit)
  }
  visit(root)
  return { own, heldBytes, apart }
}

const usedBy = (pid: number): Used => ({
  cpuSeconds: statOf(pid)?.cpuSeconds ?? 0,
  writtenBytes: writtenBytesOf(pid),
})

const usedBelow = (pid: number): Used =>
  childrenOf(pid).reduce((used, child) => plus(used, usedBelow(child)), usedBy(pid))
