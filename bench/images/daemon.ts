import { existsSync, mkdirSync, openSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { lastLines, run, start } from "../../src/system/process.ts"
import { removeTree, unmountBelow } from "./clean.ts"

/** A Docker daemon that only this bench knows: nobody else's images, cache, bridge or firewall rules. */
export interface Daemon {
  /** For whatever talks to it. */
  readonly environment: NodeJS.ProcessEnv
  /** `docker …`, by Debian's client: others may lack the builder. */
  readonly docker: (words: readonly string[], more?: NodeJS.ProcessEnv) => Promise<string>
  readonly dispose: () => Promise<void>
}

/** Its containers have no network: none of the steps needs one. */
export const startDaemon = async (directory: string): Promise<Daemon> => {
  mkdirSync(directory, { recursive: true })
  const socket = `unix://${join(directory, "docker.sock")}`
  const log = openSync(join(directory, "log"), "w")
  const child = start(daemonArgv(directory, socket), { stdio: ["ignore", log, log], detached: true })
  const ended = new Promise((resolve) => child.once("close", resolve))
  const environment = { ...process.env, DOCKER_HOST: socket }
  const daemon: Daemon = {
    environment,
    docker: async (words, more = {}) => {
      const { exitCode, stdout, stderr } = await run([client, ...words], { env: { ...environment, ...more } })
      const said = `${stdout}${stderr}`
      if (exitCode !== 0) throw new Error(`docker ${words[0]} ended with ${exitCode}: ${lastLines(said).join("\n")}`)
      return said
    },
    dispose: async () => {
      child.kill("SIGTERM")
      await ended
      await unmountBelow(directory)
      await removeTree(directory)
    },
  }
  await untilItAnswers(daemon, () => {
    if (child.exitCode === null) return
    throw new Error(`dockerd ended:\n${lastLines(readFileSync(join(directory, "log"))).join("\n")}`)
  })
  return daemon
}

const client = existsSync("/usr/bin/docker") ? "/usr/bin/docker" : "docker"

const daemonArgv = (directory: string, socket: string): readonly string[] => [
  "dockerd",
  `--host=${socket}`,
  `--data-root=${join(directory, "data")}`,
  `--exec-root=${join(directory, "exec")}`,
  `--pidfile=${join(directory, "pid")}`,
  "--bridge=none",
  "--iptables=false",
  "--ip-forward=false",
]

const untilItAnswers = async ({ docker }: Daemon, check: () => void): Promise<void> => {
  for (let tries = 0; tries < 300; tries += 1) {
    check()
    try {
      await docker(["version"])
      return
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 200))
    }
  }
  throw new Error("dockerd does not answer")
}
