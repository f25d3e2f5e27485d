import { z } from "zod"
import type { AccountWant, Change, Resource, ResourceType, UserState } from "../contract/index.ts"
import { check } from "../schema/check.ts"
import { machinePath, name } from "../schema/fields.ts"
import { compact, defineResource, nothingToDo } from "./define.ts"

export interface UserOptions {
  /** A service's account: number from the system's range, no password, no login shell unless given. Default: false. */
  readonly system?: boolean
  readonly uid?: number
  /** Primary group. Default: one of the user's own name. */
  readonly group?: string
  /** Exactly these supplementary groups. Absent: they are left alone. */
  readonly groups?: readonly string[]
  readonly comment?: string
  readonly home?: string
  /** Make the home directory. Default: true, but false for system accounts. */
  readonly createHome?: boolean
  readonly shell?: string
}

type UserWant = AccountWant & { readonly [key: string]: string | number | boolean | readonly string[] }

const construct = (userName: string, options: UserOptions = {}): Resource => {
  const at = `user("${userName}")`
  check(name, userName, at)
  const { groups, ...rest } = check(schema, options, at)
  const want = {
    name: userName,
    createHome: !rest.system,
    shell: rest.system ? "/usr/sbin/nologin" : "/bin/bash",
    ...rest,
    groups: groups?.toSorted(),
  }
  return { type: "user", id: `user:${userName}`, want: compact(want) }
}

const schema = z.strictObject({
  system: z.boolean().default(false),
  uid: z.int().min(1).max(4_294_967_293).optional(),
  group: name.optional(),
  groups: z.array(name).optional(),
  comment: z
    .string()
    .regex(/^[^:\n]*$/, "a comment has no colon")
    .optional(),
  home: machinePath.optional(),
  createHome: z.boolean().optional(),
  shell: machinePath.optional(),
})

const resourceType: ResourceType<UserWant, UserState | undefined> = {
  type: "user",

  observe: (eyes, want) => eyes.user(want.name),

  plan: (want, have) => {
    if (have === undefined)
      return {
        changes: [{ property: "user", from: null, to: want.name }],
        steps: [{ do: "add-user", ...want }],
        creates: true,
      }
    const changes = differences(want, have)
    return changes.length === 0 ? nothingToDo : { changes, steps: [{ do: "change-user", ...want }] }
  },

  remove: (want, have) =>
    have === undefined
      ? nothingToDo
      : { changes: [{ property: "user", from: want.name, to: null }], steps: [{ do: "remove-user", name: want.name }] },
}

const differences = (want: UserWant, have: UserState): readonly Change[] =>
  (["uid", "group", "comment", "home", "shell", "groups"] as const).flatMap((property) => {
    const wanted = want[property]
    if (wanted === undefined || String(wanted) === String(have[property])) return []
    return [{ property, from: String(have[property]), to: String(wanted) }]
  })

/**
 * An account.
 *
 * @example
 * user("app", { system: true })
 */
export const user = defineResource(construct, resourceType)
