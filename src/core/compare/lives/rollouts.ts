import type { Delivery, Json, StoredEvent } from "../../../contract/index.ts"

/** What came of a rollout. `aborted`: by people or by the clock, so nothing failed. `cut off`: its controller died, and nobody went on. */
export type Outcome = "finished" | "partial" | "reverted" | "failed" | "aborted" | "cut off" | "under way"

/** One way to a release, as the log has it. */
export interface LivedRollout {
  readonly delivery: Delivery
  /** `update`: to a release that was not in force. `again`: to the one in force: more or fewer machines, or the rest of them. */
  readonly kind: "first" | "update" | "back" | "again" | "repair"
  readonly from?: number
  readonly to: number
  /** ISO 8601. */
  readonly startedAt: string
  readonly outcome: Outcome
  readonly endedAt?: string
  /** Of one that finished, without building its image. */
  readonly seconds?: number
  /** By replacement: how long the image took to build, where it was built for this. */
  readonly buildSeconds?: number
  /** People had it wait: its time is theirs. */
  readonly waited: boolean
  /** When a measurement said that the new release is not good. */
  readonly unwellAt?: string
  /** Machines at its end, those that were left behind too. Absent: the log does not say. */
  readonly machines?: number
}

/** Pure: the rollouts of one fleet, oldest first. A controller that went on with what another one began is no rollout of its own. */
export const livedRollouts = (events: readonly StoredEvent[]): readonly LivedRollout[] => {
  const rollouts = new Map<string, Draft>()
  const builds = new Map<Json | undefined, number>()
  const digests = new Map<Json | undefined, Json | undefined>()
  for (const event of events) {
    const { kind, body } = event
    if (kind === "release.created") digests.set(body.number, body.digest)
    if (kind === "image.built") builds.set(body.release, secondsBetween(body.startedAt, event.at))
    if (kind === "fleet.destroyed") cutOff(rollouts, undefined, event.at)
    if (!kind.startsWith("rollout.")) continue
    const id = String(body.rollout)
    if (kind === "rollout.started" && !rollouts.has(id)) {
      cutOff(rollouts, id, event.at)
      const digest = digests.get(body.to)
      const build = builds.get(digest)
      builds.delete(digest)
      rollouts.set(id, { ...begin(event), ...(build === undefined ? {} : { buildSeconds: build }) })
    } else {
      const draft = rollouts.get(id)
      if (draft !== undefined) rollouts.set(id, goOn(draft, event))
    }
  }
  return [...rollouts.values()].map(({ resumed: _, yields: __, ...rollout }) => rollout)
}

/** `yields`: another run was let take over from it. */
type Draft = LivedRollout & { readonly resumed: boolean; readonly yields: boolean }

const secondsBetween = (from: Json | undefined, to: string): number =>
  typeof from === "string" ? Math.max(0, (Date.parse(to) - Date.parse(from)) / 1_000) : 0

/** What nobody went on with has ended when another one begins. */
const cutOff = (rollouts: Map<string, Draft>, but: string | undefined, at: string): void => {
  for (const [id, draft] of rollouts)
    if (id !== but && draft.outcome === "under way")
      rollouts.set(id, { ...draft, outcome: draft.yields ? "aborted" : "cut off", endedAt: at })
}

const begin = ({ at, body }: StoredEvent): Draft => {
  const from = typeof body.from === "number" ? body.from : undefined
  return {
    delivery: body.delivery === "replace" ? "replace" : "in-place",
    kind: kindOf(body),
    ...(from === undefined ? {} : { from }),
    to: Number(body.to),
    startedAt: at,
    outcome: "under way",
    waited: false,
    resumed: false,
    yields: false,
  }
}

const kindOf = ({ from, to, mends, drifted }: StoredEvent["body"]): LivedRollout["kind"] => {
  if (mends === true || isObject(drifted)) return "repair"
  if (typeof from !== "number") return "first"
  if (from === to) return "again"
  // That it goes back on purpose is said at its end only; one that failed has none.
  return Number(to) < from ? "back" : "update"
}

const goOn = (draft: Draft, { kind, at, body }: StoredEvent): Draft => {
  switch (kind) {
    case "rollout.started":
      return { ...draft, resumed: true }
    case "rollout.told":
      return {
        ...draft,
        waited: draft.waited || body.word === "pause" || body.word === "promote",
        yields: body.word === "take-over",
      }
    case "rollout.marked":
      return body.verdict === "fail" && draft.unwellAt === undefined ? { ...draft, unwellAt: at } : draft
    case "rollout.finished":
      return finish(draft, at, body)
    case "rollout.stopped":
      return { ...draft, outcome: calledOff(body) ?? "partial", endedAt: at, ...machinesOf(body) }
    case "rollout.reverted":
      return { ...draft, outcome: calledOff(body) ?? "reverted", endedAt: at }
    case "rollout.failed":
      return { ...draft, outcome: "failed", endedAt: at }
    default:
      return draft
  }
}

const finish = (draft: Draft, at: string, body: StoredEvent["body"]): Draft => {
  const left = isObject(body.versions) && Object.values(body.versions).some((release) => release !== body.to)
  const own = typeof body.seconds === "number" && !draft.resumed ? body.seconds : secondsBetween(draft.startedAt, at)
  return {
    ...draft,
    ...(body.back === true && draft.kind === "update" ? { kind: "back" } : {}),
    outcome: left ? "partial" : "finished",
    endedAt: at,
    seconds: own,
    ...machinesOf(body),
  }
}

/** Nothing of the release or of the way failed: somebody said so, or the time was over. */
const calledOff = ({ code }: StoredEvent["body"]): Outcome | undefined =>
  typeof code === "string" && callsOff.has(code) ? "aborted" : undefined

const callsOff: ReadonlySet<string> = new Set([
  "FC_ROLLOUT_ABORTED",
  "FC_CANCELLED",
  "FC_PLAN_STALE",
  "FC_PATCH_CLOSED",
])

const machinesOf = ({ versions }: StoredEvent["body"]): { readonly machines?: number } =>
  isObject(versions) ? { machines: Object.values(versions).filter((release) => release !== null).length } : {}

const isObject = (value: Json | undefined): value is StoredEvent["body"] =>
  typeof value === "object" && value !== null && !Array.isArray(value)
