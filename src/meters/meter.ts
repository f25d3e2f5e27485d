import { setTimeout as wait } from "node:timers/promises"
import type { Metered } from "../contract/index.ts"
import { type ControllerMeter, type ControllerUse, openController } from "./controller-meter.ts"
import { type FleetUse, openFleet } from "./fleet-meter.ts"
import { sum } from "./ledger.ts"

export interface MeterOptions {
  readonly metered: Metered
  /** How many machines the fleet has when nothing happens. */
  readonly steady: number
  /** Processes that deliver and run already: what they use from now on counts. Those that make machines are known. */
  readonly pids?: readonly number[]
  readonly everyMs?: number
}

/** Between the opening of the meter and its closing. */
export interface MeasuredUse {
  /** What is written for machines counts as theirs, such as an image that is baked. */
  readonly fleet: FleetUse & {
    /** On the disk more than before. */
    readonly diskKeptBytes: number
  }
  /** With what its engine's daemons use beyond what they held before. */
  readonly controller: { readonly cpuSeconds: number; readonly peakMemoryBytes: number }
}

export interface Meter {
  /** Counts all that a process uses that was just started, from its beginning. */
  readonly follow: (pid: number) => void
  /** Looks once more and ends. */
  readonly close: () => Promise<MeasuredUse>
}

/**
 * Measures the machines of an engine on this computer and the processes that deliver to them, from outside: nothing is
 * put into a machine. What it does not see: what a process or a machine uses between the last look and its end (`everyMs`);
 * a peak between two looks; what a controller hands to a machine of this computer without a network; files in memory.
 *
 * @example
 * const meter = await openMeter({ metered, steady: 3 })
 * meter.follow(child.pid)
 * const { fleet, controller } = await meter.close()
 */
export const openMeter = async ({ metered, steady, pids = [], everyMs = 100 }: MeterOptions): Promise<Meter> => {
  const keptBefore = await metered.keptBytes()
  const fleet = openFleet(steady)
  const controllers = openControllers()
  const look = async (): Promise<void> => {
    const machines = await metered.machines()
    controllers.look(machines.map(({ pid }) => pid))
    await fleet.look(machines)
  }
  for (const pid of [...pids, ...(await metered.makers())]) controllers.add(pid, "running")
  await look()
  const closing = new AbortController()
  const looks = repeat(look, everyMs, closing.signal)
  // Told when the meter is closed: until then nobody waits for it.
  looks.catch(() => undefined)
  return {
    follow: (pid) => controllers.add(pid, "new"),
    close: async () => {
      closing.abort()
      await looks
      await look()
      const diskKeptBytes = (await metered.keptBytes()) - keptBefore
      return useOf(fleet.use(), controllers.use(), diskKeptBytes)
    },
  }
}

const useOf = (fleet: FleetUse, controller: ControllerUse, diskKeptBytes: number): MeasuredUse => ({
  fleet: { ...fleet, diskKeptBytes, diskWrittenBytes: fleet.diskWrittenBytes + controller.writtenBytes },
  controller: { cpuSeconds: controller.cpuSeconds, peakMemoryBytes: controller.heldBytes },
})

interface Controllers {
  /** `running`: what it used before the next look does not count, nor what it holds by then. */
  readonly add: (pid: number, since: "running" | "new") => void
  readonly look: (machines: readonly number[]) => void
  readonly use: () => ControllerUse
}

const openControllers = (): Controllers => {
  const all: { readonly meter: ControllerMeter; before: ControllerUse | undefined }[] = []
  let peak = 0
  const grown = (figure: keyof ControllerUse): number =>
    sum(all.map(({ meter, before }) => meter.last()[figure] - (before?.[figure] ?? 0)))
  return {
    add: (pid, since) => {
      all.push({ meter: openController(pid), before: since === "new" ? nothing : undefined })
    },
    look: (machines) => {
      for (const one of all) {
        const use = one.meter.read(machines)
        one.before ??= use
      }
      peak = Math.max(peak, grown("heldBytes"))
    },
    use: () => ({ cpuSeconds: grown("cpuSeconds"), writtenBytes: grown("writtenBytes"), heldBytes: peak }),
  }
}

const nothing: ControllerUse = { cpuSeconds: 0, writtenBytes: 0, heldBytes: 0 }

/** At even distances; what took longer is followed at once. */
const repeat = async (look: () => Promise<void>, everyMs: number, signal: AbortSignal): Promise<void> => {
  let due = performance.now() + everyMs
  while (!signal.aborted) {
    await wait(Math.max(0, due - performance.now()), undefined, { signal }).catch(() => undefined)
    if (signal.aborted) return
    await look()
    due = Math.max(due + everyMs, performance.now())
  }
}
