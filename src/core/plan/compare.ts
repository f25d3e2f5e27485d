import type { Change } from "../../contract/index.ts"
import { canonical } from "../canonical.ts"
import { readable } from "../readable.ts"
import type { Bundle, ReleasedResource } from "../release.ts"

/** What differs between two releases, resource by resource. */
export interface ReleaseDifference {
  readonly id: string
  readonly action: "create" | "change" | "remove"
  readonly changes: readonly Change[]
}

/** Without an earlier one, all of it is new. */
export const compareBundles = (before: Bundle | undefined, bundle: Bundle): readonly ReleaseDifference[] => {
  const earlier = new Map(before?.manifest.resources.map((resource) => [resource.id, resource]))
  const present = new Set(bundle.manifest.resources.map(({ id }) => id))
  const changed = bundle.manifest.resources.flatMap((resource): readonly ReleaseDifference[] => {
    const was = earlier.get(resource.id)
    if (was === undefined) return [{ id: resource.id, action: "create", changes: [] }]
    const changes = compareResources(was, resource, before, bundle)
    return changes.length === 0 ? [] : [{ id: resource.id, action: "change", changes }]
  })
  const removed = [...earlier.keys()]
    .filter((id) => !present.has(id))
    .map((id): ReleaseDifference => ({ id, action: "remove", changes: [] }))
  return [...removed, ...changed]
}

const compareResources = (
  was: ReleasedResource,
  now: ReleasedResource,
  before: Bundle | undefined,
  bundle: Bundle,
): readonly Change[] => {
  const wants = compareWants(was.want, now.want)
  const contents = now.contents.flatMap((content, index): readonly Change[] => {
    const old = was.contents[index]
    if (old?.sha256 === content.sha256) return []
    return [
      {
        property: "content",
        from: old === undefined ? null : shown(before, old.sha256),
        to: shown(bundle, content.sha256),
      },
    ]
  })
  return [...contents, ...wants]
}

const compareWants = (was: unknown, now: unknown): readonly Change[] => {
  const [before, after] = [was, now].map((want) =>
    typeof want === "object" && want !== null ? (want as Record<string, unknown>) : {},
  )
  const keys = [...new Set([...Object.keys(before ?? {}), ...Object.keys(after ?? {})])]
  return keys.flatMap((property): readonly Change[] => {
    const [from, to] = [before?.[property], after?.[property]]
    return canonical(from) === canonical(to) ? [] : [{ property, from: show(from), to: show(to) }]
  })
}

const show = (value: unknown): string | null =>
  value === undefined ? null : typeof value === "string" ? value : canonical(value)

const shown = (bundle: Bundle | undefined, sha256: string): string =>
  readable(bundle?.bytes.get(sha256)) ?? `sha256:${sha256.slice(0, 12)}`
