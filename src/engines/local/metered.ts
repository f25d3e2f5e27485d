import type { Metered, MeteredMachine } from "../../contract/index.ts"
import { run } from "../../system/process.ts"
import { exists, namesIn } from "./files.ts"
import { leaderOfDirectory } from "./instance.ts"
import { instanceDirectory, instanceId, instancesDirectory, type LocalOptions, type Place, place } from "./place.ts"
import { isAlive, markOf, type ProcessMark } from "./processes.ts"

/** The project's machines on this computer; those to bake in are not among them, they are part of delivering. */
export const meteredLocal = (options: LocalOptions): Metered => {
  const at = place(options)
  const leaders = new Map<string, ProcessMark>()
  const machineOf = async (name: string): Promise<readonly MeteredMachine[]> => {
    const known = leaders.get(name)
    const leader = known !== undefined && (await isAlive(known)) ? known : await findLeader(at, name)
    if (leader === undefined) return []
    leaders.set(name, leader)
    return [{ name, pid: leader.pid, group: instanceId(at, name) }]
  }
  return {
    machines: async () => {
      const names = (await namesIn(instancesDirectory(at))).filter((name) => !name.startsWith("."))
      return (await Promise.all(names.map(machineOf))).flat()
    },
    makers: async () => [],
    keptBytes: () => blocksOf(at.home),
  }
}

const findLeader = async (at: Place, name: string): Promise<ProcessMark | undefined> => {
  const leader = await leaderOfDirectory(instanceDirectory(at, name))
  return leader === undefined ? undefined : markOf(leader)
}

/** What a directory takes on its disk; mounts in it are another's. */
export const blocksOf = async (directory: string): Promise<number> => {
  if (!(await exists(directory))) return 0
  // Something may go while it is counted: then du says so, and answers all the same.
  const { stdout } = await run(["du", "--summarize", "--one-file-system", "--block-size=1", directory])
  return Number.parseInt(stdout.toString(), 10) || 0
}
