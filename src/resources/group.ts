import { z } from "zod"
import type { GroupState, Resource, ResourceType } from "../contract/index.ts"
import { check } from "../schema/check.ts"
import { name } from "../schema/fields.ts"
import { compact, defineResource, nothingToDo } from "./define.ts"

export interface GroupOptions {
  /** Take the number from the system's range. Default: false. */
  readonly system?: boolean
  readonly gid?: number
}

type GroupWant = { readonly name: string; readonly system: boolean; readonly gid?: number }

const construct = (groupName: string, options: GroupOptions = {}): Resource => {
  const at = `group("${groupName}")`
  check(name, groupName, at)
  return { type: "group", id: `group:${groupName}`, want: compact({ name: groupName, ...check(schema, options, at) }) }
}

const schema = z.strictObject({ system: z.boolean().default(false), gid: z.int().min(1).max(4_294_967_293).optional() })

const resourceType: ResourceType<GroupWant, GroupState | undefined> = {
  type: "group",

  observe: (eyes, want) => eyes.group(want.name),

  plan: (want, have) => {
    if (have === undefined)
      return {
        changes: [{ property: "group", from: null, to: want.name }],
        steps: [{ do: "add-group", ...want }],
        creates: true,
      }
    if (want.gid === undefined || want.gid === have.gid) return nothingToDo
    return {
      changes: [{ property: "gid", from: String(have.gid), to: String(want.gid) }],
      steps: [{ do: "change-group", name: want.name, gid: want.gid }],
    }
  },

  remove: (want, have) =>
    have === undefined
      ? nothingToDo
      : {
          changes: [{ property: "group", from: want.name, to: null }],
          steps: [{ do: "remove-group", name: want.name }],
        },
}

/** A group of users. */
export const group = defineResource(construct, resourceType)
