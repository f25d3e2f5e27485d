import { createHash } from "node:crypto"
import type { Content, PathState, PlanContext, Resource, ResourcePlan, ResourceType } from "../../src/contract/index.ts"

/** What a resource answers when all is as it should be. */
export const nothing: ResourcePlan = { changes: [], steps: [] }

interface Constructor {
  readonly resourceType: ResourceType
}

export const contentOf = (text: string): Content => ({
  sha256: createHash("sha256").update(text).digest("hex"),
  size: Buffer.byteLength(text),
})

/** A context in which nothing else happens, unless a row says otherwise. Its contents are those of the resource. */
const contextOf = (resource: Resource, given: Partial<PlanContext>): PlanContext => {
  const texts = (resource.sources ?? []).map((source) => ("text" in source ? source.text : ""))
  return {
    changed: new Set(),
    willExist: new Set(),
    gone: new Set(),
    written: new Map(),
    described: new Set(),
    owners: new Set(),
    contents: texts.map(contentOf),
    texts,
    ...given,
  }
}

export const planOf = (
  { resourceType }: Constructor,
  resource: Resource,
  have: unknown,
  given: Partial<PlanContext> = {},
): ResourcePlan => resourceType.plan(resource.want, have, contextOf(resource, given))

export const removeOf = ({ resourceType }: Constructor, resource: Resource, have: unknown): ResourcePlan =>
  resourceType.remove(resource.want, have, { written: new Map() })

/** A path of root's, as an observation says it. */
export const pathState = (kind: PathState["kind"], given: Partial<PathState> = {}): PathState => ({
  kind,
  mode: kind === "directory" ? 0o755 : 0o644,
  owner: "root",
  group: "root",
  size: 5,
  ...given,
})

/** The step that makes a directory which nobody described. */
export const made = (path: string) => ({
  do: "make-directory",
  path,
  mode: 0o755,
  owner: "root",
  group: "root",
  ifMissing: true,
})
