import { setImmediate } from "node:timers/promises"
import type { MeteredMachine } from "../contract/index.ts"
import { extraMachineSeconds, type MachineCount } from "./extra.ts"
import { sum } from "./ledger.ts"
import { type MachineMeter, type MachineUse, openMachine } from "./machine-meter.ts"

/** Since the first look. */
export interface FleetUse {
  readonly cpuSeconds: number
  /** The most that all machines held at the same time. */
  readonly peakMemoryBytes: number
  readonly diskWrittenBytes: number
  readonly networkBytes: number
  readonly extraMachineSeconds: number
}

export interface FleetMeter {
  /** Machines that are new since the first look count from their beginning. */
  readonly look: (machines: readonly MeteredMachine[]) => Promise<void>
  readonly use: () => FleetUse
}

/** @param steady how many machines there are when nothing happens */
export const openFleet = (steady: number): FleetMeter => {
  const known = new Map<string, { readonly meter: MachineMeter; readonly before: MachineUse }>()
  const counts: MachineCount[] = []
  let peak = 0
  return {
    look: async (machines) => {
      const isFirst = counts.length === 0
      counts.push({ atMs: performance.now(), machines: machines.length })
      for (const machine of machines) {
        const key = `${machine.group} ${machine.pid}`
        if (known.has(key)) continue
        const meter = openMachine(machine)
        known.set(key, { meter, before: isFirst ? meter.read() : nothing })
      }
      let held = 0
      for (const { meter } of known.values()) {
        held += meter.read().heldBytes
        // Whoever else waits for this process gets a turn.
        await setImmediate()
      }
      peak = Math.max(peak, held)
    },
    use: () => {
      const grown = (figure: keyof MachineUse): number =>
        sum([...known.values()].map(({ meter, before }) => meter.last()[figure] - before[figure]))
      return {
        cpuSeconds: grown("cpuSeconds"),
        peakMemoryBytes: peak,
        diskWrittenBytes: Math.max(0, grown("writtenBytes")),
        networkBytes: grown("networkBytes"),
        extraMachineSeconds: extraMachineSeconds(counts, steady),
      }
    },
  }
}

const nothing: MachineUse = { cpuSeconds: 0, heldBytes: 0, writtenBytes: 0, networkBytes: 0 }
