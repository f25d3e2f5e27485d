import { existsSync } from "node:fs"
import { readdir, readFile, rm, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { setTimeout as sleep } from "node:timers/promises"
import { run } from "../../../src/system/process.ts"
import { setCable } from "./cable.ts"
import type { Kind } from "./choose.ts"
import { eventually } from "./eventually.ts"
import type { FaultMachine } from "./machine.ts"
import type { Points } from "./points.ts"
import type { Controller } from "./run.ts"

/** What a fault is done to. */
export interface Scene {
  readonly machine: FaultMachine
  readonly controller: Controller
  readonly points: Points
  /** While this file exists the controller finds no way to the machine. */
  readonly gate: string
  readonly alone: boolean
}

/** Does the damage, and lets go on what is left. False: there was nothing to hit. */
export const inject: { readonly [K in Kind]: (scene: Scene) => Promise<boolean> } = {
  script: async ({ machine, points }) => {
    const script = await openScript(machine)
    const killed = script !== undefined && (await signalInside(machine, script, "KILL"))
    await points.go()
    return killed
  },
  controller: async ({ controller, points }) => {
    const carriers = await controller.carriers()
    controller.kill()
    await points.go()
    await eventually(20_000, async () => carriers.every((pid) => !existsSync(`/proc/${pid}`)))
    return true
  },
  connection: async ({ controller, points, gate, alone }) => {
    if (alone) await writeFile(gate, "")
    await controller.cutCarriers()
    await points.go()
    return true
  },
  cable: async ({ machine, points, alone }) => {
    await setCable(machine, "down")
    await points.go()
    if (alone) return true
    await sleep(300)
    await setCable(machine, "up")
    return true
  },
  power: async ({ machine, controller, alone }) => {
    // Nobody comes back to it: the boot alone has to do.
    if (alone) controller.kill()
    await machine.machine.close().catch(() => undefined)
    await machine.cutPower()
    await machine.start()
    return true
  },
  full: async ({ machine, points }) => {
    // All at once: what fills the disk must not go on to take the room that the undo has just set free.
    const script = await openScript(machine)
    if (script !== undefined) await signalInside(machine, script, "STOP")
    await machine.disk.fill()
    if (script !== undefined) await signalInside(machine, script, "CONT")
    await points.go()
    return true
  },
}

/** Ends the damage. */
export const mend = async ({ machine, gate }: Scene): Promise<void> => {
  await setCable(machine, "up")
  await rm(gate, { force: true })
  await machine.disk.release()
}

/** States in which a transaction has not come to rest. */
const open = new Set(["running", "applied", "undoing"])

/** Directories of transactions that are under way, seen from the host; also of one that is just about to begin. */
export const openTransactions = async (machine: FaultMachine): Promise<readonly string[]> => {
  const all = join(machine.root, "var/lib/fireclay/txn")
  const names = await readdir(all).catch(() => [])
  const paths = names.map((name) => join(all, name))
  const isOpen = await Promise.all(
    paths.map(async (path) => {
      const status = await readWord(join(path, "status"))
      const pid = status === "" ? await readWord(join(path, "pid")) : ""
      return open.has(status) || (pid !== "" && (await signalInside(machine, pid, "0")))
    }),
  )
  return paths.filter((_, index) => isOpen[index])
}

const readWord = async (path: string): Promise<string> => (await readFile(path, "utf8").catch(() => "")).trim()

/** The number, inside the machine, of the process that runs the open transaction. */
const openScript = async (machine: FaultMachine): Promise<string | undefined> => {
  const [transaction] = await openTransactions(machine)
  const pid = transaction === undefined ? "" : await readWord(join(transaction, "pid"))
  return pid === "" ? undefined : pid
}

/** To its whole process group. False: it has ended by itself. */
const signalInside = async (machine: FaultMachine, pid: string, signal: string): Promise<boolean> => {
  const leader = String(await machine.leader())
  const { exitCode } = await run(["nsenter", "--target", leader, "--pid", "--", "kill", `-${signal}`, "--", `-${pid}`])
  return exitCode === 0
}
