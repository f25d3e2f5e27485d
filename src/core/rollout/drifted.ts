import type { Instance, Json, StoredEvent, StrategyWant } from "../../contract/index.ts"

/** Instances of the release in force that are to go, and when each was made: another one may get the name of one that went. */
export type Drifted = ReadonlyMap<string, string>

/** Those that drifted are at no release: for a policy they are old ones. */
export const withoutDrifted = (instances: readonly Instance[], drifted: Drifted): readonly Instance[] =>
  instances.map(({ release, ...instance }) =>
    release === undefined || drifted.get(instance.name) === instance.createdAt ? instance : { ...instance, release },
  )

/** As the log keeps it; nothing where none drifted. */
export const driftedBody = (drifted: Drifted): { readonly drifted?: Json } =>
  drifted.size === 0 ? {} : { drifted: Object.fromEntries(drifted) }

export const readDrifted = ({ drifted }: StoredEvent["body"]): { readonly drifted?: Drifted } =>
  typeof drifted !== "object" || drifted === null
    ? {}
    : { drifted: new Map(Object.entries(drifted).map(([name, createdAt]) => [name, String(createdAt)])) }

/**
 * How drifted instances are replaced: as the fleet says, but for what is about trying a new release. It is the one that
 * serves already: there is nothing to try, to wait for, or to keep.
 */
export const strategyToReplace = ({ name, options }: StrategyWant): StrategyWant => {
  const { pauseMs: _, ...batches } = options
  switch (name) {
    case "blue-green":
      return { name, options: {} }
    case "immutable":
      return { name, options: { first: 1, togetherMs: 0 } }
    case "canary":
      return { name: "rolling-with-additional-batch", options: { batch: 1 } }
    default:
      return { name, options: batches }
  }
}
