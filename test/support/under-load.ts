import { setTimeout as sleep } from "node:timers/promises"
import { expect } from "vitest"
import { startLoad } from "../../src/probes/load.ts"

/** Does something while requests come to a port of this computer, for a second at least; none of them may fail. */
export const underLoad = async <T>(port: number, ratePerSecond: number, work: () => Promise<T>): Promise<T> => {
  const load = startLoad({ url: `http://127.0.0.1:${port}/`, ratePerSecond, classify: (body) => body.trim() })
  const [result] = await Promise.all([work(), sleep(1_000)])
  const { requests, failed, reasons } = await load.stop()
  expect({ failed, reasons }).toEqual({ failed: 0, reasons: {} })
  expect(requests).toBeGreaterThan(ratePerSecond / 2)
  return result
}
