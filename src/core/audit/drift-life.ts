import type { Json, StoredEvent } from "../../contract/index.ts"

/** Something that drifted, from when it was first found. */
export interface DriftLife {
  readonly machine: string
  /** The id of a resource, or a kind and what it is: `cron job /etc/cron.d/x`. */
  readonly what: string
  /** ISO 8601. */
  readonly foundAt: string
  readonly became: "still there" | "gone" | "fixed" | "adopted" | "replaced" | "delivered" | "seen"
  /** When that was known, and who did it. */
  readonly at?: string
  readonly who?: string
}

/**
 * Pure: what became of what was found on the machines of a fleet. What is not found any more was put right by whatever was
 * done to the machine since it was last found; by nobody that the log knows of: it is gone.
 */
export const driftLives = (events: readonly StoredEvent[]): readonly DriftLife[] => {
  const open = new Map<string, Map<string, DriftLife>>()
  const ended: DriftLife[] = []
  const deeds = new Map<string, Deed>()
  const mends = new Set<Json | undefined>()
  for (const event of events) {
    if (event.kind === "rollout.started" && event.body.mends === true) mends.add(event.body.rollout)
    // An answer to drift comes by a delivery too.
    for (const [machine, deed] of deedsIn(event, { known: [...open.keys()], mends }))
      if (deed.became !== "delivered" || !deeds.has(machine)) deeds.set(machine, deed)
    const { machine } = event.body
    if (typeof machine !== "string") continue
    if (event.kind === "drift.seen")
      ended.push({ machine, what: nameOf(event.body), foundAt: event.at, became: "seen" })
    if (event.kind !== "drift.found") continue
    const lives = open.get(machine) ?? new Map<string, DriftLife>()
    const found = new Set(namesIn(event.body))
    const deed = deeds.get(machine)
    for (const [what, life] of lives) {
      if (found.has(what)) continue
      lives.delete(what)
      ended.push({ ...life, ...(deed ?? { became: "gone" as const, at: event.at }) })
    }
    for (const what of found)
      if (!lives.has(what)) lives.set(what, { machine, what, foundAt: event.at, became: "still there" })
    open.set(machine, lives)
    deeds.delete(machine)
  }
  // A machine that was replaced is not looked at again.
  const left = [...open].flatMap(([machine, lives]) => {
    const deed = deeds.get(machine)
    return [...lives.values()].map((life) => (deed?.became === "replaced" ? { ...life, ...deed } : life))
  })
  return [...ended, ...left].toSorted((a, b) => (a.foundAt < b.foundAt ? -1 : a.foundAt > b.foundAt ? 1 : 0))
}

interface Deed {
  readonly became: DriftLife["became"]
  readonly at: string
  readonly who: string
}

const became: { readonly [kind: string]: DriftLife["became"] } = {
  "drift.fixed": "fixed",
  "drift.adopted": "adopted",
  "drift.replaced": "replaced",
  "rollout.finished": "delivered",
  "limited.applied": "delivered",
}

/** What an event says was done, by machine; one that names none is about all of the fleet. */
const deedsIn = (
  { kind, at, who, body }: StoredEvent,
  { known, mends }: { readonly known: readonly string[]; readonly mends: ReadonlySet<Json | undefined> },
): readonly (readonly [machine: string, deed: Deed])[] => {
  const done = Object.hasOwn(became, kind) ? became[kind] : undefined
  if (done === undefined) return []
  // What a rollout put right is looked at before its `drift.fixed` is written.
  const deed = done === "delivered" && mends.has(body.rollout) ? "fixed" : done
  const { machine, machines } = body
  const named = [
    ...(typeof machine === "string" ? [machine] : []),
    ...listOf(machines).filter((name) => typeof name === "string"),
  ]
  return (named.length === 0 ? known : named).map((name) => [name, { became: deed, at, who }])
}

const namesIn = ({ declared, undeclared }: StoredEvent["body"]): readonly string[] => [
  ...listOf(declared).filter((id) => typeof id === "string"),
  ...listOf(undeclared).map((finding) => (isObject(finding) ? nameOf(finding) : "")),
]

const nameOf = ({ kind, what }: StoredEvent["body"]): string => `${String(kind)} ${String(what)}`

const isObject = (value: Json): value is StoredEvent["body"] =>
  typeof value === "object" && value !== null && !Array.isArray(value)

const listOf = (value: Json | undefined): readonly Json[] => (Array.isArray(value) ? value : [])
