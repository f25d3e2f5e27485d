import { readdir, readFile, readlink } from "node:fs/promises"
import { basename } from "node:path"
import { setTimeout as sleep } from "node:timers/promises"
import { FireclayError, isFireclayError } from "../../contract/index.ts"
import { lastingEnvironment } from "../../system/lasting-environment.ts"
import { lastLines, run } from "../../system/process.ts"
import type { Places } from "./files.ts"

/** Starts in the background; ends once the ports are open. It can take over an older process's open ports. */
const launchHaproxy = (
  program: string,
  config: string,
  takeOver?: { readonly socket: string; readonly pid: number },
): readonly string[] => [
  program,
  "-D",
  "-f",
  config,
  ...(takeOver === undefined ? [] : ["-x", takeOver.socket, "-sf", String(takeOver.pid)]),
]

const listeners = (port: number): readonly string[] => ["ss", "-H", "-ltnp", `sport = :${port}`]

interface Launch {
  readonly program: string
  readonly places: Places
  readonly address: string
  readonly port: number
  /** The process to replace; its requests in flight are finished by it. */
  readonly oldPid: number | undefined
}

/**
 * @throws FireclayError FC_ROUTER when it does not start, naming who has the port if that is why;
 *   FC_MISSING_TOOL without HAProxy
 */
export const launch = async (what: Launch, tries = 5): Promise<void> => {
  const { program, places, address, port, oldPid } = what
  const takeOver = oldPid === undefined ? undefined : { socket: places.socket, pid: oldPid }
  const argv = launchHaproxy(program, places.config, takeOver)
  const { exitCode, stderr } = await run(argv, { env: withSystemPath(lastingEnvironment()), timeoutMs: 15_000 })
  if (exitCode === 0) return
  const details = lastLines(stderr)
  if (/cannot bind.*Address already in use/i.test(stderr.toString())) {
    if (tries === 1) throw await portTaken(address, port, details)
    // A router that was killed keeps its port for a moment, when it is no process any more that could be found.
    await sleep(50)
    return launch(what, tries - 1)
  }
  throw new FireclayError("FC_ROUTER", `HAProxy did not start (it ended with ${exitCode})`, {
    at: places.config,
    remedy: `haproxy -c -f ${places.config}`,
    details,
  })
}

/** The processes that run with this configuration file, also one that no longer answers. */
export const findProcesses = async (config: string): Promise<readonly number[]> => {
  const ours = await readlink("/proc/self/ns/mnt")
  const candidates = (await readdir("/proc")).filter((name) => /^\d+$/.test(name))
  const found = await Promise.all(
    candidates.map(async (pid) => {
      try {
        const argv = (await readFile(`/proc/${pid}/cmdline`, "utf8")).split("\0")
        if (!basename(argv[0] ?? "").startsWith("haproxy") || !argv.includes(config)) return undefined
        // A container may have a file of the same name; its processes are not ours.
        return (await readlink(`/proc/${pid}/ns/mnt`)) === ours ? Number(pid) : undefined
      } catch {
        return undefined // It ended while we looked.
      }
    }),
  )
  return found.filter((pid) => pid !== undefined)
}

/** Ends all processes with this configuration: at once, and by force after 2 s. */
export const stopProcesses = async (config: string): Promise<void> => {
  const deadline = Date.now() + 2000
  for (const pid of await findProcesses(config)) signal(pid, "SIGTERM")
  for (;;) {
    const left = await findProcesses(config)
    if (left.length === 0) return
    if (Date.now() > deadline) for (const pid of left) signal(pid, "SIGKILL")
    await sleep(10)
  }
}

/** Whom HAProxy can become: Debian's package makes a user for it. */
export const unprivilegedUser = async (): Promise<string | undefined> => {
  if (process.getuid?.() !== 0) return undefined
  const passwd = await readFile("/etc/passwd", "utf8").catch(() => "")
  return /^haproxy:/m.test(passwd) ? "haproxy" : undefined
}

const signal = (pid: number, name: NodeJS.Signals): void => {
  try {
    process.kill(pid, name)
  } catch {
    // It has ended.
  }
}

const portTaken = async (address: string, port: number, details: readonly string[]): Promise<FireclayError> => {
  const holder = await holderOf(port)
  return new FireclayError("FC_ROUTER", `port ${port} is taken${holder === undefined ? "" : ` by ${holder}`}`, {
    at: `${address}:${port}`,
    remedy: "stop that program, or give the fleet another port with listen",
    details,
  })
}

/** `nginx (process 123)`, where `ss` is installed and may tell. */
const holderOf = async (port: number): Promise<string | undefined> => {
  try {
    const { stdout } = await run(listeners(port), { env: withSystemPath(process.env), timeoutMs: 2000 })
    const [, name, pid] = /users:\(\("([^"]*)",pid=(\d+)/.exec(stdout.toString()) ?? []
    return name === undefined ? undefined : `${name} (process ${pid})`
  } catch (error) {
    if (isFireclayError(error)) return undefined
    throw error
  }
}

/** Debian keeps HAProxy and `ss` where a plain user's PATH does not look. */
const withSystemPath = (env: NodeJS.ProcessEnv): NodeJS.ProcessEnv => ({
  ...env,
  PATH: `${env.PATH ?? ""}:/usr/sbin:/usr/bin:/sbin:/bin`,
})
