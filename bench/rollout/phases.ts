import { type Figures, figures } from "../support/measure.ts"
import type { Timed } from "./site.ts"

/** What a rollout does, in order; each ends with the last event of its kind. */
const phases = [
  { name: "lease, release, image, looking", until: "starting" },
  { name: "making the instances", until: "waiting until healthy" },
  { name: "until the last is healthy", until: "healthy" },
  { name: "the switch", until: "serving" },
  { name: "removing the old ones", until: "retired" },
] as const

export type Phases = { readonly [phase: string]: Figures }

/** Where the time of several runs went. The first phase ends as the first instance begins; what is not there took none. */
export const phasesOf = (runs: readonly Timed[]): Phases => {
  const each = runs.map(split)
  const names = [...phases.map(({ name }) => name), "looking again, writing it down"]
  return Object.fromEntries(names.map((name) => [name, figures(each.map((run) => run.get(name) ?? 0))]))
}

/** When all requests met the new release. */
export const servedAfter = ({ events }: Timed): number => lastOf(events, "serving") ?? Number.NaN

const split = ({ ms, events }: Timed): ReadonlyMap<string, number> => {
  const took = new Map<string, number>()
  let atMs = 0
  for (const { name, until } of phases) {
    const end = until === "starting" ? events.find(({ doing }) => doing === until)?.atMs : lastOf(events, until)
    took.set(name, Math.max(0, (end ?? atMs) - atMs))
    atMs = Math.max(atMs, end ?? atMs)
  }
  return took.set("looking again, writing it down", ms - atMs)
}

const lastOf = (events: Timed["events"], what: string): number | undefined =>
  events.findLast(({ doing }) => doing === what)?.atMs
