import { existsSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { readdir, readFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { lastLines, run, start } from "../../src/system/process.ts"
import { until } from "./docker.ts"

/** A Docker daemon of a test's own, beside any other: it may be killed. */
export interface PrivateDocker {
  /** Has programs find it. */
  readonly environment: NodeJS.ProcessEnv
  /** At once, as when its memory is taken: `kill -9`. */
  readonly kill: () => Promise<void>
  readonly start: () => Promise<void>
  /** The first process of a container, as this computer numbers it; `undefined`: it does not run. */
  readonly pidOf: (container: string) => Promise<number | undefined>
  readonly dispose: () => Promise<void>
}

/**
 * Its networks reach this computer only: it writes no firewall rules, which would be those of the other one, too. Its
 * containerd is a process of its own, as Debian has it, and lives on when the daemon is killed.
 */
export const openPrivateDocker = async (): Promise<PrivateDocker> => {
  const home = mkdtempSync(join(tmpdir(), "fireclay-dockerd-"))
  const host = `unix://${join(home, "docker.sock")}`
  const environment = { ...process.env, DOCKER_HOST: host }
  const docker = (...argv: readonly string[]) => run(["docker", ...argv], { env: environment })
  const answers = async (): Promise<boolean> => (await docker("version", "--format", "ok")).exitCode === 0
  const begin = (): Promise<void> => startDaemon(home, daemonArgv(home, host), answers)
  writeFileSync(containerdConfig(home), containerdSettings(home))
  await startDaemon(home, ["containerd", "--config", containerdConfig(home)], async () =>
    existsSync(containerdAt(home)),
  )
  await begin()
  return {
    environment,
    start: begin,
    kill: () => stop(home, "SIGKILL"),
    pidOf: async (container) => {
      const pid = Number((await docker("inspect", "--format", "{{.State.Pid}}", container)).stdout.toString())
      return pid > 0 ? pid : undefined
    },
    dispose: async () => {
      await stop(home, "SIGTERM")
      // Its containerd, and whatever carried containers of a daemon that was killed.
      for (const pid of await processesNaming(home)) signal(pid, "SIGKILL")
      await unmountAll(home)
      rmSync(home, { recursive: true, force: true })
    },
  }
}

const daemonArgv = (home: string, host: string): readonly string[] => [
  ...["dockerd", "--host", host, "--pidfile", join(home, "dockerd.pid")],
  ...["--data-root", join(home, "data"), "--exec-root", join(home, "exec")],
  ...["--containerd", containerdAt(home), "--bridge", "none", "--iptables=false", "--ip-masq=false"],
]

const containerdAt = (home: string): string => join(home, "containerd.sock")
const containerdConfig = (home: string): string => join(home, "containerd.toml")

const containerdSettings = (home: string): string => `version = 2
root = "${join(home, "containerd")}"
state = "${join(home, "containerd-state")}"
disabled_plugins = ["io.containerd.grpc.v1.cri"]

[grpc]
  address = "${containerdAt(home)}"
`

const startDaemon = async (home: string, argv: readonly string[], answers: () => Promise<boolean>): Promise<void> => {
  const logFile = join(home, "dockerd.log")
  const log = openSync(logFile, "a")
  const daemon = start(argv, { stdio: ["ignore", log, log], detached: true })
  daemon.on("error", () => undefined)
  daemon.unref()
  await until(`${argv[0]} answers`, 60_000, async () => {
    if (daemon.exitCode === null && daemon.pid !== undefined) return answers()
    throw new Error(`${argv[0]} ended: ${lastLines(readFileSync(logFile)).join("\n")}`)
  })
}

const stop = async (home: string, how: NodeJS.Signals): Promise<void> => {
  const isOurs = async (): Promise<readonly number[]> => processesNaming(join(home, "dockerd.pid"))
  for (const pid of await isOurs()) signal(pid, how)
  await until("dockerd ends", 60_000, async () => (await isOurs()).length === 0)
}

/** Processes whose command line has this path in it. */
const processesNaming = async (path: string): Promise<readonly number[]> => {
  const pids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name)).map(Number)
  const found = await Promise.all(
    pids.map(async (pid) => {
      const words = await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "")
      return words.includes(path) && pid !== process.pid ? [pid] : []
    }),
  )
  return found.flat()
}

const unmountAll = async (home: string): Promise<void> => {
  const points = readFileSync("/proc/self/mountinfo", "utf8")
    .split("\n")
    .map((line) => line.split(" ")[4] ?? "")
    .filter((point) => point.startsWith(`${home}/`))
  for (const point of points.toReversed()) await run(["umount", "--lazy", point])
}

const signal = (pid: number, name: NodeJS.Signals): void => {
  try {
    process.kill(pid, name)
  } catch {
    // It has ended.
  }
}
