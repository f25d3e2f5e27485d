import type { Delivery, Json, StoredEvent } from "../../../contract/index.ts"
import { type DriftLife, driftLives } from "../../audit/drift-life.ts"
import type { Manifest } from "../../release.ts"
import { type ReleaseChange, releaseChanges } from "./release-changes.ts"
import { type LivedRollout, livedRollouts } from "./rollouts.ts"

/** What the log tells of one fleet, as it is delivered now. */
export interface FleetLife {
  readonly fleet: string
  readonly delivery: Delivery
  /** Since when it is delivered so, and until when the log was read, or the fleet was there: ISO 8601. */
  readonly since: string
  readonly until: string
  /** It was delivered the other way before; what was then does not count. */
  readonly before?: Delivery
  /** Machines at the end. */
  readonly machines: number
  /** Machines times the time that they were there, in months of 30 days. */
  readonly machineMonths: number
  /** Oldest first. */
  readonly rollouts: readonly LivedRollout[]
  /** What became of what was found. */
  readonly drift: readonly DriftLife[]
  /** Days on which somebody looked for drift, as far as the log knows. */
  readonly lookedOnDays: number
  readonly repairs: Repairs
  readonly patches: Patches
  /** How the releases differ from the one before each. */
  readonly changes: readonly ReleaseChange[]
  /** Volumes of the newest release that one machine alone may hold. */
  readonly exclusiveVolumes: readonly string[]
}

/** How long it took, in seconds, until what was not well was so again. */
export interface Repairs {
  /** From when something was found that drifted to when it was known to be gone; what came and went together counts once. */
  readonly drift: readonly number[]
  /** From the first rollout that failed to the next that finished. */
  readonly rollouts: readonly number[]
  /** From when a measurement said that the new release is not good until the old one, or a good one, was in force. */
  readonly unwell: readonly number[]
  /** A rollout failed, and none has finished since. */
  readonly outstanding: boolean
}

export interface Patches {
  /** Machines that were patched, each as often as it was. */
  readonly machines: number
  readonly packages: number
  readonly undone: number
  readonly reboots: number
  /** Outside of the fleet's window. */
  readonly forced: number
}

export const monthMs = 30 * 86_400_000

/** Pure. `undefined`: nothing was ever rolled out. @param events of one fleet, oldest first */
export const fleetLife = (fleet: string, all: readonly StoredEvent[], nowMs: number): FleetLife | undefined => {
  const { before, events } = sinceDelivered(all)
  const rollouts = livedRollouts(events)
  const [first] = rollouts
  if (first === undefined) return undefined
  const { untilMs, machines, machineMonths } = presence(events, rollouts, nowMs)
  const drift = driftLives(events)
  return {
    fleet,
    delivery: first.delivery,
    since: first.startedAt,
    until: new Date(untilMs).toISOString(),
    ...(before === undefined ? {} : { before }),
    machines,
    machineMonths,
    rollouts,
    drift,
    lookedOnDays: daysOf(events.filter(({ kind }) => looks.has(kind))),
    repairs: { drift: driftRepairs(drift), ...rolloutRepairs(rollouts) },
    patches: patchesIn(events),
    changes: releaseChanges(events),
    exclusiveVolumes: exclusiveIn(events),
  }
}

/** What happened since the fleet is delivered as it is now, releases of before with it: they are what it is compared with. */
const sinceDelivered = (
  events: readonly StoredEvent[],
): { readonly before?: Delivery; readonly events: readonly StoredEvent[] } => {
  const starts = events.filter(({ kind }) => kind === "rollout.started")
  const now = starts.at(-1)?.body.delivery
  const other = starts.findLast(({ body }) => body.delivery !== now)
  if (other === undefined) return { events }
  const first = starts.find(({ number }) => number > other.number)?.number ?? 0
  const kept = events.filter(
    ({ number, kind }) => number >= first || kind === "release.created" || kind === "image.built",
  )
  return { before: other.body.delivery === "replace" ? "replace" : "in-place", events: kept }
}

/** How many machines there were, and for how long. Those of a fleet that was destroyed are gone. */
const presence = (events: readonly StoredEvent[], rollouts: readonly LivedRollout[], nowMs: number) => {
  const ends = rollouts.flatMap(({ endedAt, machines, outcome }) => {
    // An earlier Fireclay did not write down who was there.
    const known = machines ?? (outcome === "finished" || outcome === "partial" ? 1 : undefined)
    return endedAt === undefined || known === undefined ? [] : [{ atMs: Date.parse(endedAt), machines: known }]
  })
  const destroyed = events.flatMap(({ kind, at }) =>
    kind === "fleet.destroyed" ? [{ atMs: Date.parse(at), machines: 0 }] : [],
  )
  const counts = [...ends, ...destroyed].toSorted((left, right) => left.atMs - right.atMs)
  const last = counts.at(-1)
  const untilMs = last?.machines === 0 ? last.atMs : nowMs
  const ms = counts.reduce(
    (sum, { atMs, machines }, index) => sum + machines * ((counts[index + 1]?.atMs ?? untilMs) - atMs),
    0,
  )
  return { untilMs, machines: last?.machines ?? 0, machineMonths: ms / monthMs }
}

const looks: ReadonlySet<string> = new Set([
  ...["drift.looked", "drift.found", "drift.seen", "drift.fixed", "drift.adopted", "drift.replaced"],
])

const daysOf = (events: readonly StoredEvent[]): number => new Set(events.map(({ at }) => at.slice(0, 10))).size

const driftRepairs = (lives: readonly DriftLife[]): readonly number[] => {
  const ended = lives.flatMap(({ machine, foundAt, at }) => (at === undefined ? [] : [{ machine, foundAt, at }]))
  const once = new Map(ended.map((each) => [`${each.machine} ${each.foundAt} ${each.at}`, each]))
  return [...once.values()].map(({ foundAt, at }) => secondsFrom(foundAt, at))
}

const rolloutRepairs = (rollouts: readonly LivedRollout[]): Omit<Repairs, "drift"> => {
  const seconds: number[] = []
  let since: string | undefined
  for (const { outcome, endedAt = "" } of rollouts) {
    if (isFailure(outcome)) since ??= endedAt
    if (outcome !== "finished" || since === undefined) continue
    seconds.push(secondsFrom(since, endedAt))
    since = undefined
  }
  const unwell = rollouts.flatMap(({ unwellAt, endedAt, outcome }) =>
    unwellAt === undefined || endedAt === undefined || !(outcome === "reverted" || outcome === "finished")
      ? []
      : [secondsFrom(unwellAt, endedAt)],
  )
  return { rollouts: seconds, unwell, outstanding: since !== undefined }
}

export const isFailure = (outcome: LivedRollout["outcome"]): boolean =>
  outcome === "partial" || outcome === "reverted" || outcome === "failed" || outcome === "cut off"

const secondsFrom = (from: string, to: string): number => Math.max(0, (Date.parse(to) - Date.parse(from)) / 1_000)

const patchesIn = (events: readonly StoredEvent[]): Patches => {
  const count = (kind: string): number => events.filter((event) => event.kind === kind).length
  const applied = events
    .filter(({ kind }) => kind === "patch.applied")
    .map(({ body }) => listOf(body.moves).length)
    .filter((moves) => moves > 0)
  return {
    machines: applied.length,
    packages: applied.reduce((sum, moves) => sum + moves, 0),
    undone: count("patch.undone"),
    reboots: count("patch.rebooted"),
    forced: count("patch.forced"),
  }
}

const listOf = (value: Json | undefined): readonly Json[] => (Array.isArray(value) ? value : [])

const exclusiveIn = (events: readonly StoredEvent[]): readonly string[] => {
  const newest = events.findLast(({ kind }) => kind === "release.created")?.body.manifest as unknown
  const { volumes = [] } = (newest ?? {}) as Partial<Manifest>
  return volumes.filter(({ access }) => access !== "shared").map(({ name }) => name)
}
