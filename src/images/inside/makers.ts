import type { Making, MakingResource } from "../../contract/index.ts"

/** Says which resources made a file. */
export interface Makers {
  /** A resource is about this very path. */
  readonly describes: (path: string) => boolean
  /** Ids of those of which one made it. */
  readonly of: (path: string, layer: number) => readonly string[]
}

/**
 * A path that a resource names is that resource's. What else a layer brought was made by what it ends with, a row of packages or
 * of commands; accounts by those who are in them.
 */
export const openMakers = (layers: Making["layers"]): Makers => {
  const named = new Map<string, string>()
  for (const { path, id } of layers.flat()) if (path !== undefined) named.set(path, id)
  return {
    describes: (path) => named.has(path),
    of: (path, layer) => {
      const known = named.get(path)
      if (known !== undefined) return [known]
      const resources = layers[layer - 1] ?? []
      const rows = accountFile.test(path) ? [accounts, slow] : [slow, accounts]
      const [row = []] = rows.map((kinds) => resources.filter((each) => kinds.has(each.type))).filter(isSome)
      return row.map(({ id }) => id)
    },
  }
}

const accountFile = /^\/etc\/(passwd|group|shadow|gshadow|subuid|subgid)$/
const slow: ReadonlySet<string> = new Set(["package", "command"])
const accounts: ReadonlySet<string> = new Set(["user", "group"])

const isSome = (resources: readonly MakingResource[]): boolean => resources.length > 0
