import { z } from "zod"
import type { PathState, Resource, ResourceType } from "../contract/index.ts"
import { check } from "../schema/check.ts"
import { machinePath } from "../schema/fields.ts"
import { defineResource, nothingToDo } from "./define.ts"
import { makeAncestors, missingAncestors } from "./ownership.ts"

export interface LinkOptions {
  /** Where it points; may be relative to the link. */
  readonly target: string
}

type LinkWant = { readonly path: string; readonly target: string }

interface LinkHave {
  readonly state: PathState | undefined
  readonly missing: readonly string[]
}

const construct = (path: string, options: LinkOptions): Resource => {
  const at = `link("${path}")`
  check(machinePath, path, at)
  const { target } = check(schema, options, at)
  return { type: "link", id: `link:${path}`, want: { path, target } }
}

const schema = z.strictObject({
  target: z
    .string()
    .min(1)
    .regex(/^[^\0\n]+$/, "not a path"),
})

const resourceType: ResourceType<LinkWant, LinkHave> = {
  type: "link",

  observe: async (eyes, want) => {
    const [state, missing] = await Promise.all([eyes.stat(want.path), missingAncestors(eyes, want.path)])
    return { state, missing }
  },

  plan: (want, { state, missing }, context) =>
    state?.kind === "link" && state.target === want.target
      ? nothingToDo
      : {
          changes: [{ property: "target", from: state?.target ?? state?.kind ?? null, to: want.target }],
          steps: [...makeAncestors(want.path, missing, context), { do: "make-link", ...want }],
          creates: state === undefined,
        },

  remove: (want, { state }) =>
    state?.kind === "link"
      ? {
          changes: [{ property: "target", from: state.target ?? "", to: null }],
          steps: [{ do: "remove-path", path: want.path }],
        }
      : nothingToDo,
}

/** A symbolic link. */
export const link = defineResource(construct, resourceType)
