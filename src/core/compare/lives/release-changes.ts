import type { StoredEvent } from "../../../contract/index.ts"
import { canonical } from "../../canonical.ts"
import { patchType } from "../../patch/released.ts"
import { compareBundles } from "../../plan/compare.ts"
import type { Bundle, Manifest } from "../../release.ts"

/** What a release changed, compared with the one before it. */
export interface ReleaseChange {
  readonly release: number
  /** `files`: nothing but files. `packages`: nothing but versions, by a patch or a moved lock. */
  readonly what: "files" | "packages" | "more" | "nothing"
}

/** Pure: what the manifests say that the log keeps. */
export const releaseChanges = (events: readonly StoredEvent[]): readonly ReleaseChange[] => {
  const created = events
    .filter(({ kind }) => kind === "release.created")
    .map(({ body }) => ({ release: Number(body.number), bundle: toBundle(body) }))
  return created.slice(1).map(({ release, bundle }, index) => ({
    release,
    what: changeOf(created[index]?.bundle ?? bundle, bundle),
  }))
}

/** Without its bytes: what they are is not asked, only whether they are the same. */
const toBundle = ({ manifest, digest }: StoredEvent["body"]): Bundle => ({
  manifest: manifest as unknown as Manifest,
  digest: String(digest),
  bytes: new Map(),
})

const changeOf = (before: Bundle, after: Bundle): ReleaseChange["what"] => {
  if (before.digest === after.digest) return "nothing"
  const { lock: lockBefore, resources: _before, below: _belowBefore, ...restBefore } = before.manifest
  const { lock, resources: _after, below: _below, ...rest } = after.manifest
  if (canonical(restBefore) !== canonical(rest)) return "more"
  const types = new Set(compareBundles(before, after).map(({ id }) => id.slice(0, id.indexOf(":"))))
  if (types.size === 0) return lockBefore === lock ? "nothing" : "packages"
  if ([...types].every((type) => type === "file") && lockBefore === lock) return "files"
  return [...types].every((type) => type === patchType) ? "packages" : "more"
}
