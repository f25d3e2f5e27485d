import { z } from "zod"
import type { PackageState, Resource, ResourceType } from "../contract/index.ts"
import { check } from "../schema/check.ts"
import { compact, defineResource, nothingToDo } from "./define.ts"

export interface PackageOptions {
  /** An exact version. Absent: whatever the machine's sources offer, and an installed one is left alone. */
  readonly version?: string
}

type PackageWant = { readonly name: string; readonly version?: string }

const construct = (packageName: string, options: PackageOptions = {}): Resource => {
  const at = `pkg("${packageName}")`
  check(nameSchema, packageName, at)
  const { version } = check(schema, options, at)
  return { type: "package", id: `package:${packageName}`, want: compact({ name: packageName, version }) }
}

const nameSchema = z.string().regex(/^[a-z0-9][a-z0-9+.-]+$/, "not the name of a package")
const schema = z.strictObject({
  version: z
    .string()
    .regex(/^[A-Za-z0-9.+~:^_-]+$/, "not a version")
    .optional(),
})

const resourceType: ResourceType<PackageWant, PackageState | undefined> = {
  type: "package",

  observe: (eyes, want) => eyes.package(want.name),

  plan: (want, have) => {
    const satisfied = have !== undefined && (want.version === undefined || want.version === have.version)
    if (satisfied) return nothingToDo
    return {
      changes: [{ property: "version", from: have?.version ?? null, to: want.version ?? "as offered" }],
      steps: [{ do: "install-packages", packages: [want] }],
      creates: have === undefined,
    }
  },

  remove: (want, have) =>
    have === undefined
      ? nothingToDo
      : {
          changes: [{ property: "version", from: have.version, to: null }],
          steps: [{ do: "remove-packages", packages: [want.name], alongside: [] }],
        },
}

/**
 * A package of the machine's distribution, without what it merely recommends.
 *
 * @example
 * pkg("python3-flask")
 */
export const pkg = defineResource(construct, resourceType)
