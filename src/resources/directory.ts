import { z } from "zod"
import type { PathState, Resource, ResourceType } from "../contract/index.ts"
import { check } from "../schema/check.ts"
import { machinePath, mode, name } from "../schema/fields.ts"
import { defineResource, nothingToDo } from "./define.ts"
import { makeAncestors, missingAncestors, ownershipChanges } from "./ownership.ts"

export interface DirectoryOptions {
  /** Default: `0o755`. */
  readonly mode?: number | string
  /** Default: `"root"`. */
  readonly owner?: string
  /** Default: the group called like the owner. */
  readonly group?: string
}

type DirectoryWant = { readonly path: string; readonly mode: number; readonly owner: string; readonly group: string }

interface DirectoryHave {
  readonly state: PathState | undefined
  readonly missing: readonly string[]
}

const construct = (path: string, options: DirectoryOptions = {}): Resource => {
  const at = `directory("${path}")`
  check(machinePath, path, at)
  const { owner, ...rest } = check(schema, options, at)
  return { type: "directory", id: `directory:${path}`, want: { path, owner, group: owner, ...rest } as DirectoryWant }
}

const schema = z.strictObject({ mode: mode.default(0o755), owner: name.default("root"), group: name.optional() })

const resourceType: ResourceType<DirectoryWant, DirectoryHave> = {
  type: "directory",

  observe: async (eyes, want) => {
    const [state, missing] = await Promise.all([eyes.stat(want.path), missingAncestors(eyes, want.path)])
    return { state, missing }
  },

  plan: (want, { state, missing }, context) => {
    if (state?.kind === "directory") {
      const changes = ownershipChanges(want, state)
      return changes.length === 0 ? nothingToDo : { changes, steps: [{ do: "set-ownership", ...want }] }
    }
    const inTheWay = state === undefined ? [] : [{ do: "remove-path", path: want.path } as const]
    return {
      changes: [{ property: "directory", from: state?.kind ?? null, to: want.path }],
      steps: [...makeAncestors(missing, context), ...inTheWay, { do: "make-directory", ...want }],
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

/** A directory on a machine. */
export const directory = defineResource(construct, resourceType)
