import { FireclayError, type Fleet } from "../contract/index.ts"
import { matches } from "./pattern.ts"
import type { Bundle } from "./release.ts"

/** What a user wants a run to be limited to; nothing of a kind: no limit of that kind. */
export interface LimitWant {
  /** Names of machines, or tags of hosts. */
  readonly on: readonly string[]
  /** Ids of resources, what stands behind their type (a path, a name), or either with `*` for any text. */
  readonly only: readonly string[]
  /** Tags of resources. */
  readonly tag: readonly string[]
}

/** What a run of one fleet is limited to. */
export interface Limit {
  /** Names of the machines; `undefined`: all. */
  readonly machines: ReadonlySet<string> | undefined
  /** Ids of the resources; `undefined`: all, and what left the description. */
  readonly only: ReadonlySet<string> | undefined
}

/** A fleet that a limited run may be about. */
export interface Limitable {
  readonly fleet: Fleet
  readonly bundled: Bundle
  /** Names of its machines. */
  readonly names: readonly string[]
}

/** How a user is understood. */
export interface Understanding {
  /** Fleets were named, so that each of them is meant. */
  readonly named: boolean
  /** The word that was most likely meant. */
  readonly closest: (word: string, candidates: readonly string[]) => string | undefined
}

export const isLimited = ({ on, only, tag }: LimitWant): boolean => on.length + only.length + tag.length > 0

/**
 * The fleets that a limited run is about, each with its limit: those that have one of the machines and one of the
 * resources.
 *
 * @throws FireclayError FC_TARGET_UNKNOWN when a word matches nothing; FC_TARGET_DELIVERY
 */
export const limitFleets = <T extends Limitable>(
  fleets: readonly T[],
  want: LimitWant,
  { named, closest }: Understanding,
): readonly (T & { readonly limit: Limit })[] => {
  const kept = fleets.filter(({ fleet }) => fleet.by.delivery === "in-place")
  const replaced = fleets.find(({ fleet }) => fleet.by.delivery === "replace")
  if (replaced !== undefined && (named || kept.length === 0)) throw byReplacement(replaced.fleet)
  const select = (flag: Flag, words: readonly string[]): readonly ReadonlySet<string>[] =>
    selectIn(flag, words, kept.map(kinds[flag].candidates), closest)
  const machines = select("--on", want.on)
  const only = select("--only", want.only)
  const tagged = select("--tag", want.tag)
  const resources = want.only.length + want.tag.length > 0
  const limited = kept.flatMap((entry, index) => {
    const limit = {
      machines: want.on.length > 0 ? (machines[index] ?? new Set()) : undefined,
      only: resources ? new Set([...(only[index] ?? []), ...(tagged[index] ?? [])]) : undefined,
    }
    return limit.machines?.size === 0 || limit.only?.size === 0 ? [] : [{ ...entry, limit }]
  })
  if (limited.length > 0) return limited
  throw new FireclayError("FC_TARGET_UNKNOWN", "no fleet has both these machines and these resources", {
    at: "--on",
    remedy: "name machines and resources of one fleet",
  })
}

type Flag = "--on" | "--only" | "--tag"

/** By what words something may be called, with what it then is. */
type Candidates = readonly (readonly [word: string, target: string])[]

/** For each fleet what the words mean there. A word that means nothing in any of them is a mistake. */
const selectIn = (
  flag: Flag,
  words: readonly string[],
  all: readonly Candidates[],
  closest: Understanding["closest"],
): readonly ReadonlySet<string>[] => {
  for (const word of words)
    if (!all.some((candidates) => candidates.some(([name]) => matches(word, name))))
      throw unknown(flag, word, all.flat(), closest)
  return all.map(
    (candidates) =>
      new Set(candidates.flatMap(([name, target]) => (words.some((word) => matches(word, name)) ? [target] : []))),
  )
}

const machineCandidates = ({ fleet: { on }, names }: Limitable): Candidates => [
  ...names.map((name) => [name, name] as const),
  ...(on.kind === "ssh" ? on.hosts : []).flatMap(({ name, tags = [] }) => tags.map((tag) => [tag, name] as const)),
]

const resourceCandidates = ({ bundled }: Limitable): Candidates =>
  bundled.manifest.resources.flatMap(({ id }) => [
    [id, id] as const,
    [id.slice(id.indexOf(":") + 1), id] as const,
    // Units are mostly called without their kind.
    ...(id.endsWith(".service") ? [id, id.slice(id.indexOf(":") + 1)] : []).map(
      (name) => [name.slice(0, -".service".length), id] as const,
    ),
  ])

const tagCandidates = ({ bundled }: Limitable): Candidates =>
  [...(bundled.tags ?? [])].flatMap(([id, tags]) => tags.map((tag) => [tag, id] as const))

const kinds: {
  readonly [flag in Flag]: { readonly name: string; readonly candidates: (of: Limitable) => Candidates }
} = {
  "--on": { name: "machine or tag of hosts", candidates: machineCandidates },
  "--only": { name: "resource", candidates: resourceCandidates },
  "--tag": { name: "tag of resources", candidates: tagCandidates },
}

const unknown = (
  flag: Flag,
  word: string,
  candidates: Candidates,
  closest: Understanding["closest"],
): FireclayError => {
  const words = [...new Set(candidates.map(([name]) => name))]
  const known = flag === "--only" ? [...new Set(candidates.map(([, id]) => id))] : words
  const guess = closest(word, words) ?? known.find((name) => name.includes(word))
  const list = known.length === 0 ? "there is none" : `known: ${known.slice(0, 12).join(", ")}`
  return new FireclayError("FC_TARGET_UNKNOWN", `there is no ${kinds[flag].name} "${word}"`, {
    at: flag,
    remedy: guess === undefined ? list : `did you mean "${guess}"?`,
  })
}

const byReplacement = ({ name }: Fleet): FireclayError =>
  new FireclayError(
    "FC_TARGET_DELIVERY",
    `${name} is delivered by replacement: an instance is all of its image, so there is nothing to limit`,
    { at: `fleets.${name}`, remedy: `apply all of it: fireclay apply ${name}` },
  )
