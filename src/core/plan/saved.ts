import { FireclayError, type Fleet, type Json, type Project, type Step } from "../../contract/index.ts"
import { canonical, digestOf } from "../canonical.ts"
import type { Limit } from "../limit.ts"
import type { FleetPlan, PlannedLimit } from "../plan-fleet.ts"
import type { Bundle, Manifest } from "../release.ts"
import { compareSights } from "./sight.ts"
import type { MachinePlan, Sight } from "./types.ts"

/** A plan as a file keeps it. Contents are in the store, by digest. */
export interface SavedPlan {
  readonly schemaVersion: 1
  readonly kind: "fireclay plan"
  readonly project: string
  /** ISO 8601. */
  readonly createdAt: string
  readonly fleets: readonly SavedFleet[]
}

export interface SavedFleet {
  readonly fleet: string
  /** Release in force when the plan was made; `null`: none. */
  readonly from: number | null
  readonly to: number
  /** What of it is planned; absent: all. */
  readonly limit?: PlannedLimit
  /** How many instances there will be. Absent: machines that stay. */
  readonly size?: number
  /** What of the fleet, beyond its description, the plan rests on. */
  readonly settings: Settings
  readonly release: { readonly digest: string; readonly manifest: Manifest }
  readonly machines: readonly SavedMachine[]
  /** Local machines that would be made first. */
  readonly missing: readonly string[]
}

export interface SavedMachine {
  readonly machine: string
  readonly sight: Sight
  readonly steps: readonly Step[]
}

type Settings = { readonly [K in "on" | "by" | "listen" | "preview"]: Json }

/** A fleet with what was planned for it. */
export interface Planned {
  readonly fleet: Fleet
  readonly bundled: Bundle
  readonly plan: FleetPlan
  readonly limit?: Limit | undefined
}

/** The text of a plan's file. It ends with a digest of the rest, so that an edited one is known. */
export const formatPlan = (project: Project, planned: readonly Planned[], now: number): string => {
  const saved: SavedPlan = {
    schemaVersion: 1,
    kind: "fireclay plan",
    project: project.name,
    createdAt: new Date(now).toISOString(),
    fleets: planned.map(saveFleet),
  }
  return `${JSON.stringify({ ...saved, digest: digestOf(saved) }, null, 1)}\n`
}

/**
 * Reads what {@link formatPlan} wrote.
 *
 * @param name how the reader calls the file
 * @throws FireclayError FC_PLAN_FILE: no plan, of another version, or edited
 */
export const parsePlan = (text: string, name: string): SavedPlan => {
  const { digest, ...saved } = readObject(text, name)
  if (saved.kind !== "fireclay plan") throw notAPlan(name, "is not a plan of Fireclay's")
  if (saved.schemaVersion !== 1) throw notAPlan(name, "was saved by another version of Fireclay")
  if (digest !== digestOf(saved)) throw notAPlan(name, "was edited after it was saved")
  return saved as unknown as SavedPlan
}

/** Settings of the fleet that are no longer those of a saved plan, in words. */
export const compareSettings = (saved: SavedFleet, fleet: Fleet): readonly string[] => {
  const settings = settingsOf(fleet)
  return (["on", "by", "listen", "preview"] as const)
    .filter((key) => canonical(settings[key]) !== canonical(saved.settings[key] ?? null))
    .map((key) => `fleets.${fleet.name}.${key} is another`)
}

/** What keeps a saved plan from being carried out as it is, in words; empty: nothing. */
export const comparePlans = (saved: SavedFleet, plan: FleetPlan): readonly string[] => {
  const now = new Map(plan.machines.map((machine) => [machine.machine, machine]))
  return [
    ...(saved.from === (plan.from ?? null) ? [] : [`${describeRelease(plan.from)} is in force`]),
    ...(saved.to === plan.to ? [] : [`${describeRelease(saved.to)} is taken`]),
    ...(saved.size === undefined || saved.size === plan.size?.to ? [] : [`it is to have ${plan.size?.to} instances`]),
    ...saved.missing.filter((name) => now.has(name)).map((name) => `${name} is there already`),
    ...saved.machines.flatMap((machine) => compareMachines(machine, now.get(machine.machine))),
  ]
}

const compareMachines = (saved: SavedMachine, now: MachinePlan | undefined): readonly string[] => {
  if (now === undefined) return [`${saved.machine} is gone`]
  const changed = compareSights(saved.sight, now.sight)
  if (changed.length > 0) return changed.map((what) => `${saved.machine}: ${what}`)
  if (canonical(saved.steps) === canonical(now.steps)) return []
  const alike = canonical(saved.steps.map(withoutSeal)) === canonical(now.steps.map(withoutSeal))
  const why = alike ? "a secret has another value" : "this version of Fireclay would take other steps"
  return [`${saved.machine}: ${why}`]
}

/** A step but for what its secrets are just now. */
const withoutSeal = (step: Step): Step =>
  step.do === "write-file" && step.content.sealed !== undefined
    ? { ...step, content: { ...step.content, sha256: "", size: 0 } }
    : step.do === "run-command" && step.secrets !== undefined
      ? { ...step, secrets: { ...step.secrets, sha256: "", size: 0 } }
      : step

const saveFleet = ({ fleet, bundled, plan }: Planned): SavedFleet => ({
  fleet: fleet.name,
  from: plan.from ?? null,
  to: plan.to,
  ...(plan.limit === undefined ? {} : { limit: plan.limit }),
  ...(plan.size === undefined ? {} : { size: plan.size.to }),
  settings: settingsOf(fleet),
  release: { digest: bundled.digest, manifest: bundled.manifest },
  machines: plan.machines.map(({ machine, sight, steps }) => ({ machine, sight, steps })),
  missing: plan.missing,
})

const settingsOf = ({ on, by, listen, preview }: Fleet): Settings => ({
  on: plain(on),
  by: plain(by),
  listen: listen ?? null,
  preview: preview ?? null,
})

/** Without what JSON cannot hold, so that a setting is equal to itself once it was read back. */
const plain = (value: object): Json => JSON.parse(JSON.stringify(value))

const describeRelease = (release: number | undefined): string =>
  release === undefined ? "no release" : `release ${release}`

const readObject = (text: string, name: string): { readonly [key: string]: unknown } => {
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value === "object" && value !== null) return value as { readonly [key: string]: unknown }
  } catch {
    // Said below.
  }
  throw notAPlan(name, "is not a plan of Fireclay's")
}

const notAPlan = (name: string, why: string): FireclayError =>
  new FireclayError("FC_PLAN_FILE", `${name} ${why}`, {
    at: name,
    remedy: `make it anew: fireclay plan --out ${name}`,
  })
