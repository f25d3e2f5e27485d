import { containerName } from "../engines/docker/marks.ts"
import { leaderOfDirectory } from "../engines/local/instance.ts"
import { instanceDirectory, place } from "../engines/local/place.ts"
import { run } from "../system/process.ts"
import type { Site } from "./site.ts"

/** Pulls the plug of one machine: its first process is killed, and all of it with that. `false`: it does not run. */
export const killMachine = async ({ way, directory, project }: Site, name: string): Promise<boolean> => {
  const at = place({ project, projectDirectory: directory })
  if (way.engine === "docker") return (await run(["docker", "kill", containerName(at, name)])).exitCode === 0
  const leader = await leaderOfDirectory(instanceDirectory(at, name))
  return leader !== undefined && process.kill(leader, "SIGKILL")
}
