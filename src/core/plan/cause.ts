import type { Change, Content, Eyes, Json, ResourcePlan, ResourceType } from "../../contract/index.ts"
import { canonical } from "../canonical.ts"
import type { AppliedResource } from "../machine-state.ts"
import type { ReleasedResource } from "../release.ts"
import type { Territory } from "./territory.ts"
import type { Cause, CausedChange } from "./types.ts"

/**
 * Puppet's rule, for each property: a value that is no longer what was applied last has drifted, whatever is wanted now;
 * any other change is meant. What was applied is planned against what is there: all that this would change has drifted.
 */
export const withCauses = (
  type: ResourceType,
  resource: ReleasedResource,
  applied: AppliedResource | undefined,
  have: unknown,
  changes: readonly Change[],
  territory: Territory,
): readonly CausedChange[] => {
  if (changes.length === 0) return []
  const drifted = applied === undefined ? new Set() : driftedProperties(type, resource, applied, have, territory)
  return changes.map((change) => ({ ...change, cause: drifted.has(change.property) ? "drift" : "intent" }))
}

export const causeOf = (changes: readonly CausedChange[]): Cause =>
  changes.some(({ cause }) => cause === "drift") ? "drift" : "intent"

const driftedProperties = (
  type: ResourceType,
  resource: ReleasedResource,
  applied: AppliedResource,
  have: unknown,
  territory: Territory,
): ReadonlySet<string> => {
  // An answer to other questions says nothing about what was applied.
  if (questionsOf(type, applied) !== questionsOf(type, resource)) return new Set()
  const plan: ResourcePlan = type.plan(applied.want, have, {
    changed: new Set(),
    willExist: new Set(),
    gone: new Set(),
    written: new Map(),
    ...territory,
    contents: applied.contents,
    texts: [],
  })
  return new Set(plan.changes.map(({ property }) => property))
}

/** What a resource asks before it has heard anything. */
const questionsOf = (
  type: ResourceType,
  { want, contents }: { readonly want: Json; readonly contents: readonly Content[] },
): string => {
  const asked: unknown[] = []
  const eyes = new Proxy({} as Eyes, {
    get:
      (_target, kind) =>
      (...words: readonly unknown[]) => {
        asked.push([kind, ...words])
        return new Promise<never>(() => undefined)
      },
  })
  type.observe(eyes, want, contents).catch(() => undefined)
  return canonical(asked)
}
