import { afterEach, beforeEach, describe, expect, it, vi } from "vitest"
import { type Attempt, OpenLoop } from "../../src/probes/open-loop.ts"

// A clock of its own: what is compared are milliseconds, and this computer may be busy.
beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] })
})
afterEach(() => {
  vi.useRealTimers()
})

const servesInMs = 5

/** When it stands still, in milliseconds from the beginning. */
const stalls = [
  [4_000, 4_300],
  [11_000, 12_500],
  [30_000, 30_040],
] as const

const stallAt = (ms: number): readonly [number, number] | undefined =>
  stalls.find(([from, to]) => ms >= from && ms < to)

/** Three in a hundred, spread evenly. */
const isRefused = (number: number): boolean => (number * 3) % 100 < 3

/** Stands still at known times, and refuses a known share at once. */
const server = (): Attempt => {
  const begun = performance.now()
  let number = 0
  return (ending) => {
    number += 1
    if (isRefused(number)) ending.fail("refused")
    else {
      const ms = performance.now() - begun
      const [, until = ms] = stallAt(ms) ?? []
      setTimeout(() => ending.succeed("a"), until - ms + servesInMs)
    }
    return () => undefined
  }
}

const withinOnePercent = (said: number, known: number): void => {
  expect(Math.abs(said - known), `${said} against ${known}`).toBeLessThanOrEqual(known / 100)
}

const measure = async (ratePerSecond: number) => {
  const loop = new OpenLoop({ ratePerSecond, timeoutMs: 10_000 }, server())
  await vi.advanceTimersByTimeAsync(60_000)
  const ended = loop.stop()
  await vi.advanceTimersByTimeAsync(20_000)
  return ended
}

describe("OpenLoop, against known stalls and error rates", () => {
  it.each([40, 250, 500, 1_000])("is right within 1 %: $0 a second", async (ratePerSecond) => {
    const { requests, failed, latencyMs, longestGapMs, longestGapAtMs, samples } = await measure(ratePerSecond)
    withinOnePercent(requests, 60 * ratePerSecond)
    withinOnePercent(failed, requests * 0.03)
    const known = Array.from({ length: requests }, (_, row) => {
      const dueMs = (row * 1000) / ratePerSecond
      return (stallAt(dueMs)?.[1] ?? dueMs) - dueMs + servesInMs
    })
    const good = known.filter((_, row) => !isRefused(row + 1)).toSorted((a, b) => a - b)
    const at = (share: number): number => good[Math.ceil(share * good.length) - 1] ?? 0
    const sum = (all: readonly number[]): number => all.reduce((total, each) => total + each, 0)
    withinOnePercent(sum([...samples.latencyMs].filter((_, row) => samples.outcome[row] === 0)), sum(good))
    withinOnePercent(latencyMs.p99, at(0.99))
    withinOnePercent(latencyMs.p999, at(0.999))
    withinOnePercent(latencyMs.max, at(1))
    // From the last answer before the stall: it came up to one interval earlier.
    const everyMs = 1000 / ratePerSecond
    withinOnePercent(longestGapMs, 1_500 + Math.max(servesInMs, everyMs))
    withinOnePercent(longestGapAtMs, 11_000)
  })
  it("counts what is not answered in time from when it was due, and gives it up", async () => {
    let givenUp = 0
    const loop = new OpenLoop({ ratePerSecond: 10, timeoutMs: 300 }, () => () => {
      givenUp += 1
    })
    await vi.advanceTimersByTimeAsync(950)
    const ended = loop.stop()
    await vi.advanceTimersByTimeAsync(300)
    const { requests, reasons, samples } = await ended
    expect([requests, reasons, givenUp]).toEqual([10, { timeout: 10 }, 10])
    expect([...samples.latencyMs]).toEqual(Array(10).fill(300))
  })
})
