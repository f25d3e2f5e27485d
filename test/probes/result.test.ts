import { describe, expect, it } from "vitest"
import { mixedSeconds, secondsToAllOnClass, secondsToClass } from "../../src/probes/index.ts"
import { type LoadResult, summarize } from "../../src/probes/result.ts"
import { Recorder } from "../../src/probes/samples.ts"

/** Rows of [due, answered, class], or [due, failed, "!reason"]. */
const resultOf = (rows: readonly (readonly [number, number, string])[]): LoadResult => {
  const recorder = new Recorder()
  for (const [dueMs, atMs, name] of rows) {
    const row = recorder.open(dueMs)
    if (name.startsWith("!")) recorder.fail(row, atMs, name.slice(1))
    else recorder.succeed(row, atMs, name)
  }
  return summarize(recorder.samples(), { startedAt: "2026-01-01T00:00:00.000Z", lateMs: 1 })
}

describe("summarize", () => {
  it("counts every request and every reason", () => {
    const result = resultOf([
      [0, 10, "a"],
      [10, 30, "!status 503"],
      [20, 25, "!timeout"],
      [30, 40, "a"],
      [40, 60, "!status 503"],
    ])
    expect(result).toMatchObject({ requests: 5, failed: 3, reasons: { "status 503": 2, timeout: 1 }, durationMs: 60 })
    expect(result.examples).toEqual([
      { atMs: 25, reason: "timeout" },
      { atMs: 30, reason: "status 503" },
      { atMs: 60, reason: "status 503" },
    ])
    expect(result.classes).toEqual({ a: { requests: 2, firstMs: 10, lastMs: 40 } })
  })
  it("keeps the first five failures as examples", () => {
    expect(resultOf(Array.from({ length: 9 }, (_, at) => [at, at, "!x"] as const)).examples).toHaveLength(5)
  })
  it("finds the longest gap in the middle, at the beginning and at the end", () => {
    const middle = resultOf([
      [0, 10, "a"],
      [10, 12, "!x"],
      [20, 400, "a"],
      [30, 410, "a"],
    ])
    expect(middle).toMatchObject({ longestGapMs: 390, longestGapAtMs: 10 })
    expect(
      resultOf([
        [0, 500, "a"],
        [10, 510, "a"],
      ]),
    ).toMatchObject({ longestGapMs: 500, longestGapAtMs: 0 })
    expect(
      resultOf([
        [0, 1, "a"],
        [10, 900, "!x"],
      ]),
    ).toMatchObject({ longestGapMs: 899, longestGapAtMs: 1 })
    expect(resultOf([[0, 700, "!x"]])).toMatchObject({ longestGapMs: 700, longestGapAtMs: 0 })
  })
  it("orders answers by when they came, not by when they were due", () => {
    expect(
      resultOf([
        [0, 100, "slow"],
        [10, 20, "a"],
        [20, 30, "a"],
      ]).classes,
    ).toEqual({
      a: { requests: 2, firstMs: 20, lastMs: 30 },
      slow: { requests: 1, firstMs: 100, lastMs: 100 },
    })
  })
  it("takes nearest-rank percentiles of the successful only", () => {
    const result = resultOf([
      ...Array.from({ length: 1000 }, (_, at) => [0, at + 1, "a"] as const),
      [0, 9999, "!timeout"],
    ])
    expect(result.latencyMs).toEqual({ p50: 500, p99: 990, p999: 999, max: 1000 })
  })
  it("answers zeros for no requests at all", () => {
    expect(resultOf([])).toMatchObject({ requests: 0, failed: 0, longestGapMs: 0, latencyMs: { p50: 0, max: 0 } })
  })
  it("holds more requests than it had room for at first", () => {
    const result = resultOf(Array.from({ length: 10_000 }, (_, at) => [at, at + 2, at % 2 === 0 ? "a" : "b"] as const))
    expect(result).toMatchObject({ requests: 10_000, failed: 0, latencyMs: { max: 2 } })
    expect(result.classes).toMatchObject({ a: { requests: 5000 }, b: { requests: 5000 } })
  })
})

describe("times of classes", () => {
  const rollout = resultOf([
    [0, 1000, "old"],
    [0, 2000, "old"],
    [0, 3000, "new"],
    [0, 3500, "old"],
    [0, 3600, "!x"],
    [0, 4000, "new"],
  ])
  it("secondsToClass: until the first answer of it", () => {
    expect(secondsToClass(rollout, 2500, "new")).toBe(0.5)
    expect(secondsToClass(rollout, 3200, "new")).toBe(0.8)
    expect(secondsToClass(rollout, 5000, "new")).toBeUndefined()
    expect(secondsToClass(rollout, 0, "other")).toBeUndefined()
  })
  it("secondsToAllOnClass: until the last answer of another", () => {
    expect(secondsToAllOnClass(rollout, 2500, "new")).toBe(1)
    expect(secondsToAllOnClass(rollout, 3700, "new")).toBe(0)
    expect(secondsToAllOnClass(rollout, 0, "old")).toBe(4)
  })
  it("mixedSeconds: from the first of the new to the last of the old", () => {
    expect(mixedSeconds(rollout, "old", "new", 0)).toBe(0.5)
    expect(mixedSeconds(rollout, "old", "new", 3600)).toBe(0)
    expect(mixedSeconds(rollout, "old", "other", 0)).toBe(0)
  })
})
