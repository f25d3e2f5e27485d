import { cp } from "node:fs/promises"
import { join } from "node:path"
import { setTimeout as sleep } from "node:timers/promises"
import type { Fleet } from "../../contract/index.ts"
import { type Bundle, bundle, type RolloutResult, rollOut, type Workbench } from "../../core/index.ts"
import { type LoadResult, startLoad } from "../../probes/index.ts"
import { type DemoRow, type Measured, toRow } from "./measure.ts"

export interface DemoWant {
  readonly bench: Workbench
  readonly fleets: readonly Fleet[]
  /** Where the copy of the example is. */
  readonly directory: string
  readonly ratePerSecond: number
  readonly say: (text: string) => void
}

/** How long the load runs before and after a change, to know what undisturbed looks like. */
const steadyMs = 2_000

/** Brings the fleets up on version 1, takes them to version 2 and back under load, and measures each step. */
export const runDemo = async (want: DemoWant): Promise<readonly DemoRow[]> => {
  const { bench, fleets, directory, say } = want
  const release = async (fleet: Fleet): Promise<Bundle> => bundle(fleet.spec, directory)
  say("Bringing both fleets up on version 1")
  for (const fleet of fleets) await rollOut(bench, fleet, { bundle: await release(fleet) })
  await cp(join(directory, "version-2", "app.py"), join(directory, "app.py"))
  say("Version 1 → version 2, under load")
  const there = await underLoad(want, "1", "2", async (fleet) =>
    rollOut(bench, fleet, { bundle: await release(fleet) }),
  )
  say("Version 2 → version 1, by rollback, under load")
  const back = await underLoad(want, "2", "1", (fleet) => rollOut(bench, fleet, { release: 1 }))
  return [...there, ...back]
}

/** Steady load to all fleets while they are changed one after the other. */
const underLoad = async (
  { fleets, ratePerSecond, say }: DemoWant,
  from: string,
  to: string,
  change: (fleet: Fleet) => Promise<RolloutResult>,
): Promise<readonly DemoRow[]> => {
  const loads = fleets.map(({ listen }) =>
    startLoad({ url: `http://127.0.0.1:${listen}/`, ratePerSecond, classify: versionIn }),
  )
  const stop = (): Promise<readonly LoadResult[]> => Promise.all(loads.map((load) => load.stop()))
  const changes: Omit<Measured, "load">[] = []
  try {
    await sleep(steadyMs)
    for (const [index, fleet] of fleets.entries()) {
      const beganMs = loads[index]?.mark() ?? 0
      const result = await change(fleet)
      say(`  ${fleet.name} is at version ${to} after ${result.seconds.toFixed(1)} s`)
      changes.push({ fleet: fleet.name, by: fleet.by.delivery, from, to, beganMs, machinesCreated: result.created })
    }
    await sleep(steadyMs)
  } catch (error) {
    await stop()
    throw error
  }
  const results = await stop()
  return changes.flatMap((measured, index) => {
    const load = results[index]
    return load === undefined ? [] : [toRow({ ...measured, load })]
  })
}

const versionIn = (body: string): string => /Version (\d+)/.exec(body)?.[1] ?? "unknown"
