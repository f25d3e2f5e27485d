import type { Fault } from "./choose.ts"
import { failedOutcome, type Matrix, type Outcome, openMatrix } from "./matrix.ts"

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
  lanes: Matrix[],
  faults: readonly Fault[],
  told: (outcome: Outcome) => void = () => undefined,
  signal?: AbortSignal,
): Promise<readonly Outcome[]> => {
  const outcomes: Outcome[] = []
  let next = 0
  const drive = async (_: Matrix, lane: number): Promise<void> => {
    for (let index = next++; index < faults.length && signal?.aborted !== true; index = next++) {
      const fault = faults[index]
      if (fault === undefined) return
      const outcome = await tryIn(lanes, lane, fault)
      outcomes.push(outcome)
      told(outcome)
    }
  }
  // All of them come to rest, also where one fails.
  const driven = await Promise.allSettled(lanes.map(drive))
  for (const one of driven) if (one.status === "rejected") throw one.reason
  return outcomes
}

/** In a lane that could not even be reset, nothing more is to be learned: another takes its place. */
const tryIn = async (lanes: Matrix[], lane: number, fault: Fault): Promise<Outcome> => {
  const began = performance.now()
  try {
    if (lanes[lane] === undefined) throw new Error("no such lane")
    return await lanes[lane].try(fault)
  } catch (error) {
    await lanes[lane]?.dispose().catch(() => undefined)
    lanes[lane] = await openMatrix()
    return failedOutcome(fault, error, began)
  }
}
