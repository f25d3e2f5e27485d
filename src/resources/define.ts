import type { Json, Resource, ResourceType } from "../contract/index.ts"

/** A resource's constructor, with the type that understands what it makes. */
export type ResourceConstructor<Arguments extends readonly unknown[]> = ((...args: Arguments) => Resource) & {
  readonly resourceType: ResourceType
}

/**
 * Joins what a user calls with how core looks and plans, so that adding a resource is one file and one export line.
 * Wants were checked by the constructor before they were stored, which is why core may hand them back as they are.
 */
export const defineResource = <Arguments extends readonly unknown[], Want extends Json, Have>(
  construct: (...args: Arguments) => Resource,
  resourceType: ResourceType<Want, Have>,
): ResourceConstructor<Arguments> => Object.assign(construct, { resourceType: resourceType as unknown as ResourceType })

/** Leaves out what is `undefined`, so that wants are plain JSON. */
export const compact = <T extends object>(value: T): Json =>
  Object.fromEntries(Object.entries(value).filter(([, entry]) => entry !== undefined)) as Json

export const nothingToDo = { changes: [], steps: [] } as const
