import { setTimeout as sleep } from "node:timers/promises"
import { containerName } from "../../src/engines/docker/marks.ts"
import { leaderOfDirectory } from "../../src/engines/local/instance.ts"
import { instanceDirectory } from "../../src/engines/local/place.ts"
import { findProcesses } from "../../src/routers/haproxy/process.ts"
import type { RunningCli } from "../support/project.ts"
import type { Subject } from "./subject.ts"

/** Who is killed. In place, "new" is the machine that is changed first, and "old" the one that is changed last. */
export const victims = ["controller", "router", "new instance", "old instance", "daemon"] as const
export type Victim = (typeof victims)[number]

/** Kills it in the midst of a run towards a release. False: the run was over before there was one to kill. */
export const kill = async (victim: Victim, subject: Subject, run: RunningCli, release: number): Promise<boolean> => {
  switch (victim) {
    case "controller":
      return run.kill()
    case "router": {
      const pids = await findProcesses(subject.routerConfig)
      for (const pid of pids) killProcess(pid)
      return pids.length > 0
    }
    case "daemon":
      await subject.docker?.kill()
      // As long as a supervisor takes to notice.
      await sleep(300)
      await subject.docker?.start()
      return subject.docker !== undefined
    default:
      return killInstance(subject, run, (name, of) =>
        subject.cell.by === "in place"
          ? name.endsWith(victim === "new instance" ? "-1" : `-${subject.size}`)
          : (of === release) === (victim === "new instance"),
      )
  }
}

type Choice = (name: string, release: number | undefined) => boolean

/** One that is chosen, as soon as there is one. */
const killInstance = async (subject: Subject, run: RunningCli, choose: Choice): Promise<boolean> => {
  let over = false
  void run.ended.then(() => {
    over = true
  })
  while (!over) {
    const chosen = (await subject.engine.list()).filter(
      ({ name, running, release }) => running && choose(name, release),
    )
    for (const { name } of chosen) if (killProcess(await firstProcess(subject, name))) return true
    await sleep(10)
  }
  return false
}

const firstProcess = ({ docker, at }: Subject, name: string): Promise<number | undefined> =>
  docker === undefined ? leaderOfDirectory(instanceDirectory(at, name)) : docker.pidOf(containerName(at, name))

const killProcess = (pid: number | undefined): boolean => {
  if (pid === undefined) return false
  try {
    process.kill(pid, "SIGKILL")
    return true
  } catch {
    return false
  }
}
