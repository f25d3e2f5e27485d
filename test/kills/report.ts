import type { Row } from "../../bench/support/results.ts"
import type { Outcome } from "./kill.ts"

/** For each field and victim how many kills ended wrong; and all of them. */
export const rowsOf = (outcomes: readonly Outcome[]): readonly Row[] => {
  const groups = Map.groupBy(outcomes, ({ field, victim }) => `${field}: ${victim}`)
  return [...groups].map(([name, some]) => row(name, some)).concat(row("all", outcomes))
}

export const isBad = ({ faults }: Outcome): boolean => faults.length > 0

/** On one line. */
export const describeOutcome = (outcome: Outcome): string => {
  const { field, victim, event, moment, delayMs, killed, ended, seconds, nextSeconds, faults } = outcome
  const lost = `${outcome.failedRequests} of ${outcome.requests} requests failed`
  const when = `${delayMs} ms after event ${moment}, ${event}`
  const how = killed
    ? `ended ${ended} after ${seconds} s, the next after ${nextSeconds} s; ${lost}`
    : "it was over before"
  return `${field}: ${victim} ${when}: ${how}${faults.length === 0 ? "" : `; WRONG: ${faults.join("; ")}`}`
}

const row = (name: string, outcomes: readonly Outcome[]): Row => {
  const bad = outcomes.filter(isBad).length
  const killed = outcomes.filter((outcome) => outcome.killed)
  const here = killed.filter(({ ended }) => ended === "0").length
  return {
    case: `${name}, ${killed.length} killed, ${here} of them mended by the same run`,
    ours: bad,
    peer: 0,
    peerName: "the limit",
    unit: "wrong",
    ratio: bad,
    goal: 0,
    met: bad === 0,
  }
}
