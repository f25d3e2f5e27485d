import { join } from "node:path"
import { textOf } from "./proc.ts"

/** Reads the processor seconds of a control group; `undefined` once it is gone. */
export type GroupClock = () => number | undefined

/**
 * The clock of the control group that a machine has to itself: the one in whose name `group` stands. It knows of
 * processes that lived too shortly to be seen. `undefined`: the machine has none.
 */
export const groupClock = (pid: number, group: string): GroupClock | undefined => {
  const paths = groupPaths(textOf(`/proc/${pid}/cgroup`) ?? "", group)
  return clocks(paths).find((clock) => clock() !== undefined)
}

/** Whether a process is in a group in whose name `group` stands. */
export const isInGroup = (cgroup: string, group: string): boolean => groupPaths(cgroup, group).size > 0

/**
 * From `/proc/PID/cgroup`: by controller (`""`: the unified tree) the path down to what is called so. systemd writes
 * `-` as `\x2d` there.
 */
export const groupPaths = (cgroup: string, group: string): ReadonlyMap<string, string> =>
  new Map(
    cgroup.split("\n").flatMap((line) => {
      const [, controllers = "", path = ""] = line.match(/^\d+:([^:]*):(.*)$/) ?? []
      const parts = path.split("/")
      const at = parts.findIndex((part) => unescaped(part).includes(group))
      return at < 0 ? [] : controllers.split(",").map((name) => [name, parts.slice(0, at + 1).join("/")] as const)
    }),
  )

const unescaped = (part: string): string =>
  part.replace(/\\x([0-9a-f]{2})/g, (_, code: string) => String.fromCharCode(Number.parseInt(code, 16)))

const clocks = (paths: ReadonlyMap<string, string>): readonly GroupClock[] => {
  const old = paths.get("cpuacct")
  const unified = paths.get("")
  return [
    ...(old === undefined ? [] : ["/sys/fs/cgroup/cpuacct", "/sys/fs/cgroup/cpu,cpuacct"].map(oldClock(old))),
    ...(unified === undefined ? [] : ["/sys/fs/cgroup", "/sys/fs/cgroup/unified"].map(unifiedClock(unified))),
  ]
}

const oldClock =
  (path: string) =>
  (root: string): GroupClock =>
  () => {
    const text = textOf(join(root, path, "cpuacct.usage"))
    return text === undefined ? undefined : Number(text) / 1e9
  }

const unifiedClock =
  (path: string) =>
  (root: string): GroupClock =>
  () => {
    const text = textOf(join(root, path, "cpu.stat"))?.match(/^usage_usec (\d+)/m)?.[1]
    return text === undefined ? undefined : Number(text) / 1e6
  }
