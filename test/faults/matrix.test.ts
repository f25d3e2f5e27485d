import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { chooseFaults, kinds } from "../support/faults/choose.ts"
import { type Lanes, openLanes } from "../support/faults/lanes.ts"
import { countOutcomes, describeOutcome, isBad } from "../support/faults/report.ts"
import { stepKinds } from "../support/step-kinds.ts"

/** `npm run test:faults` injects them all; here is a sample of every day. */
const sample = 64

let lanes: Lanes

beforeAll(async () => {
  lanes = await openLanes(2)
}, 300_000)
afterAll(() => lanes?.dispose())

describe("the run that is disturbed", () => {
  it("has at least 40 steps, of every kind", () => {
    expect(lanes.steps.length).toBeGreaterThanOrEqual(40)
    expect(new Set(lanes.steps)).toEqual(stepKinds)
  })
})

describe("a machine in the middle of it", () => {
  it(`is at the new release or at the old one after each of ${sample} faults, and the controller knows which`, async () => {
    const outcomes = await lanes.inject(chooseFaults(lanes.points, 20, sample))
    expect(outcomes.filter(isBad).map(describeOutcome)).toEqual([])
    const rows = countOutcomes(outcomes)
    expect(rows.at(-1)?.faults).toBeGreaterThanOrEqual(60)
    for (const row of rows)
      expect(row.faults, row.case).toBeGreaterThanOrEqual(row.case === "all" ? 60 : sample / kinds.length / 2)
  }, 900_000)
})
