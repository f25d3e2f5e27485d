import { type Fleet, isFireclayError, type Sighting } from "../../contract/index.ts"
import { readFleet } from "../ledger.ts"
import { recoverFleet } from "../rollout/rollout.ts"
import type { Workbench } from "../workbench.ts"
import { answerDrift } from "./answer.ts"
import { type DriftWant, type FleetDrift, findDrift, hasDrifted } from "./drift.ts"
import type { Finding } from "./judge.ts"
import { kindOf } from "./kinds.ts"
import { type DriftNews, type Known, newsOf } from "./news.ts"
import { ruleFor, rulesOf } from "./rules.ts"

export interface WatchWant extends DriftWant {
  readonly intervalMs: number
  readonly tell: (news: DriftNews) => void
}

/**
 * Looks at fleets again and again, and tells what is new and what is gone, until the bench's signal; does about it what each
 * fleet says. Between two looks an engine that can tells at once what happens on its instances.
 */
export const watchDrift = async (bench: Workbench, fleets: readonly Fleet[], want: WatchWant): Promise<void> => {
  const quiet: Workbench = { ...bench, progress: () => undefined }
  await Promise.all(fleets.map((fleet) => watchFleet(quiet, fleet, want)))
}

const watchFleet = async (bench: Workbench, fleet: Fleet, want: WatchWant): Promise<void> => {
  const isOver = (): boolean => bench.signal?.aborted === true
  const sightings = openSightings(bench, fleet, want.tell)
  const answer = openAnswers(bench, fleet, want)
  let known: Known = new Map()
  while (!isOver()) {
    sightings.begin()
    const found = await look(bench, fleet, want, [...known.keys()])
    if (found === undefined) return
    const next = newsOf(known, found, timeOf(bench))
    known = next.known
    for (const news of next.news) if (!sightings.toldAlready(news)) want.tell(news)
    sightings.settle(found)
    const answered = await answer(found)
    await sightings.follow()
    // What came of an answer is looked at, and told, at once.
    if (!isOver() && !answered) await sightings.pause(want.intervalMs)
  }
}

/** A fleet that cannot be looked at at all is one whose machines are all away. `undefined`: the watch is over. */
const look = async (
  bench: Workbench,
  fleet: Fleet,
  want: DriftWant,
  known: readonly string[],
): Promise<FleetDrift | undefined> => {
  try {
    return await findDrift(bench, fleet, want)
  } catch (error) {
    if (!isFireclayError(error)) throw error
    if (error.code === "FC_CANCELLED" || bench.signal?.aborted === true) return undefined
    const nothing = { declared: [], undeclared: [], ignored: [], data: 0, varied: 0, problem: error }
    const machines = (known.length === 0 ? [fleet.name] : known).map((machine) => ({ ...nothing, machine }))
    return { fleet: fleet.name, machines, expired: [] }
  }
}

/**
 * Does what the fleet says and tells of it; what cannot be done, and why, is told once. Answers whether to look again at once:
 * something was done, and not just before too, for then something brings the drift back.
 */
const openAnswers = (bench: Workbench, fleet: Fleet, want: WatchWant): ((found: FleetDrift) => Promise<boolean>) => {
  let failed: string | undefined
  let before = false
  const say = (news: Pick<DriftNews, "news" | "answered" | "problem">): void =>
    want.tell({ at: timeOf(bench), fleet: fleet.name, machine: fleet.name, ...news })
  return async (found) => {
    const { onDrift = "report" } = fleet
    const again = before
    before = false
    if (onDrift === "report" || !found.machines.some(hasDrifted)) return false
    try {
      await recoverFleet(bench, fleet)
      const answered = await answerDrift(bench, fleet, found, want)
      failed = undefined
      before = true
      const { fixed, replaced } = answered
      const isDone = replaced !== undefined || fixed?.machines.some((machine) => machine.fixed.length > 0) === true
      if (isDone || !again) say({ news: "answered", answered })
      return isDone && !again
    } catch (error) {
      if (!isFireclayError(error)) throw error
      if (failed !== error.message && bench.signal?.aborted !== true) say({ news: "unanswered", problem: error })
      failed = error.message
      return false
    }
  }
}

const timeOf = (bench: Workbench): string => new Date(bench.now()).toISOString()

interface Sightings {
  /** A look begins. */
  readonly begin: () => void
  /** Whether it was told when it happened. */
  readonly toldAlready: (news: DriftNews) => boolean
  /** A look has ended: what was seen before it and is not there is news when it comes again. */
  readonly settle: (found: FleetDrift) => void
  /** Watches the instances that are there now. */
  readonly follow: () => Promise<void>
  /** Lets time pass until the next look is due, or something was seen. */
  readonly pause: (ms: number) => Promise<void>
}

const openSightings = (bench: Workbench, fleet: Fleet, tell: WatchWant["tell"]): Sightings => {
  const signal = bench.signal ?? new AbortController().signal
  /** By key: how many looks had begun then. */
  const told = new Map<string, number>()
  let looks = 0
  const followed = new Set<string>()
  let wake = new AbortController()
  const see = (machine: string, seen: Sighting): void => {
    const finding = findingOf(seen)
    const key = keyOf(machine, finding)
    if (told.has(key) || ruleFor(rulesOf(fleet.spec, bench.now()).ignore, finding) !== undefined) return
    told.set(key, looks)
    tell({ at: timeOf(bench), fleet: fleet.name, machine, news: "seen", finding })
    const { kind, what, details } = finding
    const body = { machine, kind, what, details: [...details] }
    // A log that cannot be written to must not end the watch; the look that follows will say so.
    bench.store.append([{ fleet: fleet.name, kind: "drift.seen", body }]).catch(() => undefined)
    wake.abort()
  }
  const watch = async (name: string): Promise<void> => {
    followed.add(name)
    await bench.engine(fleet).watch?.(name, (seen) => see(name, seen), signal)
    followed.delete(name)
  }
  return {
    begin: () => {
      looks += 1
    },
    toldAlready: ({ machine, news, finding }) =>
      news === "new" && finding !== undefined && told.has(keyOf(machine, finding)),
    settle: ({ machines }) => {
      const there = new Set(
        machines.flatMap(({ machine, undeclared }) => undeclared.map((finding) => keyOf(machine, finding))),
      )
      for (const [key, look] of told) if (look < looks && !there.has(key)) told.delete(key)
    },
    follow: async () => {
      if (fleet.by.delivery !== "replace" || bench.engine(fleet).watch === undefined) return
      const { current } = await readFleet(bench.store, fleet.name)
      const running = (await bench.engine(fleet).list()).filter(
        (each) => each.fleet === fleet.name && each.running && each.release === current,
      )
      for (const { name } of running) if (!followed.has(name)) watch(name).catch(() => followed.delete(name))
    },
    pause: async (ms) => {
      await bench.sleep(ms, AbortSignal.any([signal, wake.signal]))
      wake = new AbortController()
    },
  }
}

const findingOf = (seen: Sighting): Finding =>
  seen.kind === "login session"
    ? { kind: seen.kind, what: seen.who, change: "added", details: [seen.program] }
    : {
        kind: kindOf(seen.path, { kind: "f", mode: seen.mode, target: "" }),
        what: seen.path,
        change: "added",
        details: [`mode ${seen.mode}`],
      }

const keyOf = (machine: string, { kind, what }: Finding): string => `${machine}\t${kind}\t${what}`
