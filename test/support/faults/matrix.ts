import { existsSync } from "node:fs"
import { rm } from "node:fs/promises"
import { join } from "node:path"
import { setTimeout as sleep } from "node:timers/promises"
import type { SshHost, Step } from "../../../src/contract/index.ts"
import { readMachineState } from "../../../src/core/machine-state.ts"
import { planMachine } from "../../../src/core/plan.ts"
import { settle } from "../../../src/core/transaction/settle.ts"
import { undoTransaction } from "../../../src/core/transaction/transaction.ts"
import { resourceTypes } from "../bench.ts"
import { openSsh, setCable } from "./cable.ts"
import type { Fault, Kind } from "./choose.ts"
import { eventually } from "./eventually.ts"
import { inject, mend, openTransactions, type Scene } from "./inject.ts"
import { type FaultMachine, makeFaultMachine } from "./machine.ts"
import { installPoints, type Point, pointsOf } from "./points.ts"
import { bundleOf, madeByHand } from "./releases.ts"
import { buildRepository } from "./repository.ts"
import { type Controller, startController } from "./run.ts"
import { compareStates, readState, type State } from "./state.ts"
import { type Answer, epochOf } from "./task.ts"

export type Truth = "N" | "N-1" | "between"

export interface Outcome {
  readonly fault: Fault
  /** False: the run was over before its point, or there was nothing to hit; such a fault does not count. */
  readonly injected: boolean
  readonly truth: Truth
  /** What differs from the release that the machine says it is at. */
  readonly differences: readonly string[]
  /** `undefined`: the controller was killed. */
  readonly answer: Answer | undefined
  /** The controller said what is so, or that it does not know. */
  readonly honest: boolean
  readonly seconds: number
}

export interface Matrix {
  /** Every point of an undisturbed run from release N-1 to release N. */
  readonly points: readonly Point[]
  /** Kinds of the steps of that run, in order. */
  readonly steps: readonly Step["do"][]
  readonly try: (fault: Fault) => Promise<Outcome>
  readonly dispose: () => Promise<void>
}

const confirmSeconds = 2

/** Faults after which the machine hears nothing more, and must come to rest by the deadline. */
const cutsOff: ReadonlySet<Kind> = new Set(["controller", "connection", "cable"])

/** Makes a machine at release N-1 and runs once to N and back, undisturbed, to know both and all points between. */
export const openMatrix = async (): Promise<Matrix> => {
  const machine = await makeFaultMachine()
  const site = new Site(machine)
  try {
    return await site.open()
  } catch (error) {
    await site.dispose()
    throw error
  }
}

/** What goes wrong with the test itself counts as the worst of outcomes. */
export const failedOutcome = (fault: Fault, error: unknown, began: number): Outcome => {
  const differences = [`the test failed: ${error instanceof Error ? error.stack : String(error)}`]
  const seconds = (performance.now() - began) / 1000
  return { fault, injected: true, answer: undefined, honest: true, truth: "between", differences, seconds }
}

class Site {
  readonly #machine: FaultMachine
  readonly #gate: string
  /** Of the last controller's lease. */
  #token = 0
  #before: State = new Map()
  #after: State = new Map()
  /** A way in over the machine's own network. */
  #ssh: SshHost | undefined

  constructor(machine: FaultMachine) {
    this.#machine = machine
    this.#gate = join(machine.directory, "gate")
  }

  async open(): Promise<Matrix> {
    const { machine, start } = this.#machine
    await start()
    await this.#prepare()
    await machine.close()
    await this.#machine.stop()
    await this.#machine.disk.keep("before")
    await start()
    this.#before = await readState(this.#machine)
    const { steps } = await planMachine(machine, await bundleOf(2), resourceTypes)
    const points = await pointsOf(this.#machine)
    await points.record()
    await this.#applied(2)
    const seen = await points.seen()
    await points.disarm()
    this.#after = await readState(this.#machine)
    await this.#toBefore("N")
    return {
      points: seen,
      steps: steps.map((step) => step.do),
      try: (fault) => this.#try(fault),
      dispose: () => this.dispose(),
    }
  }

  async dispose(): Promise<void> {
    await this.#machine.dispose()
  }

  /** A used machine at release N-1, with a source of packages of its own and a stand before every program. */
  async #prepare(): Promise<void> {
    const { machine } = this.#machine
    const repository = [
      "set -e; mkdir /srv/repository; tar -xf - -C /srv/repository; rm -rf /etc/apt/sources.list /etc/apt/sources.list.d/*",
      "echo 'deb [trusted=yes] copy:/srv/repository ./' >/etc/apt/sources.list; apt-get -q update >/dev/null",
    ]
    await this.#on(repository.join("\n"), await buildRepository())
    await this.#applied(1)
    await this.#on(madeByHand)
    this.#ssh = await openSsh(this.#machine)
    await this.#on(installPoints())
    await machine.sh("systemctl daemon-reload")
  }

  async #on(script: string, input?: Buffer): Promise<void> {
    const { exitCode, stderr } = await this.#machine.machine.sh(script, input === undefined ? {} : { input })
    if (exitCode !== 0) throw new Error(`the machine could not be prepared: ${stderr}`)
  }

  /** A whole, undisturbed run. */
  async #applied(release: 1 | 2): Promise<void> {
    const controller = await this.#controller(release)
    controller.begin()
    const answer = await controller.answer
    if (answer === undefined || !("release" in answer)) throw new Error(`not applied: ${JSON.stringify(answer)}`)
  }

  #controller(release: 1 | 2, kind?: Kind): Promise<Controller> {
    const { directory, address } = this.#machine
    const ssh = kind === "cable" && this.#ssh !== undefined ? { ssh: this.#ssh } : {}
    const token = ++this.#token
    return startController({ directory, address, release, confirmSeconds, token, gate: this.#gate, ...ssh })
  }

  async #try(fault: Fault): Promise<Outcome> {
    const began = performance.now()
    const controller = await this.#controller(2, fault.kind)
    try {
      const found = await this.#attempt(fault, controller)
      return { fault, ...found, seconds: (performance.now() - began) / 1000 }
    } catch (error) {
      controller.kill()
      await this.#reset()
      return failedOutcome(fault, error, began)
    }
  }

  async #attempt(fault: Fault, controller: Controller): Promise<Omit<Outcome, "fault" | "seconds">> {
    await this.#machine.disk.flush()
    const points = await pointsOf(this.#machine)
    await points.arm(fault.point.number, fault.delayMs === 0 ? "wait" : "pass")
    controller.begin()
    const scene = { machine: this.#machine, controller, points, gate: this.#gate, alone: fault.alone }
    const injected = await this.#hit(fault, scene)
    // A controller that is cut off learns of the end when the way is open again.
    if (cutsOff.has(fault.kind)) await this.#rest(fault, scene)
    const answer = await controller.answer
    const notEnded = fault.kind === "power" && fault.alone ? await this.#openAfterBoot() : []
    await this.#rest(fault, scene)
    await points.disarm()
    const { truth, differences } = await this.#look()
    const undone = (await this.#toBefore(truth)).map((line) => `after undoing N: ${line}`)
    const bad = notEnded.length + undone.length > 0
    return {
      injected,
      answer,
      honest: isHonest(answer, truth),
      truth: bad ? "between" : truth,
      differences: [...notEnded, ...differences, ...undone],
    }
  }

  /** Waits for the point, and strikes; or for the end of a run that never comes by there. */
  async #hit({ kind, delayMs }: Fault, scene: Scene): Promise<boolean> {
    let over = false
    void scene.controller.answer.then(() => {
      over = true
    })
    await eventually(60_000, async () => over || (await scene.points.isHit()))
    if (over) return false
    await sleep(delayMs)
    return inject[kind](scene)
  }

  /** Until nothing is under way. Where the machine is to manage alone, nobody speaks to it before it does. */
  async #rest({ kind, alone }: Fault, scene: Scene): Promise<void> {
    const still = async () => (await openTransactions(this.#machine)).length === 0
    if (alone && cutsOff.has(kind)) await eventually(20_000, still)
    await mend(scene)
    if (kind === "controller" && !alone)
      await settle(this.#machine.machine, { epoch: epochOf(++this.#token), holder: "the next one" })
    await eventually(20_000, async () => {
      await readMachineState(this.#machine.machine)
      return still()
    })
  }

  /** What a boot alone did not end; but a command whose undo could not run yet is left to the next contact. */
  async #openAfterBoot(): Promise<readonly string[]> {
    const open = async () => {
      const all = await openTransactions(this.#machine)
      return all.filter((path) => !existsSync(join(path, "later"))).map((path) => `not ended by the boot: ${path}`)
    }
    await eventually(10_000, async () => (await open()).length === 0)
    const left = await open()
    return left.length === 0 ? [] : [...left, ...(await this.#tellBoot())]
  }

  /** Why, as far as the machine knows. */
  async #tellBoot(): Promise<readonly string[]> {
    const { stdout } = await this.#machine.machine.sh(
      `cd /var/lib/fireclay/txn && head -n 1 */status; tail -n 3 */journal; tail -n 6 */log
systemctl list-unit-files 'fireclay*'; systemctl list-jobs; journalctl -q -b -o cat -n 12 -u fireclay-recover`,
    )
    return stdout.toString().split("\n")
  }

  async #look(): Promise<{ readonly truth: Truth; readonly differences: readonly string[] }> {
    const { state, broken } = await readMachineState(this.#machine.machine)
    const truth = state?.release === 2 ? "N" : "N-1"
    const have = await readState(this.#machine)
    const differences = compareStates(truth === "N" ? this.#after : this.#before, have)
    const open = (await openTransactions(this.#machine)).map((path) => `still open: ${path}`)
    const all = [...(broken === undefined ? [] : [`broken: ${broken}`]), ...open, ...differences]
    return { truth: all.length === 0 ? truth : "between", differences: all }
  }

  /** To release N-1 for the next fault: by undoing where it is at N, else by the kept disk. Answers what undo left. */
  async #toBefore(truth: Truth): Promise<readonly string[]> {
    const { machine } = this.#machine
    if (truth === "N") {
      const { state } = await readMachineState(machine)
      await undoTransaction(machine, state?.transaction ?? "").catch(() => undefined)
    }
    const left = truth === "N" ? compareStates(this.#before, await readState(this.#machine)) : []
    if (truth === "between" || left.length > 0) await this.#reset()
    else await machine.sh("rm -rf /var/lib/fireclay/txn/*")
    return left
  }

  /** The disk as it was kept. */
  async #reset(): Promise<void> {
    const { machine, disk, stop, start } = this.#machine
    await rm(this.#gate, { force: true })
    await setCable(this.#machine, "up")
    await machine.close()
    await stop()
    await disk.restore("before")
    await start()
  }
}

/** A controller that does not answer was killed; one that cannot reach the machine says that it does not know. */
const isHonest = (answer: Answer | undefined, truth: Truth): boolean => {
  if (answer === undefined) return true
  if ("release" in answer) return truth === "N"
  return answer.code === "FC_MACHINE_UNREACHABLE" || (answer.code !== "FC_MACHINE_BROKEN" && truth !== "N")
}
