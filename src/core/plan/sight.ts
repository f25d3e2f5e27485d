import { FireclayError } from "../../contract/index.ts"
import { digestOf } from "../canonical.ts"
import type { MachineState } from "../machine-state.ts"
import type { Sight } from "./types.ts"

/** One resource, and what it looked like. */
export type Seen = readonly [resource: { readonly id: string }, have: unknown]

export const sightOf = (manifest: string, state: MachineState | undefined, seen: readonly Seen[]): Sight => {
  const resources = Object.fromEntries(seen.map(([{ id }, have]) => [id, digestOf(have ?? null)]))
  return {
    fingerprint: digestOf({ manifest, state: state ?? null, resources }),
    manifest,
    transaction: state?.transaction ?? null,
    resources,
  }
}

/** What changed between two looks at one machine, in words; empty: nothing. */
export const compareSights = (before: Sight, now: Sight, by = "another run"): readonly string[] => {
  if (before.fingerprint === now.fingerprint) return []
  const ids = [...new Set([...Object.keys(before.resources), ...Object.keys(now.resources)])]
  const said = [
    ...(before.transaction === now.transaction ? [] : [`${by} changed the machine`]),
    ...(before.manifest === now.manifest ? [] : ["the description is another"]),
    // What is described by only one of the two was not looked at by the other.
    ...ids.filter((id) => {
      const [was, is] = [before.resources[id], now.resources[id]]
      return was !== undefined && is !== undefined && was !== is
    }),
  ]
  return said.length > 0 ? said : ["what the machine says of itself"]
}

const namedAtMost = 3

/** What somebody agreed to is not what would happen. The first things that changed are named at once, all below. */
export const stalePlan = (what: string, so: string, at: string, changed: readonly string[]): FireclayError => {
  const more = changed.length - namedAtMost
  const named = `${changed.slice(0, namedAtMost).join(", ")}${more > 0 ? ` and ${more} more` : ""}`
  return new FireclayError("FC_PLAN_STALE", `${what} (${named}); ${so}`, {
    at,
    details: more > 0 ? changed : [],
    remedy: "look at the new plan and apply again",
  })
}
