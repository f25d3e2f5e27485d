import type { AppliedResource } from "../machine-state.ts"
import type { ReleasedResource } from "../release.ts"

/**
 * What became a part of a description, or left it, with the release that a machine came to. Whoever brought it about, and
 * when, it is meant from then on.
 */
export interface Meant {
  /** Of what is described no more: it counts as it is now. */
  readonly paths: readonly string[]
  /** Described anew, or in another version: what they brought is theirs. */
  readonly packages: readonly string[]
}

export const nothingMeant: Meant = { paths: [], packages: [] }

type Described = Pick<ReleasedResource, "type" | "id" | "want">

/** Pure. */
export const meantBy = (
  before: readonly Pick<AppliedResource, "type" | "id" | "want">[],
  now: readonly Described[],
): Meant => {
  const known = new Set(before.map(keyOf))
  const staying = new Set(now.map(({ id }) => id))
  return {
    paths: before.flatMap(({ id, want }) => (staying.has(id) ? [] : pathOf(want))),
    packages: now.flatMap((resource) =>
      resource.type !== "package" || known.has(keyOf(resource)) ? [] : nameOf(resource.want),
    ),
  }
}

const keyOf = ({ id, want }: Described): string => `${id} ${(want as { readonly version?: string }).version ?? ""}`

const pathOf = (want: Described["want"]): readonly string[] => {
  const { path } = want as { readonly path?: string }
  return path === undefined ? [] : [path]
}

const nameOf = (want: Described["want"]): readonly string[] => {
  const { name } = want as { readonly name?: string }
  return name === undefined ? [] : [name]
}
