import type { ChildProcess } from "node:child_process"
import { readFile } from "node:fs/promises"
import { join } from "node:path"
import { start } from "../../../src/system/process.ts"
import type { Answer, Task } from "./task.ts"

/** A controller at work in a process of its own. */
export interface Controller {
  readonly begin: () => void
  /** `undefined`: it was killed before it could say. */
  readonly answer: Promise<Answer | undefined>
  readonly kill: () => void
  /** Numbers of the programs that carry its connection: what it had sent may go on there after its death. */
  readonly carriers: () => Promise<readonly number[]>
  /** Ends the programs that carry its connection, as a broken network would. */
  readonly cutCarriers: () => Promise<void>
}

/** Starts it, up to where it waits to begin. */
export const startController = async (task: Task): Promise<Controller> => {
  const file = join(import.meta.dirname, "controller.ts")
  const child = start([process.execPath, "--conditions=fireclay-source", file, JSON.stringify(task)], {
    stdio: ["pipe", "pipe", "inherit"],
  })
  child.stdin?.on("error", () => undefined)
  const said = linesOf(child)
  await said.first
  const carriers = async (): Promise<readonly number[]> => {
    const children = await readFile(`/proc/${child.pid}/task/${child.pid}/children`, "utf8").catch(() => "")
    return children.split(" ").filter(Boolean).map(Number)
  }
  return {
    begin: () => child.stdin?.write("go\n"),
    answer: said.second.then((line) => (line === undefined ? undefined : (JSON.parse(line) as Answer))),
    kill: () => child.kill("SIGKILL"),
    carriers,
    cutCarriers: async () => {
      for (const pid of await carriers()) killGroupOf(pid)
    },
  }
}

const killGroupOf = (pid: number): void => {
  try {
    process.kill(-pid, "SIGKILL")
  } catch {
    // It has ended by itself.
  }
}

const linesOf = (child: ChildProcess) => {
  const first = Promise.withResolvers<string | undefined>()
  const second = Promise.withResolvers<string | undefined>()
  let said = ""
  child.stdout?.on("data", (chunk: Buffer) => {
    said += chunk.toString()
    const [one, two, ...rest] = said.split("\n")
    if (two !== undefined) first.resolve(one)
    if (rest.length > 0) second.resolve(two)
  })
  child.on("close", () => {
    first.resolve(undefined)
    second.resolve(undefined)
  })
  return { first: first.promise, second: second.promise }
}
