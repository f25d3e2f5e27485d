import { randomBytes } from "node:crypto"
import { existsSync, mkdirSync, openSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { setTimeout as sleep } from "node:timers/promises"
import { type Finished, lastLines, type RunOptions, run, start } from "../../src/system/process.ts"

/** A right to use Docker. The last one given back stops the daemon, unless it ran before. */
export interface DockerUse {
  readonly dispose: () => Promise<void>
}

/**
 * Makes sure that a Docker daemon runs. Several test processes may hold it at the same time; when the last of them
 * gives it back (or has died), a daemon that a test started is stopped and its links and firewall rules removed.
 * Images stay in Docker's own directory.
 */
export const ensureDocker = async (): Promise<DockerUse> => {
  const use = join(usersDirectory, `${process.pid}-${randomBytes(4).toString("hex")}`)
  await locked("daemon", async () => {
    mkdirSync(usersDirectory, { recursive: true })
    if (!(await answers())) await startDaemon()
    writeFileSync(use, "")
  })
  return {
    dispose: () =>
      locked("daemon", async () => {
        if (!existsSync(use)) return
        rmSync(use)
        if (liveUses() > 0) return
        await removeLabelled()
        await stopDaemon()
      }),
  }
}

/** Marks what tests make, so that the last test removes what a killed one left. */
export const testLabel = "fireclay-test"

/** Runs `docker …` and throws with its last lines when it fails. */
export const docker = async (argv: readonly string[], options: RunOptions = {}): Promise<string> => {
  const { exitCode, stdout, stderr } = await dockerTry(argv, options)
  if (exitCode !== 0) throw new Error(`docker ${argv[0]} ended with ${exitCode}: ${lastLines(stderr).join("\n")}`)
  return stdout.toString().trim()
}

/** Runs `docker …`; failing is an answer. */
export const dockerTry = (argv: readonly string[], options: RunOptions = {}): Promise<Finished> =>
  run(["docker", ...argv], options)

/** Runs `work` while no other process does, by a kernel lock that dies with its holder. */
export const locked = async <T>(name: string, work: () => Promise<T>): Promise<T> => {
  mkdirSync(stateDirectory, { recursive: true })
  const holder = start(["flock", join(stateDirectory, `${name}.lock`), "sh", "-c", "echo locked; exec cat"], {
    stdio: ["pipe", "pipe", "inherit"],
  })
  const ended = new Promise((resolve) => holder.once("close", resolve))
  await new Promise<void>((resolve, reject) => {
    holder.stdout?.once("data", () => resolve())
    holder.once("error", reject)
    holder.once("close", (code) => reject(new Error(`flock ended with ${code}`)))
  })
  try {
    return await work()
  } finally {
    holder.stdin?.end()
    await ended
  }
}

/** Asks until the answer is yes. */
export const until = async (what: string, withinMs: number, check: () => Promise<boolean>): Promise<void> => {
  const deadline = performance.now() + withinMs
  while (!(await check())) {
    if (performance.now() > deadline) throw new Error(`${what}: not so within ${withinMs} ms`)
    await sleep(50)
  }
}

const stateDirectory = "/run/fireclay-test-docker"
const usersDirectory = join(stateDirectory, "users")
const pidFile = join(stateDirectory, "dockerd.pid")
const logFile = join(stateDirectory, "dockerd.log")
const policyFile = join(stateDirectory, "forward-policy")

const answers = async (): Promise<boolean> =>
  (await dockerTry(["version", "--format", "{{.Server.Version}}"])).exitCode === 0

const startDaemon = async (): Promise<void> => {
  writeFileSync(policyFile, (await run(["iptables", "-S", "FORWARD", "0"])).stdout.toString().trim())
  const log = openSync(logFile, "w")
  const daemon = start(["dockerd", "--pidfile", pidFile], { stdio: ["ignore", log, log], detached: true })
  daemon.on("error", () => undefined)
  daemon.unref()
  await until("dockerd answers", 60_000, async () => {
    if (daemon.exitCode === null && daemon.pid !== undefined) return answers()
    throw new Error(`dockerd ended: ${lastLines(readFileSync(logFile)).join("\n")}`)
  })
}

const removeLabelled = async (): Promise<void> => {
  const filter = ["--quiet", "--filter", `label=${testLabel}`]
  const lines = (list: string): readonly string[] => list.split("\n").filter((line) => line !== "")
  for (const id of lines(await docker(["ps", "--all", ...filter]))) await dockerTry(["rm", "--force", "--volumes", id])
  for (const id of lines(await docker(["network", "ls", ...filter]))) await dockerTry(["network", "rm", id])
}

const stopDaemon = async (): Promise<void> => {
  const pid = ownDaemon()
  if (pid === undefined) return
  process.kill(pid, "SIGTERM")
  await until("dockerd stops", 60_000, async () => ownDaemon() === undefined)
  await removeTraces()
  rmSync(usersDirectory, { recursive: true, force: true })
  for (const file of [pidFile, logFile, policyFile]) rmSync(file, { force: true })
}

/** The process that a test started, if it still runs. */
const ownDaemon = (): number | undefined => {
  try {
    const pid = Number(readFileSync(pidFile, "utf8"))
    return readFileSync(`/proc/${pid}/comm`, "utf8").trim() === "dockerd" ? pid : undefined
  } catch {
    return undefined
  }
}

const liveUses = (): number => {
  for (const use of readdirSync(usersDirectory)) {
    if (!existsSync(`/proc/${use.split("-")[0]}`)) rmSync(join(usersDirectory, use))
  }
  return readdirSync(usersDirectory).length
}

/** dockerd leaves its bridge, its chains and a closed FORWARD policy behind, which would cut off other machines. */
const removeTraces = async (): Promise<void> => {
  await run(["ip", "link", "delete", "docker0"])
  await run(["umount", "/run/docker/netns/default"])
  const policy = readFileSync(policyFile, "utf8").match(/^-P FORWARD (ACCEPT|DROP)$/)?.[1]
  if (policy !== undefined) await run(["iptables", "-P", "FORWARD", policy])
  for (const table of ["filter", "nat"]) {
    const list = (await run(["iptables", "-t", table, "-S"])).stdout.toString().split("\n")
    const rules = list.filter((line) => line.startsWith("-A ") && /DOCKER|docker0/.test(line))
    const chains = list.flatMap((line) => line.match(/^-N (DOCKER\S*)$/)?.[1] ?? [])
    for (const rule of rules) await run(["iptables", "-t", table, "-D", ...rule.split(" ").slice(1)])
    for (const chain of chains) await run(["iptables", "-t", table, "-X", chain])
  }
}
