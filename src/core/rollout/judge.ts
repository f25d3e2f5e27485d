import type { Gate, Verdict } from "../../contract/index.ts"

/** The requests that one side of a rollout served in some time. */
export interface Sample {
  readonly requests: number
  /** Those that ended with a status of 500 and above. */
  readonly failed: number
  /** Of all, sorted. */
  readonly latenciesMs: readonly number[]
}

export interface Judgement {
  readonly verdict: Verdict
  readonly reason: string
}

/** Pure: what gates make of the requests that the new and the old release served in the same time. The worst counts. */
export const judge = (gates: readonly Gate[], fresh: Sample, old: Sample, leastRequests: number): Judgement => {
  const all = gates.flatMap((gate) => judgeOne(gate, fresh, old, leastRequests))
  for (const verdict of ["fail", "inconclusive"] as const) {
    const worst = all.find((judgement) => judgement.verdict === verdict)
    if (worst !== undefined) return worst
  }
  return { verdict: "pass", reason: all.map(({ reason }) => reason).join("; ") || "nothing to judge by" }
}

export const percentileOf = (sorted: readonly number[], percentile: number): number =>
  sorted[Math.max(0, Math.ceil((percentile / 100) * sorted.length) - 1)] ?? 0

const judgeOne = (gate: Gate, fresh: Sample, old: Sample, least: number): readonly Judgement[] => {
  if (gate.kind !== "error-rate" && gate.kind !== "latency") return []
  const compares = gate.kind === "error-rate" ? gate.aboveBaseline !== null : gate.timesBaseline !== null
  // Enough failures of few requests are enough all the same.
  if (fresh.requests < least && !(gate.kind === "error-rate" && fresh.failed * 2 >= least))
    return [tooFew("new", fresh, least)]
  const own = gate.kind === "error-rate" ? errorRate(gate, fresh) : latency(gate, fresh)
  if (own?.verdict === "fail") return [own]
  if (!compares) return own === undefined ? [] : [own]
  if (old.requests < least) return [tooFew("old", old, least)]
  return [gate.kind === "error-rate" ? errorsCompared(gate, fresh, old) : latencyCompared(gate, fresh, old)]
}

const tooFew = (which: string, { requests }: Sample, least: number): Judgement => ({
  verdict: "inconclusive",
  reason: `${requests} requests to the ${which} release, of ${least} that it takes`,
})

type ErrorGate = Extract<Gate, { readonly kind: "error-rate" }>
type LatencyGate = Extract<Gate, { readonly kind: "latency" }>

const rateOf = ({ failed, requests }: Sample): number => (requests === 0 ? 0 : failed / requests)

const errorRate = ({ atMost }: ErrorGate, fresh: Sample): Judgement | undefined => {
  if (atMost === null) return undefined
  const rate = rateOf(fresh)
  const reason = `${share(rate)} of ${fresh.requests} requests failed, of ${share(atMost)} allowed`
  return { verdict: rate > atMost ? "fail" : "pass", reason }
}

/** How often chance alone makes a difference that is taken for one: once in a thousand, one-sided. */
const zLimit = 3.09

/**
 * More failures than the old release has and may be exceeded by, and more than chance explains: the two-proportion
 * z-test, pooled.
 */
const errorsCompared = ({ aboveBaseline }: ErrorGate, fresh: Sample, old: Sample): Judgement => {
  const [rate, before] = [rateOf(fresh), rateOf(old)]
  const pooled = (fresh.failed + old.failed) / (fresh.requests + old.requests)
  const deviation = Math.sqrt(pooled * (1 - pooled) * (1 / fresh.requests + 1 / old.requests))
  const excess = rate - before - (aboveBaseline ?? 0)
  const reason = `${share(rate)} of ${fresh.requests} requests failed, of the old release's ${share(before)} of ${old.requests}`
  return { verdict: excess > 0 && (deviation === 0 || (rate - before) / deviation > zLimit) ? "fail" : "pass", reason }
}

const latency = ({ percentile, atMostMs }: LatencyGate, fresh: Sample): Judgement | undefined => {
  if (atMostMs === null) return undefined
  const ms = percentileOf(fresh.latenciesMs, percentile)
  return {
    verdict: ms > atMostMs ? "fail" : "pass",
    reason: `p${percentile} is ${round(ms)} ms, of ${atMostMs} allowed`,
  }
}

/** Differences of less than a millisecond mean nothing, however large their ratio. */
const noticeableMs = 1

const latencyCompared = ({ percentile, timesBaseline }: LatencyGate, fresh: Sample, old: Sample): Judgement => {
  const ms = percentileOf(fresh.latenciesMs, percentile)
  const before = percentileOf(old.latenciesMs, percentile)
  const worse = ms > before * (timesBaseline ?? 1) && ms - before > noticeableMs
  return {
    verdict: worse ? "fail" : "pass",
    reason: `p${percentile} is ${round(ms)} ms, and the old release's ${round(before)} ms`,
  }
}

const share = (rate: number): string => `${round(rate * 100)}%`

const round = (value: number): string => String(Math.round(value * 100) / 100)
