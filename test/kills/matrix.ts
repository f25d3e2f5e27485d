import type { StoredEvent } from "../../src/contract/index.ts"
import type { Cell } from "../load/cells.ts"
import { disturb, type Kill, labelOf, type Outcome, startRequests } from "./kill.ts"
import { belongings, openSubject, type Subject } from "./subject.ts"
import { type Victim, victims } from "./victims.ts"

/** How many serve in each field. */
const size = 2

/** After an event: at once, while it is being done, when it may be done. */
const delaysMs = [0, 80, 250] as const

/** The controller at each event of an undisturbed rollout; the others at its first move, in the middle and at its last. */
export const killsOf = ({ engine }: Cell, events: readonly StoredEvent[]): readonly Kill[] => {
  const moves = events.flatMap(({ kind }, index) => (kind === "rollout.moves" ? [index] : []))
  const some = [...new Set([0, Math.floor(moves.length / 2), moves.length - 1])].flatMap((index) => moves[index] ?? [])
  return victims.flatMap((victim) => {
    if (victim === "daemon" && engine !== "docker") return []
    const moments = victim === "controller" ? events.map((_, index) => index) : some
    return moments.map((moment, index) => ({ victim, moment, delayMs: delaysMs[index % delaysMs.length] ?? 0 }))
  })
}

/** Chooses among the kills of a field: all, or fewer. */
export type Choose = (kills: readonly Kill[], events: readonly StoredEvent[]) => readonly Kill[]

/** One for each victim, in the middle. */
export const onePerVictim: Choose = (kills) =>
  victims.flatMap((victim) => {
    const ours = kills.filter((kill) => kill.victim === victim)
    return ours[Math.floor(ours.length / 2)] ?? []
  })

/** The first one of a victim after an event of that name. */
export const atEvent =
  (...wanted: readonly (readonly [Victim, string])[]): Choose =>
  (kills, events) =>
    wanted.map(([victim, label]) => {
      const moment = events.findIndex((event) => labelOf(event) === label)
      const found = kills.find((kill) => kill.victim === victim)
      if (moment < 0 || found === undefined) throw new Error(`no ${victim} at ${label}: ${events.map(labelOf)}`)
      return { ...found, moment }
    })

/** What was done in a field, in which there is so much to do. */
export interface FieldRun {
  readonly planned: number
  readonly outcomes: readonly Outcome[]
}

export interface FieldOptions {
  readonly choose?: Choose
  readonly told?: (outcome: Outcome) => void
  /** Ends after the kill that is under way. */
  readonly signal?: AbortSignal
}

/** The events of a rollout to v2. */
const undisturbed = async (subject: Subject): Promise<readonly StoredEvent[]> => {
  const known = (await subject.events()).length
  const load = startRequests(subject)
  await subject.want("v2")
  const { exitCode, stderr } = await subject.project.fireclay("apply", "--yes")
  await load.stop()
  if (exitCode !== 0) throw new Error(`the undisturbed rollout failed: ${stderr}`)
  return (await subject.events()).slice(known)
}

/** A fleet of the field is rolled out undisturbed, to see of what that consists; then again and again, disturbed. */
export const runField = async (cell: Cell, options: FieldOptions = {}): Promise<FieldRun> => {
  const { choose = (kills) => kills, told, signal } = options
  const subject = await openSubject(cell, size)
  try {
    const events = await undisturbed(subject)
    const before = await belongings(subject)
    const kills = choose(killsOf(cell, events), events)
    const outcomes: Outcome[] = []
    for (const kill of kills) {
      if (signal?.aborted === true) break
      const outcome = await disturb(subject, `v${outcomes.length + 3}`, kill, before)
      outcomes.push(outcome)
      told?.(outcome)
    }
    return { planned: kills.length, outcomes }
  } finally {
    await subject.dispose()
  }
}
