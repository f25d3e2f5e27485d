import { Roster } from "../../contract/index.ts"
import type { Workbench } from "../workbench.ts"
import type { Traffic } from "./traffic.ts"
import { weightsFor } from "./weights.ts"

interface Ramp {
  /** Members that are to serve all requests again. */
  readonly back: readonly string[]
  readonly leaving: readonly string[]
  readonly rampMs: number
}

const steps = 4

/**
 * Gives requests back to members that had few of them, or none: bit by bit, so that cold ones are not overrun. Where
 * they have half of the requests already, at once.
 *
 * @param admit lets those that are back take requests
 */
export const rampTo = async (
  bench: Workbench,
  traffic: Traffic,
  { back, leaving, rampMs }: Ramp,
  admit: () => Promise<void>,
): Promise<void> => {
  const share = back.length === 0 ? 0 : await traffic.shareOf(leaving)
  const roster = new Roster(1, [
    ...leaving.map((id) => ({ id, release: 1, phase: "serving" }) as const),
    ...back.map((id) => ({ id, release: 0, phase: "serving" }) as const),
  ])
  const isRamped = rampMs > 0 && share > 50
  for (let step = 1; isRamped && step < steps; step += 1) {
    await traffic.weigh(weightsFor(roster, share * (1 - step / steps)))
    if (step === 1) await admit()
    // A run that was told to stop leads back all the same.
    await bench.sleep(rampMs / steps, bench.signal?.aborted === true ? undefined : bench.signal)
  }
  await traffic.even()
  if (!isRamped && back.length > 0) await admit()
}
