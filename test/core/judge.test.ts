import { describe, expect, it } from "vitest"
import type { Gate } from "../../src/contract/index.ts"
import { judge, percentileOf, type Sample } from "../../src/core/rollout/judge.ts"
import { commandCheck, errorRate, latency } from "../../src/strategies/index.ts"

const served = (requests: number, failed = 0, ms = 10): Sample => ({
  requests,
  failed,
  latenciesMs: Array.from({ length: requests }, () => ms),
})

/** Most take `ms`, and the last few of a hundred `slowMs`. */
const tailed = (ms: number, slow: number, slowMs: number): Sample => ({
  requests: 100,
  failed: 0,
  latenciesMs: [...Array.from({ length: 100 - slow }, () => ms), ...Array.from({ length: slow }, () => slowMs)],
})

describe("what gates make of the requests of both releases", () => {
  it.each<readonly [string, readonly Gate[], Sample, Sample, string]>([
    ["no gates", [], served(0), served(0), "pass: nothing to judge by"],
    ["only what stands outside", [commandCheck(["true"])], served(0), served(0), "pass: nothing to judge by"],
    ["no requests", [errorRate()], served(0), served(900), "inconclusive: 0 requests to the new release, of 50"],
    ["too few", [errorRate()], served(49), served(900), "inconclusive: 49 requests"],
    ["just enough", [errorRate()], served(50), served(0), "pass: 0% of 50 requests failed, of 1% allowed"],
    ["at the limit", [errorRate()], served(100, 1), served(0), "pass"],
    ["above it", [errorRate()], served(100, 2), served(0), "fail: 2% of 100 requests failed, of 1% allowed"],
    ["few, and nearly all of them failed", [errorRate()], served(30, 29), served(0), "fail"],
    ["as bad as the old release", [errorRate({ aboveBaseline: "1%" })], served(500, 50), served(500, 50), "pass"],
    ["worse by less than chance makes", [errorRate({ aboveBaseline: "0%" })], served(100, 3), served(100, 1), "pass"],
    [
      "worse by more than chance makes",
      [errorRate({ aboveBaseline: "0%" })],
      served(1000, 60),
      served(1000, 10),
      "fail",
    ],
    ["worse, within what is allowed", [errorRate({ aboveBaseline: "6%" })], served(1000, 60), served(1000, 10), "pass"],
    [
      "nothing to compare with",
      [errorRate({ aboveBaseline: "1%" })],
      served(100),
      served(3),
      "inconclusive: 3 requests to the old",
    ],
    [
      "bad by itself, with nothing to compare with",
      [errorRate({ atMost: "1%", aboveBaseline: "1%" })],
      served(100, 50),
      served(3),
      "fail",
    ],
    ["fast enough", [latency({ atMost: "10ms" })], served(100, 0, 10), served(0), "pass: p99 is 10 ms, of 10 allowed"],
    ["too slow", [latency({ atMost: "10ms" })], served(100, 0, 10.01), served(0), "fail: p99 is 10.01 ms"],
    [
      "a slow tail that p50 does not see",
      [latency({ percentile: 50, atMost: "20ms" })],
      tailed(10, 40, 500),
      served(0),
      "pass",
    ],
    ["a slow tail that p99 sees", [latency({ percentile: 99, atMost: "20ms" })], tailed(10, 2, 500), served(0), "fail"],
    [
      "slower than the old one",
      [latency({ timesBaseline: 1.5 })],
      served(100, 0, 31),
      served(100, 0, 20),
      "fail: p99 is 31 ms",
    ],
    ["not so much slower", [latency({ timesBaseline: 1.5 })], served(100, 0, 29), served(100, 0, 20), "pass"],
    [
      "many times slower, and nobody would notice",
      [latency({ timesBaseline: 1.5 })],
      served(100, 0, 0.9),
      served(100, 0, 0.1),
      "pass",
    ],
    ["the worst of several counts", [errorRate(), latency({ atMost: "5ms" })], served(100), served(0), "fail: p99"],
    [
      "a failure before what is inconclusive",
      [latency({ timesBaseline: 2 }), errorRate()],
      served(100, 9),
      served(0),
      "fail",
    ],
  ])("%s", (_, gates, fresh, old, expected) => {
    const { verdict, reason } = judge(gates, fresh, old, 50)
    expect(`${verdict}: ${reason}`).toMatch(new RegExp(`^${expected.replaceAll(/[.%]/g, "\\$&")}`))
  })

  it("knows percentiles by the nearest rank", () => {
    const values = Array.from({ length: 100 }, (_value, index) => index + 1)
    expect([1, 50, 99, 99.9].map((percentile) => percentileOf(values, percentile))).toEqual([1, 50, 99, 100])
    expect(percentileOf([], 99)).toBe(0)
  })
})
