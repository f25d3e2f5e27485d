import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { ensureBase } from "../../src/engines/local/base.ts"
import { place } from "../../src/engines/local/place.ts"
import { docker, dockerTry, ensureDocker, testLabel, until } from "../support/docker.ts"
import { appPath } from "../support/load-app/start.ts"
import { type SwarmProxy, startSwarmProxy } from "./swarm-proxy.ts"

/** The same application as a service of Docker Swarm, with what an operator would set so that nothing is lost. */
export interface SwarmService {
  readonly url: string
  readonly settings: string
  /** Takes all replicas to a version, and answers when Swarm says that it is done. */
  readonly update: (version: string) => Promise<void>
  /** Stops its tasks where they are, whose health checks take much of two cores, until {@link SwarmService.resume}. */
  readonly pause: () => Promise<void>
  readonly resume: () => Promise<void>
  readonly dispose: () => Promise<void>
}

const name = "fireclay-test-swarm"
const imageOf = (version: string): string => `fireclay-test-app:${version}`
const appPort = 8000

const settingsOf = (size: number): readonly string[] => [
  ...["--replicas", String(size), "--update-order", "start-first", "--update-parallelism", "1"],
  ...["--update-monitor", "0s", "--update-delay", "0s", "--stop-grace-period", "30s", "--endpoint-mode", "dnsrr"],
  ...["--health-interval", "200ms", "--health-retries", "3", "--health-timeout", "2s"],
]

/**
 * Swarm's own mesh needs IPVS, which not every kernel has: HAProxy stands in the service's network and asks Swarm's DNS
 * for the tasks, as Swarm's documentation has it for services by DNS.
 */
export const startSwarm = async (size: number): Promise<SwarmService> => {
  const use = await ensureDocker()
  const began = await beSwarm()
  let proxy: SwarmProxy | undefined
  const dispose = async (): Promise<void> => {
    await proxy?.dispose()
    await resume()
    await dockerTry(["service", "rm", name])
    await untilGone()
    await dockerTry(["network", "rm", name])
    if (began) await dockerTry(["swarm", "leave", "--force"])
    await use.dispose()
  }
  try {
    const base = await ensureBaseImage()
    for (const version of ["v1", "v2"]) await buildImage(base, version)
    await docker(["network", "create", "--driver", "overlay", "--attachable", "--label", testLabel, name])
    const settings = settingsOf(size)
    await docker(["service", "create", "--quiet", "--name", name, "--network", name, ...settings, imageOf("v1")])
    proxy = await startSwarmProxy({ base, network: name, service: name, port: appPort, slots: size * 2 + 2 })
    return {
      url: proxy.url,
      settings: `docker service create ${settings.join(" ")}`,
      update: async (version) => {
        await docker(["service", "update", "--quiet", "--image", imageOf(version), name])
      },
      pause: async () => {
        await docker(["pause", ...(await tasks("running"))])
      },
      resume,
      dispose,
    }
  } catch (error) {
    await dispose()
    throw error
  }
}

/** Whether it was this that made the daemon one. */
const beSwarm = async (): Promise<boolean> => {
  if ((await docker(["info", "--format", "{{.Swarm.LocalNodeState}}"])) === "active") return false
  await docker(["swarm", "init", "--advertise-addr", "127.0.0.1"])
  return true
}

/** One layer over the very base that local machines stand on. */
const buildImage = async (base: string, version: string): Promise<void> => {
  const directory = mkdtempSync(join(tmpdir(), "fireclay-swarm-"))
  try {
    copyFileSync(appPath, join(directory, "app.py"))
    const command = ["/usr/bin/python3", "-I", "-S", "/srv/app.py", String(appPort), version]
    const ask = `import urllib.request as r; r.urlopen("http://127.0.0.1:${appPort}/health", timeout=2)`
    const lines = [
      `FROM ${base}`,
      `LABEL ${testLabel}=1`,
      "COPY app.py /srv/app.py",
      `HEALTHCHECK CMD ${JSON.stringify(["/usr/bin/python3", "-I", "-c", ask])}`,
      `CMD ${JSON.stringify(command)}`,
    ]
    writeFileSync(join(directory, "Dockerfile"), `${lines.join("\n")}\n`)
    const env = { ...process.env, DOCKER_BUILDKIT: "0" }
    await docker(["build", "--quiet", "--tag", imageOf(version), directory], { env })
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}

/** The base as an image of Docker's, made once. */
const ensureBaseImage = async (): Promise<string> => {
  const base = { distribution: "debian", suite: "bookworm", include: [] } as const
  const { archive, digest } = await ensureBase(place({ project: "swarm", projectDirectory: tmpdir() }), base)
  const image = `fireclay-test-base:${digest.slice(-12)}`
  if ((await dockerTry(["image", "inspect", image])).exitCode !== 0) await docker(["import", archive, image])
  return image
}

const resume = async (): Promise<void> => {
  const paused = await tasks("paused")
  if (paused.length > 0) await docker(["unpause", ...paused])
}

const untilGone = (): Promise<void> =>
  until("the service's containers are gone", 60_000, async () => (await tasks()).length === 0)

/** Ids of its containers. */
const tasks = async (status?: "running" | "paused"): Promise<readonly string[]> => {
  const filters = [
    ...["--filter", `label=com.docker.swarm.service.name=${name}`],
    ...(status === undefined ? [] : ["--filter", `status=${status}`]),
  ]
  const said = await docker(["ps", "--all", "--quiet", ...filters])
  return said.split("\n").filter((id) => id !== "")
}
