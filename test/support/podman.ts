import { mkdtempSync, openSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { lastLines, run, start } from "../../src/system/process.ts"
import { until } from "./docker.ts"
import { makeContexts } from "./docker-contexts.ts"

/** Podman's service, which speaks Docker's language, with images, containers and networks of its own. */
export interface Podman {
  /** `unix://…` */
  readonly url: string
  /** Where the Docker client's configuration is, with the context `podman`. */
  readonly config: string
  readonly dispose: () => Promise<void>
}

/** Its files stay on a disk, for it makes overlays. */
export const startPodman = async (): Promise<Podman> => {
  const directory = mkdtempSync("/var/tmp/fireclay-podman-")
  const url = `unix://${join(directory, "socket")}`
  const own = ["--root", join(directory, "root"), "--runroot", join(directory, "run")]
  const podman = ["podman", ...own, "--network-config-dir", join(directory, "networks")]
  // Its own defaults ask for more than a root without all capabilities may give.
  const configuration = join(directory, "containers.conf")
  writeFileSync(configuration, '[containers]\ndefault_ulimits = ["nofile=1024:1024", "nproc=4096:4096"]\n')
  const log = openSync(join(directory, "log"), "w")
  const argv = [...podman, "system", "service", "--time=0", url]
  const service = start(argv, {
    stdio: ["ignore", log, log],
    detached: true,
    env: { ...process.env, CONTAINERS_CONF: configuration },
  })
  const contexts = makeContexts({ podman: { host: url } })
  const dispose = async (): Promise<void> => {
    await run([...podman, "rm", "--all", "--force", "--time=0"])
    service.kill()
    await run([...podman, "unmount", "--all"])
    for (const pid of processesOf(directory)) process.kill(pid, "SIGKILL")
    await run(["umount", "--recursive", join(directory, "root", "overlay")])
    contexts.dispose()
    rmSync(directory, { recursive: true, force: true })
  }
  try {
    await until("podman's service answers", 30_000, async () => {
      if (service.exitCode !== null)
        throw new Error(`podman ended: ${lastLines(readFileSync(join(directory, "log"))).join("\n")}`)
      return (await run(["docker", "--host", url, "version"])).exitCode === 0
    })
    return { url, config: contexts.directory, dispose }
  } catch (error) {
    await dispose()
    throw error
  }
}

/** What watched over its containers and over what was run in them, and stays for minutes. */
const processesOf = (directory: string): readonly number[] =>
  readdirSync("/proc")
    .filter(
      (name) =>
        /^\d+$/.test(name) && nameOf(name) === "conmon" && readText(`/proc/${name}/cmdline`).includes(directory),
    )
    .map(Number)

const nameOf = (pid: string): string => readText(`/proc/${pid}/comm`).trim()

const readText = (path: string): string => {
  try {
    return readFileSync(path, "utf8")
  } catch {
    return ""
  }
}
