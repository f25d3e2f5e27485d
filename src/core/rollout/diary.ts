import type { Json, Mark, StoredEvent } from "../../contract/index.ts"
import type { Workbench } from "../workbench.ts"

/** What people can say to a rollout. */
export const words = ["promote", "promote-full", "pause", "resume", "abort", "take-over"] as const
export type Word = (typeof words)[number]

/** What people said so far, as far as it still counts. */
export interface Told {
  readonly paused: boolean
  readonly abort: boolean
  readonly takeOver: boolean
  /** How much was said: it grows. */
  readonly count: number
}

/** What a rollout writes down for itself, and hears from people. It is in the log, so another controller goes on with it. */
export interface Diary {
  /** Oldest first. */
  readonly marks: () => readonly Mark[]
  /** Milliseconds since the rollout was begun. */
  readonly nowMs: () => number
  readonly write: (mark: Omit<Mark, "atMs">) => Promise<void>
  readonly listen: () => Promise<Told>
}

export const toldKind = "rollout.told"
const markedKind = "rollout.marked"

/** The diary of a rollout whose beginning is in the log. */
export const openDiary = async (bench: Workbench, fleet: string, rollout: string): Promise<Diary> => {
  const events = (await bench.store.events({ fleet })).filter(({ body }) => body.rollout === rollout)
  const begun = events.find(({ kind }) => kind === "rollout.started")
  const startedAtMs = begun === undefined ? bench.now() : Date.parse(begun.at)
  const toMark = ({ kind, at, body }: StoredEvent): Mark => ({
    name: String(kind === toldKind ? body.word : body.name),
    atMs: Date.parse(at) - startedAtMs,
    ...(typeof body.verdict === "string" ? { verdict: body.verdict as NonNullable<Mark["verdict"]> } : {}),
    ...(typeof body.reason === "string" ? { reason: body.reason } : {}),
  })
  let written = events.filter(({ kind }) => kind === markedKind).map(toMark)
  const toldEvents = async (): Promise<readonly StoredEvent[]> =>
    (await bench.store.events({ fleet, kind: toldKind })).filter(({ body }) => body.rollout === rollout)
  // What sent an earlier controller away has been done.
  const before = (await toldEvents()).length
  let heard: readonly Mark[] = []
  let all: readonly Mark[] = written
  const merge = (): void => {
    all = [...written, ...heard].sort((left, right) => left.atMs - right.atMs)
  }
  return {
    marks: () => all,
    nowMs: () => bench.now() - startedAtMs,
    write: async (mark) => {
      const body = { rollout, ...mark } as { readonly [key: string]: Json }
      const added = await bench.store.append([{ fleet, kind: markedKind, body }])
      written = [...written, ...added.map(toMark)]
      merge()
    },
    listen: async () => {
      const told = await toldEvents()
      if (told.length !== heard.length) {
        heard = told.map(toMark)
        merge()
      }
      return toldBy(heard, before)
    },
  }
}

/** A diary that is gone with the process, and to which nobody can say anything: for runs that are no rollouts. */
export const passingDiary = (now: () => number): Diary => {
  const startedAtMs = now()
  const marks: Mark[] = []
  const nowMs = (): number => now() - startedAtMs
  return {
    marks: () => marks,
    nowMs,
    write: async (mark) => {
      marks.push({ ...mark, atMs: nowMs() })
    },
    listen: async () => toldBy([], 0),
  }
}

/** @param before how much had been said when this controller began: a pause holds, but nobody is sent away twice */
const toldBy = (heard: readonly Mark[], before: number): Told => {
  const since = heard.slice(before)
  const last = heard.findLast(({ name }) => name === "pause" || name === "resume")
  return {
    paused: last?.name === "pause",
    abort: since.some(({ name }) => name === "abort"),
    takeOver: since.some(({ name }) => name === "take-over"),
    count: heard.length,
  }
}
