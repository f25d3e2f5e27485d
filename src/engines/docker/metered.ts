import { readdir, readFile } from "node:fs/promises"
import type { Metered, MeteredMachine } from "../../contract/index.ts"
import { blocksOf } from "../local/metered.ts"
import { place } from "../local/place.ts"
import { type DockerClient, dockerClient } from "./client.ts"
import type { DockerOptions } from "./engine.ts"
import { containersOf } from "./instances.ts"
import { labels } from "./marks.ts"

/** The project's containers, where their daemon is this computer's: others' processes are not to be seen from here. */
export const meteredDocker = (options: DockerOptions): Metered => {
  const at = place(options)
  const client = dockerClient(options)
  const known = new Map<string, number>()
  const machineOf = async (id: string, name: string): Promise<readonly MeteredMachine[]> => {
    const before = known.get(id)
    const pid = before !== undefined && (await isOf(before, id)) ? before : await findPid(client, id)
    if (pid === undefined) return []
    known.set(id, pid)
    return [{ name, pid, group: id }]
  }
  return {
    machines: async () => {
      const running = (await containersOf(client, at)).filter(({ State }) => State === "running")
      return (await Promise.all(running.map(({ Id, Labels }) => machineOf(Id, Labels[labels.name] ?? Id)))).flat()
    },
    makers: daemons,
    keptBytes: async () => (await daemonBytes(client)) + (await blocksOf(at.home)),
  }
}

const findPid = async (client: DockerClient, id: string): Promise<number | undefined> => {
  const { status, body } = await client.call({ method: "GET", path: `/containers/${id}/json`, accept: [404] })
  if (status === 404) return undefined
  const pid = (JSON.parse(body.toString()) as { readonly State: { readonly Pid: number } }).State.Pid
  return (await isOf(pid, id)) ? pid : undefined
}

/** Whether it is a process of the container, and of this computer. */
const isOf = async (pid: number, id: string): Promise<boolean> =>
  pid > 0 && (await readFile(`/proc/${pid}/cgroup`, "utf8").catch(() => "")).includes(id)

/** What makes and carries containers on this computer, for whomever; without those that another of them started. */
const daemons = async (): Promise<readonly number[]> => {
  const pids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name))
  const stats = await Promise.all(pids.map((pid) => readFile(`/proc/${pid}/stat`, "utf8").catch(() => "")))
  const found = stats.flatMap((stat) => {
    const [, pid, name = "", parent] = stat.match(/^(\d+) \((.*)\) \S (\d+)/) ?? []
    return daemonNames.has(name) ? [{ pid: Number(pid), parent: Number(parent) }] : []
  })
  return found.filter(({ parent }) => found.every(({ pid }) => pid !== parent)).map(({ pid }) => pid)
}

const daemonNames: ReadonlySet<string> = new Set(["dockerd", "containerd", "podman"])

interface DiskUse {
  readonly LayersSize?: number
  readonly Containers?: readonly { readonly SizeRw?: number }[] | null
  readonly Volumes?: readonly { readonly UsageData?: { readonly Size: number } | null }[] | null
}

/** Layers, each once, what containers wrote, and volumes: all that the daemon has, for it shares them among projects. */
const daemonBytes = async (client: DockerClient): Promise<number> => {
  const { LayersSize = 0, Containers, Volumes } = await client.json<DiskUse>({ method: "GET", path: "/system/df" })
  const written = (Containers ?? []).map(({ SizeRw = 0 }) => SizeRw)
  const volumes = (Volumes ?? []).map(({ UsageData }) => Math.max(0, UsageData?.Size ?? 0))
  return [LayersSize, ...written, ...volumes].reduce((sum, size) => sum + size, 0)
}
