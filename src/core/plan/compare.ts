import { type Change, type Content, describeSealed } from "../../contract/index.ts"
import { canonical, digestOf } from "../canonical.ts"
import { isPatch } from "../patch/released.ts"
import { readable } from "../readable.ts"
import type { Bundle, ReleasedResource } from "../release.ts"

/** What differs between two releases, resource by resource. */
export interface ReleaseDifference {
  readonly id: string
  /** The base that describes it, where that is another spec. */
  readonly origin?: string
  readonly action: "create" | "change" | "remove"
  readonly changes: readonly Change[]
}

/** Without an earlier one, all of it is new. */
export const compareBundles = (before: Bundle | undefined, bundle: Bundle): readonly ReleaseDifference[] => {
  const earlier = new Map(before?.manifest.resources.map((resource) => [resource.id, resource]))
  const present = new Set(bundle.manifest.resources.map(({ id }) => id))
  const changed = bundle.manifest.resources.flatMap((resource): readonly ReleaseDifference[] => {
    const was = earlier.get(resource.id)
    if (was === undefined)
      return [{ id: resource.id, action: "create", changes: isPatch(resource) ? versionOf(resource) : [] }]
    const changes = compareResources(was, resource, before, bundle)
    return changes.length === 0 ? [] : [{ id: resource.id, action: "change", changes }]
  })
  const removed = [...earlier.keys()]
    .filter((id) => !present.has(id))
    .map((id): ReleaseDifference => ({ id, action: "remove", changes: [] }))
  return [...removed, ...changed]
}

/** Of a patch its version is all that there is to say. */
const versionOf = ({ want }: ReleasedResource): readonly Change[] =>
  compareWants({}, want).filter(({ property }) => property === "version")

const compareResources = (
  was: ReleasedResource,
  now: ReleasedResource,
  before: Bundle | undefined,
  bundle: Bundle,
): readonly Change[] => {
  const wants = compareWants(was.want, now.want)
  const contents = now.contents.flatMap((content, index): readonly Change[] => {
    const old = was.contents[index]
    if (old !== undefined && identityOf(old) === identityOf(content)) return []
    return [
      {
        property: "content",
        from: old === undefined ? null : shown(before, old),
        to: shown(bundle, content),
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

/** What holds secrets is the same as long as it is made in the same way. */
const identityOf = ({ sha256, sealed }: Content): string => (sealed === undefined ? sha256 : digestOf(sealed))

const shown = (bundle: Bundle | undefined, { sha256, sealed }: Content): string => {
  if (sealed !== undefined) return describeSealed(sealed)
  return readable(bundle?.bytes.get(sha256)) ?? `sha256:${sha256.slice(0, 12)}`
}
