import { once } from "node:events"
import { open, rm } from "node:fs/promises"
import { FireclayError, type ProcessWant } from "../../contract/index.ts"
import { lastingEnvironment } from "../../system/lasting-environment.ts"
import { lastLines, run, start } from "../../system/process.ts"
import { exists, readText } from "./files.ts"
import type { Parts } from "./place.ts"
import {
  inGroups,
  isAlive,
  isSystemdHost,
  leaderOf,
  makeGroup,
  markOf,
  type ProcessMark,
  pause,
  saveMark,
} from "./processes.ts"
import { loggedArgv, needlessCapabilities, programArgv } from "./program.ts"

export interface Bind {
  readonly source: string
  readonly target: string
}

export interface BootWant {
  readonly id: string
  readonly hostName: string
  readonly root: string
  readonly readOnly: boolean
  readonly binds: readonly Bind[]
  /** Path of the network namespace to join. */
  readonly namespace: string
}

/** Boots the machine and answers once its systemd has started everything. It outlives this process. */
export const boot = async (want: BootWant, files: Parts): Promise<void> => {
  const argv = [...machineArgv(want, await isSystemdHost()), "--boot"]
  await untilBooted(await launch(want.id, argv, files), files)
}

/** The same for a machine in which one program runs and no systemd: answers once that is under way. */
export const startProgram = async (want: BootWant, process: ProcessWant, files: Parts): Promise<void> => {
  const argv = [
    ...machineArgv(want, await isSystemdHost()),
    ...["--as-pid2", `--drop-capability=${needlessCapabilities.join(",")}`, "--"],
    ...programArgv(process),
  ]
  await untilInside(await launch(want.id, loggedArgv(files, argv), files), files)
}

/** Starts a machine in which only a sleeper runs, to be entered. Shares this machine's network. */
export const startSleeper = async (id: string, root: string, files: Parts): Promise<void> =>
  untilInside(await launch(id, sleeperArgv(id, root), files, sleeperEnvironment), files)

const untilInside = async (carrier: Carrier, files: Parts): Promise<void> => {
  const pid = await whileAlive(carrier, files, async () => {
    const leader = await leaderOf(carrier.mark.pid)
    const children = leader === undefined ? undefined : await readText(`/proc/${leader}/task/${leader}/children`)
    return children === undefined || children === "" ? undefined : leader
  })
  if (pid === undefined) throw await notStarted(files, "it did not start in time")
}

/** Removes what nspawn leaves on this machine when it is killed. */
export const forgetMachine = (id: string): Promise<void> =>
  rm(`/run/systemd/nspawn/propagate/${id}`, { recursive: true, force: true })

interface Carrier {
  readonly mark: ProcessMark
  readonly ended: () => boolean
}

const launch = async (
  id: string,
  argv: readonly string[],
  files: Parts,
  environment: NodeJS.ProcessEnv = {},
): Promise<Carrier> => {
  const groupFiles = await makeGroup(id)
  const log = await open(files.log, "a")
  try {
    const child = start(inGroups(groupFiles, argv), {
      detached: true,
      stdio: ["ignore", log.fd, log.fd],
      env: { ...lastingEnvironment(), ...environment },
    })
    let ended = false
    child.once("close", () => {
      ended = true
    })
    await once(child, "spawn")
    child.unref()
    const mark = child.pid === undefined ? undefined : await markOf(child.pid)
    if (mark === undefined) throw await notStarted(files, "it ended at once")
    await saveMark(files.process, mark)
    return { mark, ended: () => ended }
  } finally {
    await log.close()
  }
}

const startWithinMs = 90_000

const untilBooted = async (carrier: Carrier, files: Parts): Promise<void> => {
  const leader = await whileAlive(carrier, files, async () => {
    const pid = await leaderOf(carrier.mark.pid)
    return pid !== undefined && (await exists(`/proc/${pid}/root/run/systemd/private`)) ? pid : undefined
  })
  if (leader === undefined) throw await notStarted(files, "its systemd did not answer in time")
  const { exitCode, stdout } = await run(bootedArgv(leader), { timeoutMs: startWithinMs })
  if (exitCode === 0) return
  // Still starting when time was up is a machine that answers; a dead one is not.
  if (!(await isAlive(carrier.mark))) throw await notStarted(files, "it ended while it was starting")
  if (!stdout.toString().includes("starting")) throw await notStarted(files, "its systemd did not answer in time")
}

const whileAlive = async <T>(
  carrier: Carrier,
  files: Parts,
  find: () => Promise<T | undefined>,
): Promise<T | undefined> => {
  const deadline = performance.now() + startWithinMs
  while (performance.now() < deadline) {
    const found = await find()
    if (found !== undefined) return found
    if (carrier.ended() || !(await isAlive(carrier.mark)))
      throw await notStarted(files, "it ended while it was starting")
    await pause(8)
  }
  return undefined
}

const notStarted = async (files: Parts, why: string): Promise<FireclayError> =>
  new FireclayError("FC_INSTANCE_START", `the machine did not start: ${why}`, {
    at: files.directory,
    details: lastLines((await readText(files.log)) ?? ""),
  })

/** Same for each kind: nothing of this machine shows inside but what is asked for. */
const common = (id: string, root: string): readonly string[] => [
  "systemd-nspawn",
  "--quiet",
  `--directory=${root}`,
  `--machine=${id}`,
  "--settings=no",
  "--resolv-conf=off",
  "--timezone=off",
  "--link-journal=no",
]

const unregistered = ["--register=no", "--keep-unit"] as const

const machineArgv = (want: BootWant, registered: boolean): readonly string[] => [
  ...common(want.id, want.root),
  "--console=pipe",
  `--hostname=${want.hostName}`,
  `--network-namespace-path=${want.namespace}`,
  ...(registered ? [] : unregistered),
  ...(want.readOnly ? ["--read-only"] : []),
  ...want.binds.map(({ source, target }) => `--bind=${escapeColons(source)}:${escapeColons(target)}`),
]

// Filters of system calls would hold for the sleeper alone: what enters from outside has none of nspawn's. They are most of
// what nspawn takes to start.
const sleeperEnvironment = { SYSTEMD_SECCOMP: "0" } as const

const sleeperArgv = (id: string, root: string): readonly string[] => [
  ...common(id, root),
  ...unregistered,
  "--as-pid2",
  "--pipe",
  "sleep",
  "infinity",
]

const bootedArgv = (leader: number): readonly string[] => [
  ...["nsenter", "--target", String(leader), "--all", "--", "sh", "-c"],
  'until s=$(systemctl is-system-running --wait 2>&1); [ "$s" = running ] || [ "$s" = degraded ]; do echo "$s"; sleep 0.02; done',
]

const escapeColons = (path: string): string => path.replace(/[\\:]/g, "\\$&")
