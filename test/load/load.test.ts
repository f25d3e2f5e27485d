import { describe, expect, it } from "vitest"
import { cells, nameOf } from "./cells.ts"
import { quickRates, runCell } from "./matrix.ts"
import { describeOutcome } from "./report.ts"
import type { Outcome } from "./run.ts"

/** `npm run test:load` has every field, and many more requests; here is one of each kind of change for every day. */
const sample: readonly string[] = [
  "rolling, in place, local",
  "rolling with additional batch, by replacement, local",
  "blue-green, by replacement, docker",
]

const members = 2
const requestsEach = 4_000
const outcomes: Outcome[] = []

describe("a fleet that goes from v1 to v2 and back under load", () => {
  it.each(cells.filter((cell) => sample.includes(nameOf(cell))).map((cell) => [nameOf(cell), cell] as const))(
    "loses no request: %s",
    async (_name, cell) => {
      const outcome = await runCell(cell, quickRates, requestsEach, members)
      outcomes.push(outcome)
      expect(outcome.failed, describeOutcome(outcome)).toBe(0)
      // All kinds of them were there.
      for (const [kind, { requests }] of Object.entries(outcome.kinds)) expect(requests, kind).toBeGreaterThan(5)
      expect(outcome.sockets.opened).toBeGreaterThanOrEqual(quickRates.sockets)
    },
    600_000,
  )

  it("gets ten thousand requests in all", () => {
    expect(outcomes).toHaveLength(sample.length)
    expect(outcomes.reduce((sum, { requests }) => sum + requests, 0)).toBeGreaterThanOrEqual(10_000)
  })
})
