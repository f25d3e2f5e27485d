import type { RolloutResult } from "../../core/index.ts"
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
