import { setTimeout as sleep } from "node:timers/promises"

/** Asks again every few milliseconds until the answer is yes; false when time is up. */
export const eventually = async (withinMs: number, check: () => Promise<boolean>): Promise<boolean> => {
  const deadline = performance.now() + withinMs
  while (!(await check())) {
    if (performance.now() > deadline) return false
    await sleep(5)
  }
  return true
}
