import type { Json, Store, StoredEvent } from "../../contract/index.ts"

/** Something that happened to a fleet or a machine. */
export interface Happening {
  /** Number of the event. */
  readonly number: number
  /** ISO 8601, UTC. */
  readonly at: string
  readonly who: string
  readonly fleet: string
  readonly kind: string
  /** In a few words. */
  readonly what: string
}

/**
 * What happened, oldest first.
 *
 * @param about fleets or machines; none: all
 */
export const readHistory = async (store: Store, about: readonly string[]): Promise<readonly Happening[]> => {
  const events = await store.events()
  return about.length === 0 ? historyOf(events) : merge(about.map((name) => historyOf(events, name)))
}

/** Every name that the log tells something of, fleets before machines. */
export const namesIn = (events: readonly StoredEvent[]): readonly string[] => [
  ...new Set([...events.map(({ fleet }) => fleet).filter((fleet) => fleet !== ""), ...events.flatMap(machinesIn)]),
]

/** Pure. @param name a fleet or a machine */
export const historyOf = (events: readonly StoredEvent[], name?: string): readonly Happening[] => {
  const isFleet = name === undefined || events.some(({ fleet }) => fleet === name)
  const told = isFleet ? tellFleets(events, name) : tellMachine(events, name)
  return told.map(([{ number, at, who, fleet, kind }, what]) => ({ number, at, who, fleet, kind, what }))
}

type Told = readonly [event: StoredEvent, what: string]
type Body = StoredEvent["body"]

const tellFleets = (events: readonly StoredEvent[], fleet: string | undefined): readonly Told[] =>
  events
    .filter((event) => fleet === undefined || event.fleet === fleet)
    .flatMap((event) => {
      const what = Object.hasOwn(words, event.kind) ? words[event.kind]?.(event.body) : undefined
      return what === undefined ? [] : [[event, what] as const]
    })

/** Kinds that are left out are how a rollout works, not what came of it. */
const words: { readonly [kind: string]: (body: Body) => string | undefined } = {
  "release.created": ({ number, digest }) => `release ${text(number)} was made (${text(digest).slice(7, 19)})`,
  "rollout.started": ({ from, to, strategy, delivery, size, configured, mends, drifted }) =>
    `${mends === true ? "putting right what drifted from" : `rollout ${from === null ? "of" : `from ${text(from)} to`}`} release ${text(to)} began: ${text(strategy)}, ${ways[text(delivery)] ?? text(delivery)}${instances(size, configured)}${inPlaceOf(drifted)}`,
  "rollout.finished": ({ to, seconds, back }) =>
    `release ${text(to)} is in force${back === true ? ", on purpose again" : ""}${after(seconds)}`,
  "rollout.reverted": ({ failed, to, message }) =>
    `release ${text(failed)} failed and was taken back${to === null ? "" : ` to ${text(to)}`}: ${text(message)}`,
  "rollout.stopped": ({ to, message }) => `rollout of release ${text(to)} stopped half-way: ${text(message)}`,
  "rollout.failed": ({ to, message, revert }) =>
    `rollout of release ${text(to)} failed: ${text(message)}; going back failed too: ${text(revert)}`,
  "rollout.told": ({ word }) => `somebody said: ${text(word)}`,
  "rollout.marked": ({ name, verdict, reason }) =>
    verdict === undefined
      ? undefined
      : `${text(name)}: ${text(verdict)}${reason === undefined ? "" : `, ${text(reason)}`}`,
  "limited.applied": ({ changed, resources, seconds }) =>
    `limited run changed ${list(changed) || "nothing"}${resources === null ? "" : `, only ${list(resources)}`}${after(seconds)}`,
  "limited.reverted": ({ message }) => `limited run failed and was taken back: ${text(message)}`,
  "limited.failed": ({ message, revert }) => `limited run failed: ${text(message)}; ${text(revert)}`,
  "patch.applied": (body) => `${text(body.machine)} ${describePatch(body)}`,
  "patch.undone": ({ machine }) => `the patch of ${text(machine)} was taken back`,
  "patch.rebooted": ({ machine }) => `${text(machine)} was started anew`,
  "patch.forced": ({ opens }) => `patched outside of its window${opens === null ? "" : `, which opens ${text(opens)}`}`,
  "image.baked": ({ image, size }) => `image layer ${text(image).slice(7, 19)} was baked (${text(size)} bytes)`,
  "volume.protected": ({ volume }) => `volume ${text(volume)} is protected`,
  "volume.unprotected": ({ volume }) => `volume ${text(volume)} is no longer protected`,
  "volume.deleted": ({ volume }) => `volume ${text(volume)} was deleted`,
  "drift.found": (body) => `${text(body.machine)} ${describeDrift(body)}`,
  "drift.adopted": (body) => `${text(body.machine)} ${describeAdopted(body)}`,
  "drift.fixed": (body) => `${text(body.machine)} ${describeFix(body)}`,
  "drift.replaced": (body) => `${text(body.machine)} ${describeReplaced(body)}`,
  "drift.seen": (body) => `${text(body.machine)}: ${text(body.kind)} ${text(body.what)}`,
  "fleet.unlocked": ({ from }) => `taken over from ${from === null ? "nobody" : text(from)}`,
  "fleet.destroyed": () => "destroyed",
}

const instances = (size: Json | undefined, configured: Json | undefined): string => {
  if (size === undefined) return ""
  return `, ${text(size)} instances${size === configured ? "" : ` (scaled: the configuration says ${text(configured)})`}`
}

const inPlaceOf = (drifted: Json | undefined): string =>
  isObject(drifted) ? `, in the place of what drifted: ${Object.keys(drifted).join(", ")}` : ""

const ways: { readonly [delivery: string]: string } = { "in-place": "in place", replace: "by replacement" }

/** What befell one machine: which release it came to, and what was found on it. */
const tellMachine = (events: readonly StoredEvent[], machine: string): readonly Told[] => {
  const told: Told[] = []
  let release: Json | undefined
  for (const event of events) {
    const now = releaseAfter(event, machine)
    if (now !== undefined && now !== release) {
      told.push([event, now === null ? "has no release any more" : `is at release ${text(now)}`])
      release = now
    } else if (machinesIn(event).includes(machine)) {
      const what = wordsForMachine[event.kind]?.(event.body, machine)
      if (what !== undefined) told.push([event, what])
    }
    if (event.kind === "fleet.destroyed") release = undefined
  }
  return told
}

const wordsForMachine: { readonly [kind: string]: (body: Body, machine: string) => string | undefined } = {
  "machine.facts": ({ facts }) => `is ${describeFacts(facts)}`,
  "limited.applied": ({ resources }) =>
    `was changed by a limited run${resources === null ? "" : `: ${list(resources)}`}`,
  "drift.found": describeDrift,
  "drift.adopted": describeAdopted,
  "drift.fixed": describeFix,
  "drift.replaced": describeReplaced,
  "drift.seen": ({ kind, what }) => `was seen: ${text(kind)} ${text(what)}`,
  "patch.applied": describePatch,
  "patch.undone": () => "its patch was taken back",
  "patch.rebooted": () => "was started anew",
  "rollout.moves": ({ moves }, machine) => movesOf(moves, machine),
}

function describeAdopted({ resources }: Body): string {
  return `drifted, and the configuration says so now: ${list(resources)}`
}

function describeReplaced({ evidence }: Body): string {
  const kept = evidence === undefined ? "nothing could be kept of it" : `what was written on it is in ${text(evidence)}`
  return `goes, because it drifted; ${kept}`
}

function describeDrift({ declared, undeclared }: Body): string {
  const things = listOf(undeclared).map((finding) =>
    isObject(finding) ? `${text(finding.kind)} ${text(finding.what)}` : "",
  )
  const all = [...listOf(declared).map(text), ...things]
  const more = all.length > 3 ? ` and ${all.length - 3} more` : ""
  return all.length === 0 ? "is as it was delivered again" : `drifted: ${all.slice(0, 3).join(", ")}${more}`
}

function describeFix({ fixed, left }: Body): string {
  const [done, still] = [listOf(fixed), listOf(left)].map((names) => names.map(text))
  const told = (names: readonly string[] = []): string =>
    `${names.slice(0, 3).join(", ")}${names.length > 3 ? ` and ${names.length - 3} more` : ""}`
  return [
    done?.length === 0 ? "nothing was put right" : `was put right: ${told(done)}`,
    ...(still?.length === 0 ? [] : [`still otherwise: ${told(still)}`]),
  ].join("; ")
}

function describePatch({ moves, restarted }: Body): string {
  const all = listOf(moves)
    .filter(isObject)
    .map(({ name, from, to }) => `${text(name)} ${text(from)} → ${text(to)}`)
  const more = all.length > 3 ? ` and ${all.length - 3} more` : ""
  const units = listOf(restarted).length === 0 ? "" : `; restarted ${list(restarted)}`
  return all.length === 0 ? "was patched already" : `was patched: ${all.slice(0, 3).join(", ")}${more}${units}`
}

const movesOf = (moves: Json | undefined, machine: string): string | undefined => {
  const own = listOf(moves)
    .filter((move) => isObject(move) && move.id === machine)
    .map((move) => text((move as Body).do))
  const told = own.flatMap((word) => moveWords[word] ?? [])
  return told.length === 0 ? undefined : told.join(", ")
}

const moveWords: { readonly [move: string]: string } = { retire: "was retired" }

/** `undefined`: the event says nothing of it; `null`: it has none. */
const releaseAfter = ({ body: { versions } }: StoredEvent, machine: string): Json | undefined =>
  isObject(versions) && Object.hasOwn(versions, machine) ? (versions[machine] ?? null) : undefined

const machinesIn = ({ body: { versions, machine, changed, moves } }: StoredEvent): readonly string[] => [
  ...(isObject(versions) ? Object.keys(versions) : []),
  ...(typeof machine === "string" ? [machine] : []),
  ...listOf(changed).filter((name) => typeof name === "string"),
  ...listOf(moves).flatMap((move) => (isObject(move) && typeof move.id === "string" ? [move.id] : [])),
]

const merge = (histories: readonly (readonly Happening[])[]): readonly Happening[] => {
  const byNumber = new Map(histories.flat().map((happening) => [`${happening.number} ${happening.what}`, happening]))
  return [...byNumber.values()].sort((left, right) => left.number - right.number)
}

const describeFacts = (facts: Json | undefined): string => {
  if (!isObject(facts) || !isObject(facts.os)) return "another system than before"
  return [`${text(facts.os.name)} ${text(facts.os.version)}`, facts.kernel, facts.architecture].map(text).join(", ")
}

const isObject = (value: Json | undefined): value is Body =>
  typeof value === "object" && value !== null && !Array.isArray(value)

const listOf = (value: Json | undefined): readonly Json[] => (Array.isArray(value) ? value : [])
const list = (value: Json | undefined): string => listOf(value).map(text).join(", ")
const after = (seconds: Json | undefined): string =>
  typeof seconds === "number" ? `, after ${seconds.toFixed(1)} s` : ""

/** What an event of an earlier Fireclay lacks is left empty. */
const text = (value: Json | undefined): string => {
  if (value === undefined || value === null) return ""
  return typeof value === "object" ? JSON.stringify(value) : String(value)
}
