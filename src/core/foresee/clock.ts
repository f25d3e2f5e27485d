import { FireclayError } from "../../contract/index.ts"
import { type Findings, nothingFound } from "./outlook.ts"

const minuteMs = 60_000
const noteBeyondMs = 5 * minuteMs
const refuseBeyondMs = 24 * 60 * minuteMs

/**
 * A machine whose clock is far off: certificates look expired or not yet valid, so packages and health checks fail in
 * ways that nobody would think to blame on it.
 *
 * @param machineMs what the machine says that the time is; `undefined`: it did not say
 */
export const checkClock = (machine: string, machineMs: number | undefined, nowMs: number): Findings => {
  if (machineMs === undefined) return nothingFound
  const off = machineMs - nowMs
  if (Math.abs(off) <= noteBeyondMs) return nothingFound
  const says = `the clock of ${machine} is ${describe(Math.abs(off))} ${off < 0 ? "behind" : "ahead of"} this machine's`
  if (Math.abs(off) <= refuseBeyondMs) return { errors: [], notes: [says] }
  const error = new FireclayError("FC_CLOCK", says, {
    at: machine,
    remedy: `set the clock that is wrong; on ${machine}: timedatectl set-ntp true, or date -u -s "${new Date(nowMs).toISOString()}"`,
  })
  return { errors: [error], notes: [] }
}

const describe = (ms: number): string => {
  const minutes = Math.round(ms / minuteMs)
  if (minutes < 120) return `${minutes} minutes`
  const hours = Math.round(minutes / 60)
  if (hours < 48) return `${hours} hours`
  const days = Math.round(hours / 24)
  return days < 730 ? `${days} days` : `${Math.round(days / 365)} years`
}
