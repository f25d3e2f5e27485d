import type { Row } from "../../bench/support/results.ts"
import { table } from "../../src/cli/render/table.ts"
import type { Outcome } from "./run.ts"

/** At least so many requests make the whole matrix. */
export const wantedRequests = 750_000

/** Each field against the one number that is good enough, and all of them against how many there had to be. */
export const rowsOf = (outcomes: readonly Outcome[], swarm: Outcome | undefined, whole: boolean): readonly Row[] => {
  const requests = sum(outcomes, (each) => each.requests)
  const failed = sum(outcomes, (each) => each.failed)
  return [
    ...outcomes.map((outcome) => failures(`${outcome.name}, ${outcome.requests} requests`, outcome.failed)),
    failures(`all of ours, ${requests} requests`, failed),
    ...(whole ? [enough(requests)] : []),
    ...(swarm === undefined ? [] : [beside(outcomes, swarm)]),
  ]
}

/** For people: what happened to each. */
export const renderOutcomes = (outcomes: readonly Outcome[]): string =>
  table(
    ["", "requests", "messages", "failed", "longest gap", "p99", "slowest", "v1 → v2", "v2 → v1"],
    outcomes.map((outcome) => [
      outcome.name,
      String(outcome.requests),
      String(outcome.messages),
      String(outcome.failed),
      `${outcome.longestGapMs} ms`,
      `${outcome.p99Ms} ms`,
      `${outcome.slowestMs} ms`,
      ...outcome.changes.map(({ seconds }) => `${seconds} s`),
    ]),
  )

export const describeOutcome = ({ name, requests, failed, reasons, seconds, lateMs }: Outcome): string => {
  const why = Object.entries(reasons).map(([reason, count]) => `${count} × ${reason}`)
  return `${name}: ${failed} failed of ${requests} in ${seconds} s${failed > 0 ? ` (${why.join(", ")})` : ""}; load late by ${lateMs} ms at most`
}

const failures = (name: string, failed: number): Row => ({
  case: name,
  ours: failed,
  peer: 0,
  peerName: "the limit",
  unit: "failed",
  ratio: failed,
  goal: 0,
  met: failed === 0,
})

const enough = (requests: number): Row => ({
  case: "requests over the whole matrix",
  ours: requests,
  peer: wantedRequests,
  peerName: "wanted, at least",
  unit: "requests",
  ratio: Number((wantedRequests / requests).toFixed(2)),
  goal: 1,
  met: requests >= wantedRequests,
})

/** In a thousand: the two got different numbers of requests. */
const beside = (outcomes: readonly Outcome[], swarm: Outcome): Row => {
  const share = (failed: number, requests: number): number => Number(((1000 * failed) / requests).toFixed(4))
  const requests = sum(outcomes, (each) => each.requests)
  const ours = share(
    sum(outcomes, (each) => each.failed),
    requests,
  )
  const peer = share(swarm.failed, swarm.requests)
  return {
    case: `failed in a thousand requests, ${requests} of ours and ${swarm.requests} of Swarm's`,
    ours,
    peer,
    peerName: swarm.name,
    unit: "‰",
    ratio: peer === 0 ? ours : Number((ours / peer).toFixed(2)),
    goal: null,
    met: null,
  }
}

const sum = (outcomes: readonly Outcome[], of: (outcome: Outcome) => number): number =>
  outcomes.reduce((total, outcome) => total + of(outcome), 0)
