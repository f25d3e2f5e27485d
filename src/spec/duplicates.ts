import { FireclayError, type Resource, type Spec } from "../contract/index.ts"

/** Ids of the resources of all specs below, with whose they are. */
export const inherited = (base: Spec["base"]): ReadonlyMap<string, string> => {
  if (!("from" in base)) return new Map()
  const { name: owner, resources } = base.from
  const own = typeof resources === "function" ? [] : resources.map(({ id }) => [id, owner] as const)
  return new Map([...inherited(base.from.base), ...own])
}

/** One thing is described once, in a spec and those that it is based on. */
export const refuseDuplicates = (
  resources: readonly Resource[],
  at: string,
  below: ReadonlyMap<string, string>,
  place = `${at}.resources`,
): void => {
  const first = new Map<string, number>()
  for (const [index, resource] of resources.entries()) {
    const owner = below.get(resource.id)
    if (owner !== undefined)
      throw new FireclayError("FC_SPEC_DUPLICATE", `${resource.id} is described by ${owner}, the base, already`, {
        at: `${place}[${index}]`,
        remedy: `keep one of the two, or change it in ${owner}`,
      })
    const earlier = first.get(resource.id)
    if (earlier !== undefined)
      throw new FireclayError("FC_SPEC_DUPLICATE", `${resource.id} is described twice`, {
        at: `${place}[${index}]`,
        remedy: `keep one; the first is resources[${earlier}]`,
      })
    first.set(resource.id, index)
  }
  refuseLinesOfOwnFiles(resources, place)
}

/** A file that is described owns all its lines: two resources would undo each other's work. */
const refuseLinesOfOwnFiles = (resources: readonly Resource[], place: string): void => {
  const pathOf = ({ want }: Resource): unknown => (want as { readonly path?: unknown } | null)?.path
  const files = new Map(resources.filter(({ type }) => type === "file").map((file) => [pathOf(file), file.id]))
  for (const [index, resource] of resources.entries()) {
    const owner = resource.type === "line" ? files.get(pathOf(resource)) : undefined
    if (owner !== undefined)
      throw new FireclayError("FC_SPEC_DUPLICATE", `${resource.id} is a line of ${owner}, which is described whole`, {
        at: `${place}[${index}]`,
        remedy: `write the line into ${owner}`,
      })
  }
}
