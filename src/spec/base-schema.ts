import { z } from "zod"
import type { Base, DebianBase, SpecBase } from "../contract/index.ts"

const packageName = z.string().regex(/^[a-z0-9][a-z0-9+.-]+$/, "not the name of a Debian package")

export const debianSchema = z
  .strictObject({
    distribution: z.literal("debian"),
    suite: z.string().regex(/^[a-z]+$/, 'a suite is a code name such as "bookworm"'),
    include: z.array(packageName),
    sources: z
      .array(
        z.string().regex(/^deb (\[[^\]\n]*\] )?\S+ [^\n]+$/, "not a line of sources.list(5): deb URL SUITE COMPONENTS"),
      )
      .min(1)
      .optional(),
    snapshot: z
      .string()
      .regex(/^[0-9A-Za-z][0-9A-Za-z._-]*$/, 'a snapshot is named such as "20261101T000000Z"')
      .optional(),
  })
  .refine(
    ({ sources, snapshot }) => (sources ?? []).some((line) => line.includes("{snapshot}")) === (snapshot !== undefined),
    {
      error: "a snapshot and sources that name it as {snapshot} go together",
      path: ["snapshot"],
      params: { remedy: 'sources: ["deb [check-valid-until=no] https://HOST/debian/{snapshot} {suite} main"]' },
    },
  )

const reference =
  /^([a-z0-9-]*[.:][a-z0-9.:-]*|localhost)\/[a-z0-9][a-z0-9._/-]*(:\w[\w.-]{0,127})?(@sha256:[0-9a-f]{64})?$/

export const imageSchema = z.strictObject({
  image: z.string().refine((text) => reference.test(text), {
    error: "that is not an image in a registry",
    params: { remedy: "write REGISTRY/NAME:TAG or REGISTRY/NAME@sha256:…, in lower case" },
  }),
})

export const rootfsSchema = z.strictObject({ rootfs: z.string().min(1, "a path to an archive") })

const made = (value: unknown): value is Base | SpecBase =>
  typeof value === "object" && value !== null && ("image" in value || "rootfs" in value || "from" in value)

/** What `base` of a spec may be. What the functions above made was checked by them. */
export const baseSchema = z.unknown().transform((value, context): Base | SpecBase => {
  if (made(value)) return value
  const checked = debianSchema.safeParse(value)
  if (checked.success) return checked.data as DebianBase
  for (const issue of checked.error.issues) context.addIssue({ ...issue, code: "custom" })
  return z.NEVER
})
