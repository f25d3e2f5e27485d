import type { Forecast, LimitedResult, RolloutResult } from "../../core/index.ts"
import type { Output } from "../output.ts"

/** One line on how a rollout went. */
export const describeResult = (result: RolloutResult, paint: Output["paint"], foreseen?: Forecast): string => {
  const way =
    result.from === undefined || result.from === result.release
      ? `release ${result.release}`
      : `release ${result.from} → ${result.release}`
  const members = Object.keys(result.versions).length
  const head = `${paint("green", "✓")} ${paint("bold", result.fleet)}  ${way}  ${paint("dim", `${members} ${members === 1 ? "member" : "members"}, ${result.moves} moves, ${result.seconds.toFixed(1)} s`)}`
  const lines = foreseen === undefined || result.moves === 0 ? [] : [`  ${paint("dim", compared(result, foreseen))}`]
  const kept =
    result.kept.length === 0 ? [] : [`  ${paint("dim", `kept aside for a quick way back: ${result.kept.join(", ")}`)}`]
  return [head, ...lines, ...kept].join("\n")
}

/** Forecast and fact, side by side. */
const compared = (fact: RolloutResult, foreseen: Forecast): string => {
  const pair = (what: string, before: string, after: string): string => `${what} ${after} (forecast ${before})`
  return [
    pair("took", `${foreseen.seconds.toFixed(1)} s`, `${fact.seconds.toFixed(1)} s`),
    pair("at most", String(foreseen.peak), `${fact.peak} members`),
    pair("both releases served for", `${foreseen.mixedSeconds.toFixed(1)} s`, `${fact.mixedSeconds.toFixed(1)} s`),
  ].join(", ")
}

/** One line on how a limited run went. */
export const describeLimited = ({ fleet, changed, seconds }: LimitedResult, paint: Output["paint"]): string => {
  const machines = changed.length === 1 ? "1 machine" : `${changed.length} machines`
  return `${paint("green", "✓")} ${paint("bold", fleet)}  limited run, no new release  ${paint("dim", `${machines} changed, ${seconds.toFixed(1)} s`)}`
}
