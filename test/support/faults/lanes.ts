import type { Fault } from "./choose.ts"
import { type Matrix, type Outcome, openMatrix } from "./matrix.ts"

/** Several machines side by side, each with faults of its own. */
export interface Lanes extends Pick<Matrix, "points" | "steps" | "dispose"> {
  /** Until all are injected, or the signal comes. Each outcome is told when it is known. */
  readonly inject: (
    faults: readonly Fault[],
    told?: (outcome: Outcome) => void,
    signal?: AbortSignal,
  ) => Promise<readonly Outcome[]>
}

export const openLanes = async (count: number): Promise<Lanes> => {
  const opened = await Promise.allSettled(Array.from({ length: count }, openMatrix))
  const lanes = opened.flatMap((one) => (one.status === "fulfilled" ? [one.value] : []))
  const dispose = async () => {
    await Promise.all(lanes.map((lane) => lane.dispose()))
  }
  const [first] = lanes
  const failed = opened.find((one) => one.status === "rejected")
  if (first === undefined || failed !== undefined) {
    await dispose()
    throw failed?.reason
  }
  return { points: first.points, steps: first.steps, dispose, inject: (...given) => inject(lanes, ...given) }
}

const inject = async (
  lanes: readonly Matrix[],
  faults: readonly Fault[],
  told: (outcome: Outcome) => void = () => undefined,
  signal?: AbortSignal,
): Promise<readonly Outcome[]> => {
  const outcomes: Outcome[] = []
  let next = 0
  const drive = async (lane: Matrix): Promise<void> => {
    for (let index = next++; index < faults.length && signal?.aborted !== true; index = next++) {
      const fault = faults[index]
      if (fault === undefined) return
      const outcome = await lane.try(fault)
      outcomes.push(outcome)
      told(outcome)
    }
  }
  await Promise.all(lanes.map(drive))
  return outcomes
}
