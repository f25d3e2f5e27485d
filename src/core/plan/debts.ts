import type { PlanContext, ResourceType } from "../../contract/index.ts"
import { canonical } from "../canonical.ts"
import type { Debt } from "../machine-state.ts"
import type { ReleasedResource } from "../release.ts"
import type { CausedChange, MachinePlan } from "./types.ts"

/** What a resource owes, if it is kept from reacting to what changed before it; it owes nothing that it would not do. */
export const debtOf = (
  type: ResourceType,
  resource: ReleasedResource,
  have: unknown,
  context: PlanContext,
): readonly Omit<Debt, "since">[] => {
  const named = type.answersTo?.(resource.want) ?? []
  const because = [...context.changed].filter((id) => named.some((name) => id === name || id.endsWith(`:${name}`)))
  if (because.length === 0) return []
  const steps = (changed: ReadonlySet<string>): string =>
    canonical(type.plan(resource.want, have, { ...context, changed }).steps)
  return steps(context.changed) === steps(new Set()) ? [] : [{ resource: resource.id, because }]
}

/** Changes that are an old debt say since when. */
export const withDebt = (changes: readonly CausedChange[], debt: Debt | undefined): readonly CausedChange[] =>
  debt === undefined
    ? changes
    : changes.map((change) =>
        change.to !== null && debt.because.includes(change.to) ? { ...change, owedSince: debt.since } : change,
      )

/** What is still owed once a plan is done: the old debts of those it left out, and its own. */
export const debtsAfter = ({ state, only, owes }: MachinePlan, at: string): readonly Debt[] => {
  const left = only === undefined ? [] : (state?.owed ?? []).filter(({ resource }) => !only.has(resource))
  const names = [...new Set([...left, ...owes].map(({ resource }) => resource))]
  return names.map((resource) => {
    const old = left.find((debt) => debt.resource === resource)
    const added = owes.find((debt) => debt.resource === resource)
    const because = [...new Set([...(old?.because ?? []), ...(added?.because ?? [])])]
    return { resource, because, since: old?.since ?? at }
  })
}
