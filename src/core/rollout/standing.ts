import type { Fleet, Json, StoredEvent } from "../../contract/index.ts"
import type { FleetRecord } from "../ledger.ts"
import type { Workbench } from "../workbench.ts"
import { openDiary, toldKind, type Word } from "./diary.ts"
import { watching } from "./drive.ts"
import { isDriven } from "./tell.ts"

/** A rollout that has not come to its end, and what people can say to it. */
export interface RolloutStanding {
  readonly from: number | null
  readonly to: number
  /** ISO 8601. */
  readonly since: string
  /** A controller is at work on it. If not, it goes on with the next apply, or with what is said to it. */
  readonly driven: boolean
  readonly paused: boolean
  /** What it waits for or measures; absent: it is moving. */
  readonly waits?: { readonly why: string /** ISO 8601; absent: until somebody speaks. */; readonly until?: string }
  readonly hears: readonly Word[]
}

/** Reads from the log where the open rollout of a fleet stands; `undefined`: there is none. */
export const standingOf = async (
  bench: Workbench,
  fleet: Fleet,
  { open }: FleetRecord,
): Promise<RolloutStanding | undefined> => {
  if (open === undefined) return undefined
  const events = (await bench.store.events({ fleet: fleet.name })).filter(({ body }) => body.rollout === open.id)
  const since = events.find(({ kind }) => kind === "rollout.started")?.at ?? new Date(bench.now()).toISOString()
  const { paused } = await (await openDiary(bench, fleet.name, open.id)).listen()
  const waits = waitingOf(events, since)
  return {
    from: open.from ?? null,
    to: open.to,
    since,
    driven: await isDriven(bench, fleet),
    paused,
    ...(waits === undefined ? {} : { waits }),
    hears: heardBy(fleet.by.strategy.name, waits?.why, paused),
  }
}

/** The last thing that it said it would do, unless that has been answered or done since. */
const waitingOf = (events: readonly StoredEvent[], since: string): RolloutStanding["waits"] => {
  const last = events.findLast(({ kind }) => kind === "rollout.moves" || kind === "rollout.marked" || kind === toldKind)
  const word = last?.kind === toldKind ? last.body.word : undefined
  const told = word === "pause" || word === "resume" ? events.findLast(({ kind }) => kind === "rollout.moves") : last
  if (told?.kind !== "rollout.moves" || !Array.isArray(told.body.moves)) return undefined
  const [waiting] = (told.body.moves as readonly Json[]).flatMap((move) => asWaiting(move, since, told.at))
  return waiting
}

const asWaiting = (move: Json, since: string, saidAt: string): readonly NonNullable<RolloutStanding["waits"]>[] => {
  if (typeof move !== "object" || move === null || Array.isArray(move)) return []
  const { do: verb, why, untilMs, forMs } = move as { readonly [key: string]: Json }
  const at = (ms: number, from: string): string => new Date(Date.parse(from) + ms).toISOString()
  if (verb === "measure" && typeof forMs === "number")
    return [{ why: `measuring for ${forMs / 1000} s`, until: at(forMs, saidAt) }]
  if (verb !== "wait") return []
  return [{ why: String(why), ...(typeof untilMs === "number" ? { until: at(untilMs, since) } : {}) }]
}

/** Where it waits by itself there is nothing to promote; a canary's steps can be skipped, and measured again. */
const heardBy = (strategy: string, why: string | undefined, paused: boolean): readonly Word[] => {
  if (paused) return ["resume", "abort"]
  if (why === undefined || why === watching) return ["pause", "abort"]
  if (strategy !== "canary") return ["promote", "pause", "abort"]
  const again: readonly Word[] = why.startsWith("inconclusive") ? ["resume"] : []
  return ["promote", "promote-full", ...again, "pause", "abort"]
}

/** A set that blue-green has left aside, and until when it stays. */
export interface KeptAside {
  readonly members: readonly string[]
  readonly release: number | null
  /** ISO 8601. In the past: the next command that works on the fleet removes it. */
  readonly until: string
}

/** Those of another release than the one in force, while the strategy keeps them and nothing else goes on. */
export const keptAside = (
  fleet: Fleet,
  { current, since, open }: FleetRecord,
  members: readonly { readonly name: string; readonly release: number | undefined }[],
): KeptAside | undefined => {
  const { keepMs } = fleet.by.strategy.options
  const aside = members.filter(({ release }) => release !== current)
  if (typeof keepMs !== "number" || since === undefined || open !== undefined || aside.length === 0) return undefined
  return {
    members: aside.map(({ name }) => name),
    release: aside[0]?.release ?? null,
    until: new Date(Date.parse(since) + keepMs).toISOString(),
  }
}
