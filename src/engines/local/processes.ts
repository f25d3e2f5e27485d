import { mkdir, readdir, readFile, readlink, rmdir, stat } from "node:fs/promises"
import { join } from "node:path"
import { exists, namesIn, readText, writeAtomic } from "./files.ts"

/** A process, told apart from a later one of the same number by when it started. */
export interface ProcessMark {
  readonly pid: number
  /** Clock ticks since boot, as `/proc/PID/stat` has it. */
  readonly startedTicks: string
}

/** Marks a running process; `undefined` when it has ended. */
export const markOf = async (pid: number): Promise<ProcessMark | undefined> => {
  const fields = await statFields(pid)
  return fields === undefined || fields.state === "Z" ? undefined : { pid, startedTicks: fields.startedTicks }
}

export const isAlive = async (mark: ProcessMark | undefined): Promise<boolean> =>
  mark !== undefined && (await markOf(mark.pid))?.startedTicks === mark.startedTicks

export const saveMark = (path: string, mark: ProcessMark): Promise<void> => writeAtomic(path, JSON.stringify(mark))

export const readMark = async (path: string): Promise<ProcessMark | undefined> => {
  const text = await readText(path)
  return text === undefined ? undefined : (JSON.parse(text) as ProcessMark)
}

/**
 * The first process inside the machine that this nspawn runs: its only child that sees other processes than we do
 * and has another root than we have. `undefined`: not there yet, or no longer.
 */
export const leaderOf = async (pid: number): Promise<number | undefined> => {
  const children = (await readText(`/proc/${pid}/task/${pid}/children`).catch(() => undefined)) ?? ""
  for (const child of children.split(" ").filter(Boolean).map(Number)) if (await isInside(child)) return child
  return undefined
}

/**
 * Every process that belongs to a machine: those in its control group. Where it has none of ours, because this host's
 * systemd made one, the nspawn that carries it.
 */
export const processesOf = async (id: string): Promise<readonly number[]> => {
  const isGrouped = (await Promise.all(groupRoots.map((root) => exists(join(root, id))))).includes(true)
  // All that runs on this computer would have to be looked through.
  const carriers = isGrouped ? [] : await carriersOf((machine) => machine === id)
  return [...new Set([...(await groupedOf(id)), ...carriers.map(({ pid }) => pid)])]
}

const groupedOf = async (id: string): Promise<readonly number[]> =>
  (await Promise.all(groupRoots.map((root) => processesInGroup(join(root, id))))).flat()

/** The nspawn processes whose machine's name satisfies the test, from their command lines. */
export const carriersOf = async (
  matches: (machine: string) => boolean,
): Promise<readonly { readonly pid: number; readonly machine: string }[]> => {
  const pids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name)).map(Number)
  const found = await Promise.all(pids.map(async (pid) => ({ pid, machine: await machineOf(pid) })))
  return found.flatMap(({ pid, machine }) => (machine !== undefined && matches(machine) ? [{ pid, machine }] : []))
}

/**
 * Kills a machine: first what runs inside, so that nspawn cleans up after itself, then nspawn. Killing nspawn alone
 * would leave the inside running.
 */
export const killMachine = async (id: string, carrier: ProcessMark | undefined): Promise<void> => {
  for (const nspawn of await livingCarriers(id, carrier)) {
    if (!(await killInside(nspawn))) continue
    await untilEnded(nspawn)
  }
  await killAll(() => livingProcesses(id))
}

/** The same for one that only ever had this carrier: other processes of this computer are not looked through. */
export const killKnown = async (id: string, carrier: ProcessMark): Promise<void> => {
  if ((await killInside(carrier)) || (await isAlive(carrier))) await untilEnded(carrier)
  await killAll(async () => [...((await isAlive(carrier)) ? [carrier.pid] : []), ...(await alive(await groupedOf(id)))])
}

/**
 * Kills what runs inside and answers once all of it has ended: a first process takes all others of its namespace along
 * before it ends itself. The nspawn around it may still be cleaning up. False: there is nothing inside.
 */
export const killInside = async (carrier: ProcessMark): Promise<boolean> => {
  const leader = await leaderOf(carrier.pid)
  const mark = leader === undefined ? undefined : await markOf(leader)
  if (mark === undefined) return false
  signal(mark.pid, "SIGKILL")
  return waitUntil(async () => !(await isAlive(mark)), 1000, 2)
}

const untilEnded = (carrier: ProcessMark): Promise<boolean> => waitUntil(async () => !(await isAlive(carrier)), 1000, 2)

const killAll = async (find: () => Promise<readonly number[]>): Promise<void> => {
  for (let attempt = 0; attempt < 50; attempt++) {
    const left = await find()
    if (left.length === 0) return
    for (const pid of left) signal(pid, "SIGKILL")
    await pause(20)
  }
}

/** Sends a signal; a process that has ended is no error. */
export const signal = (pid: number, name: NodeJS.Signals | number): void => {
  try {
    process.kill(pid, name)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error
  }
}

/** Asks again every few milliseconds; false when time is up. */
export const waitUntil = async (done: () => Promise<boolean>, withinMs: number, everyMs = 8): Promise<boolean> => {
  const deadline = performance.now() + withinMs
  while (!(await done())) {
    if (performance.now() > deadline) return false
    await pause(everyMs)
  }
  return true
}

export const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

/** Whether systemd runs this host: then nspawn asks it for a control group of its own. */
export const isSystemdHost = async (): Promise<boolean> =>
  (await stat("/run/systemd/system").catch(() => undefined)) !== undefined

/**
 * Makes a control group for a machine and answers the files that a process joins it by. Without a group of its own,
 * two machines' systemds would share one tree and each kill the other's services.
 */
export const makeGroup = async (id: string): Promise<readonly string[]> => {
  if (await isSystemdHost()) return []
  const made = await Promise.all(
    groupRoots.map(async (root) => {
      if ((await readText(join(root, "cgroup.procs"))) === undefined) return []
      await mkdir(join(root, id), { recursive: true })
      return [join(root, id, "cgroup.procs")]
    }),
  )
  return made.flat()
}

/** Removes a machine's control groups once its processes have ended. */
export const removeGroup = async (id: string): Promise<void> => {
  for (const root of groupRoots) await waitUntil(() => removeGroupTree(join(root, id)), 1000)
}

/** Control groups whose name satisfies the test. */
export const groups = async (matches: (id: string) => boolean): Promise<readonly string[]> => {
  const found = await Promise.all(
    groupRoots.map(async (root) => (await namesIn(root)).filter(matches).map((name) => join(root, name))),
  )
  return found.flat()
}

// Hybrid hosts have systemd's own tree beside the unified one; others have one tree.
const groupRoots = ["/sys/fs/cgroup/systemd", "/sys/fs/cgroup/unified", "/sys/fs/cgroup"]

const statFields = async (
  pid: number,
): Promise<{ readonly state: string; readonly startedTicks: string } | undefined> => {
  const text = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => undefined)
  // The program's name comes second, in brackets, and may hold spaces and brackets.
  const fields = text?.slice(text.lastIndexOf(")") + 2).split(" ")
  return fields === undefined ? undefined : { state: fields[0] ?? "", startedTicks: fields[19] ?? "" }
}

const isInside = async (pid: number): Promise<boolean> => {
  try {
    const [theirs, ours] = await Promise.all([readlink(`/proc/${pid}/ns/pid`), readlink("/proc/self/ns/pid")])
    const [root, host] = await Promise.all([stat(`/proc/${pid}/root/`), stat("/")])
    return theirs !== ours && (root.dev !== host.dev || root.ino !== host.ino)
  } catch {
    return false
  }
}

const machineOf = async (pid: number): Promise<string | undefined> => {
  const text = await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "")
  const argv = text.split("\0")
  if (!(argv[0] ?? "").endsWith("systemd-nspawn")) return undefined
  return argv.find((word) => word.startsWith("--machine="))?.slice("--machine=".length)
}

const processesInGroup = async (directory: string): Promise<readonly number[]> => {
  const text = await readText(join(directory, "cgroup.procs")).catch(() => undefined)
  if (text === undefined) return []
  const own = text.split("\n").filter(Boolean).map(Number)
  const below = await Promise.all((await childGroups(directory)).map(processesInGroup))
  return [...own, ...below.flat()]
}

const childGroups = async (directory: string): Promise<readonly string[]> => {
  const entries = await readdir(directory, { withFileTypes: true }).catch(() => [])
  return entries.filter((entry) => entry.isDirectory()).map((entry) => join(directory, entry.name))
}

/** The one that was written down, or, where nothing was, those whose command line names the machine. */
const livingCarriers = async (id: string, carrier: ProcessMark | undefined): Promise<readonly ProcessMark[]> => {
  if (carrier !== undefined && (await isAlive(carrier))) return [carrier]
  const found = await carriersOf((machine) => machine === id)
  return (await Promise.all(found.map(({ pid }) => markOf(pid)))).filter((mark) => mark !== undefined)
}

const livingProcesses = async (id: string): Promise<readonly number[]> => alive(await processesOf(id))

const alive = async (pids: readonly number[]): Promise<readonly number[]> => {
  const marks = await Promise.all(pids.map(markOf))
  return marks.flatMap((mark) => (mark === undefined ? [] : [mark.pid]))
}

const removeGroupTree = async (directory: string): Promise<boolean> => {
  for (const child of await childGroups(directory)) await removeGroupTree(child)
  try {
    await rmdir(directory)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "ENOENT"
  }
}

/** Kept apart from the machine's start so that it can be tested: joins control groups, then becomes the program. */
export const inGroups = (files: readonly string[], argv: readonly string[]): readonly string[] => [
  "sh",
  "-c",
  'n=$1; shift; while [ "$n" -gt 0 ]; do echo $$ >"$1"; shift; n=$((n - 1)); done; exec "$@"',
  "sh",
  String(files.length),
  ...files,
  ...argv,
]
