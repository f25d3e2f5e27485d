import type { PatchSet, Update } from "../../contract/index.ts"
import { matches } from "../pattern.ts"
import { compareVersions } from "./versions.ts"

/** What a machine has, and what it could have. */
export interface Offers {
  readonly machine: string
  /** All its packages, by name. */
  readonly installed: { readonly [name: string]: string }
  /** Each newer version that it can get; of a package there may be several. */
  readonly updates: readonly Update[]
  /** Names that its package manager was told to leave as they are. */
  readonly held: readonly string[]
  /** What its package manager would not take along, by `NAME=VERSION`, with its reason. */
  readonly keptBack: { readonly [word: string]: string }
}

/** What of all that is offered is wanted. */
export interface PatchWant {
  readonly nowMs: number
  /** Security updates only. */
  readonly security?: boolean
  readonly minimumAgeMs?: number
  /** Patterns of names that stay, by who says so: the fleet, and this run. */
  readonly hold?: readonly string[]
  readonly exclude?: readonly string[]
}

/** An update as a fleet sees it. */
export interface FleetUpdate {
  readonly name: string
  readonly version: string
  readonly origin: string
  readonly security: boolean
  readonly since?: string
  /** Who of them says so that has known it longest. */
  readonly sinceBy?: Update["sinceBy"]
  /** Those that have something older, and what. */
  readonly machines: { readonly [machine: string]: string }
}

export interface HeldBack extends FleetUpdate {
  readonly reason: string
  /** When it will be old enough: ISO 8601. */
  readonly until?: string
}

/** One answer for all machines of a fleet. */
export interface PatchChoice {
  readonly set: PatchSet
  readonly taken: readonly FleetUpdate[]
  /** What is offered and not taken. */
  readonly heldBack: readonly HeldBack[]
}

/**
 * Pure: which version of each package all machines of a fleet that have it are taken to. It is the newest that they all
 * can get and that is wanted; what is newer than that is held back.
 */
export const choosePatches = (offers: readonly Offers[], want: PatchWant): PatchChoice => {
  const names = [...new Set(offers.flatMap(({ updates }) => updates.map(({ name }) => name)))].toSorted()
  const chosen = names.map((name) => chooseOne(name, offers, want))
  const taken = chosen.flatMap((choice) => choice.taken ?? [])
  return {
    set: Object.fromEntries(taken.map(({ name, version }) => [name, version])),
    taken,
    heldBack: chosen.flatMap(({ heldBack }) => heldBack),
  }
}

interface OneChoice {
  readonly taken?: FleetUpdate
  readonly heldBack: readonly HeldBack[]
}

const chooseOne = (name: string, offers: readonly Offers[], want: PatchWant): OneChoice => {
  const heldBack: HeldBack[] = []
  for (const update of versionsOf(name, offers)) {
    const why = reasonAgainst(update, offers, want)
    if (why === undefined) return { taken: update, heldBack }
    heldBack.push({ ...update, ...why })
  }
  return { heldBack }
}

/** The newest first. */
const versionsOf = (name: string, offers: readonly Offers[]): readonly FleetUpdate[] => {
  const all = offers.flatMap(({ updates }) => updates.filter((update) => update.name === name))
  const versions = [...new Set(all.map(({ candidate }) => candidate))].toSorted((a, b) => compareVersions(b, a))
  return versions.map((version) => {
    const same = all.filter(({ candidate }) => candidate === version)
    const security = same.find((update) => update.security)
    const [oldest] = same
      .filter(({ since }) => since !== undefined)
      .toSorted((one, other) => Date.parse(one.since ?? "") - Date.parse(other.since ?? ""))
    const { since, sinceBy } = oldest ?? {}
    return {
      ...{ name, version, origin: (security ?? same[0])?.origin ?? "", security: security !== undefined },
      ...(since === undefined ? {} : { since }),
      ...(sinceBy === undefined ? {} : { sinceBy }),
      machines: Object.fromEntries(
        offers.flatMap(({ machine, installed }) => {
          const has = installed[name]
          return has !== undefined && compareVersions(has, version) < 0 ? [[machine, has]] : []
        }),
      ),
    }
  })
}

type Against = Pick<HeldBack, "reason" | "until">

/** The first reason that there is. */
const reasonAgainst = (update: FleetUpdate, offers: readonly Offers[], want: PatchWant): Against | undefined =>
  patternReason(update, want) ??
  managerReason(update, offers) ??
  (want.security === true && !update.security ? { reason: "no security update" } : undefined) ??
  ageReason(update, want) ??
  reachReason(update, offers)

const patternReason = ({ name }: FleetUpdate, { hold = [], exclude = [] }: PatchWant): Against | undefined => {
  const held = hold.find((pattern) => matches(pattern, name))
  if (held !== undefined) return { reason: `the fleet holds ${held}` }
  const excluded = exclude.find((pattern) => matches(pattern, name))
  return excluded === undefined ? undefined : { reason: `--exclude ${excluded}` }
}

const managerReason = ({ name, version, machines }: FleetUpdate, offers: readonly Offers[]): Against | undefined => {
  const concerned = offers.filter(({ machine }) => machine in machines)
  const holding = concerned.filter(({ held }) => held.includes(name))
  if (holding.length > 0) return { reason: `held on ${namesOf(holding)}` }
  const word = `${name}=${version}`
  const keeping = concerned.find(({ keptBack }) => word in keptBack)
  return keeping === undefined ? undefined : { reason: `${keeping.keptBack[word]} on ${keeping.machine}` }
}

const ageReason = ({ since }: FleetUpdate, { minimumAgeMs = 0, nowMs }: PatchWant): Against | undefined => {
  if (minimumAgeMs === 0) return undefined
  if (since === undefined) return { reason: "nobody knows how old it is" }
  const oldEnoughMs = Date.parse(since) + minimumAgeMs
  return oldEnoughMs <= nowMs ? undefined : { reason: "too young", until: new Date(oldEnoughMs).toISOString() }
}

/** A version that some machines cannot get would make a fleet of unequal machines. */
const reachReason = ({ name, version, machines }: FleetUpdate, offers: readonly Offers[]): Against | undefined => {
  const without = offers.filter(
    ({ machine, updates }) =>
      machine in machines && !updates.some((update) => update.name === name && update.candidate === version),
  )
  return without.length === 0 ? undefined : { reason: `${namesOf(without)} cannot get it` }
}

const namesOf = (offers: readonly Offers[]): string => offers.map(({ machine }) => machine).join(", ")
