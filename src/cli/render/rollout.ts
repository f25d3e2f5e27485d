import type { LimitedResult, RolloutResult } from "../../core/index.ts"
import type { Output } from "../output.ts"

/** One line on how a rollout went. */
export const describeResult = (result: RolloutResult, paint: Output["paint"]): string => {
  const way =
    result.from === undefined || result.from === result.release
      ? `release ${result.release}`
      : `release ${result.from} → ${result.release}`
  const members = Object.keys(result.versions).length
  return `${paint("green", "✓")} ${paint("bold", result.fleet)}  ${way}  ${paint("dim", `${members} ${members === 1 ? "member" : "members"}, ${result.moves} moves, ${result.seconds.toFixed(1)} s`)}`
}

/** One line on how a limited run went. */
export const describeLimited = ({ fleet, changed, seconds }: LimitedResult, paint: Output["paint"]): string => {
  const machines = changed.length === 1 ? "1 machine" : `${changed.length} machines`
  return `${paint("green", "✓")} ${paint("bold", fleet)}  limited run, no new release  ${paint("dim", `${machines} changed, ${seconds.toFixed(1)} s`)}`
}
