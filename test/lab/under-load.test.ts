import { describe, expect, it } from "vitest"
import { requestsOf, timelineOf } from "../../src/lab/under-load.ts"
import { summarize } from "../../src/probes/result.ts"

/** One request each tenth of a second for ten seconds; the change lasts from 3 to 7. */
const seen = (
  outcomeOf: (atMs: number) => "old" | "new" | "status 500",
  latencyOf: (atMs: number) => number = () => 5,
) => {
  const count = 100
  const dueMs = Float64Array.from({ length: count }, (_, row) => row * 100)
  const outcomes = ["ok", "status 500"]
  const classes = ["", "old", "new"]
  const names = [...dueMs].map(outcomeOf)
  const load = summarize(
    {
      ...{ count, dueMs, outcomes, classes },
      latencyMs: dueMs.map(latencyOf),
      outcome: Uint16Array.from(names, (name) => Math.max(0, outcomes.indexOf(name))),
      class: Uint16Array.from(names, (name) => Math.max(0, classes.indexOf(name))),
    },
    { startedAt: "", lateMs: 1 },
  )
  return { result: undefined, startedAt: "", beganMs: 3_000, endedMs: 7_000, load }
}
const want = { slowMs: 500, steadyMs: 3_000 }

describe("what those saw who sent requests", () => {
  it("is counted from the beginning of the change to its end", () => {
    const found = requestsOf(
      seen((atMs) => (atMs < 2_000 || atMs === 4_000 ? "status 500" : "old")),
      want,
    )
    expect(found).toMatchObject({ sent: 40, failed: 1, slow: 0, reasons: { "status 500": 1 } })
    expect(found.longestGapMs).toBeCloseTo(200)
  })

  it("knows how long both versions answered, whichever is on its way in", () => {
    const mixed = seen((atMs) => (atMs < 4_000 ? "old" : atMs >= 6_000 || atMs % 200 === 0 ? "new" : "old"))
    expect(requestsOf(mixed, want).mixedSeconds).toBeCloseTo(1.9)
    const back = seen((atMs) => (atMs < 4_000 ? "new" : atMs >= 6_000 || atMs % 200 === 0 ? "old" : "new"))
    expect(requestsOf(back, want, "old").mixedSeconds).toBeCloseTo(1.9)
  })

  it("tells before, during and after apart", () => {
    const slower = seen(
      () => "new",
      (atMs) => (atMs < 3_000 ? 5 : atMs < 7_000 ? 600 : 25),
    )
    const { slow, latencyMs } = requestsOf(slower, want)
    expect([slow, latencyMs.before.p50, latencyMs.during.p50, latencyMs.after.p50]).toEqual([40, 5, 600, 25])
  })

  it("has a time line of what answered, which adds up", () => {
    const { series, sliceMs } = timelineOf(
      seen((atMs) => (atMs < 5_000 ? "old" : atMs < 5_500 ? "status 500" : "new")),
      500,
    )
    expect(sliceMs).toBe(500)
    const sums = Object.fromEntries(
      Object.entries(series).map(([name, counts]) => [name, counts.reduce((a, b) => a + b)]),
    )
    expect(sums).toEqual({ old: 50, failed: 5, new: 45 })
    expect(series.failed?.[10]).toBe(5)
  })
})
