import { z } from "zod"
import type { PathState, Resource, ResourceType, TreeEntry } from "../contract/index.ts"
import { check } from "../schema/check.ts"
import { machinePath, mode, name } from "../schema/fields.ts"
import { defineResource, nothingToDo } from "./define.ts"
import { makeAncestors, missingAncestors, ownershipChanges } from "./ownership.ts"
import { purgeChanges, purgeSteps, refusePurge } from "./purge.ts"

export interface DirectoryOptions {
  /** Default: `0o755`. */
  readonly mode?: number | string
  /** Default: `"root"`. */
  readonly owner?: string
  /** Default: the group called like the owner. */
  readonly group?: string
  /**
   * It is this description's as a whole: everything below it that no resource describes is removed, and the plan names
   * each. What another described directory, a volume or a user's home below it holds is left to that. What a package
   * brings in the same run is seen by the next. Default: false.
   */
  readonly purge?: boolean
}

type DirectoryWant = {
  readonly path: string
  readonly mode: number
  readonly owner: string
  readonly group: string
  readonly purge?: true
}

interface DirectoryHave {
  readonly state: PathState | undefined
  readonly missing: readonly string[]
  readonly entries: readonly TreeEntry[]
}

const construct = (path: string, options: DirectoryOptions = {}): Resource => {
  const at = `directory("${path}")`
  check(machinePath, path, at)
  const { owner, purge, ...rest } = check(schema, options, at)
  if (purge) refusePurge(path, `${at}.purge`)
  const want = { path, owner, group: owner, ...rest, ...(purge ? { purge } : {}) } as DirectoryWant
  return { type: "directory", id: `directory:${path}`, want }
}

const schema = z.strictObject({
  mode: mode.default(0o755),
  owner: name.default("root"),
  group: name.optional(),
  purge: z.boolean().default(false),
})

const resourceType: ResourceType<DirectoryWant, DirectoryHave> = {
  type: "directory",

  observe: async (eyes, want) => {
    const [state, missing, entries] = await Promise.all([
      eyes.stat(want.path),
      missingAncestors(eyes, want.path),
      want.purge === true ? eyes.tree(want.path) : [],
    ])
    return { state, missing, entries }
  },

  plan: ({ purge, ...want }, { state, missing, entries }, context) => {
    if (state?.kind === "directory") {
      const ownership = ownershipChanges(want, state)
      const strays = purge === true ? purgeSteps(want.path, entries, context) : []
      return {
        changes: [...ownership, ...purgeChanges(strays)],
        steps: [...(ownership.length === 0 ? [] : [{ do: "set-ownership", ...want } as const]), ...strays],
      }
    }
    const inTheWay = state === undefined ? [] : [{ do: "remove-path", path: want.path } as const]
    return {
      changes: [{ property: "directory", from: state?.kind ?? null, to: want.path }],
      steps: [...makeAncestors(want.path, missing, context), ...inTheWay, { do: "make-directory", ...want }],
      creates: state === undefined,
    }
  },

  remove: (want, { state }) =>
    state?.kind === "directory"
      ? {
          changes: [{ property: "directory", from: want.path, to: null }],
          steps: [{ do: "remove-path", path: want.path }],
        }
      : nothingToDo,
}

/**
 * A directory on a machine.
 *
 * @example
 * directory("/etc/nginx/conf.d", { purge: true })
 */
export const directory = defineResource(construct, resourceType)
