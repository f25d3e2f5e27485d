import { z } from "zod"
import { driftKinds, unseenPaths } from "../contract/index.ts"
import { closest } from "../schema/closest.ts"
import { machinePath } from "../schema/fields.ts"

const isDay = (text: string): boolean =>
  /^\d{4}-\d{2}-\d{2}$/.test(text) && new Date(`${text}T00:00:00Z`).toJSON()?.startsWith(text) === true

const reasons = {
  reason: z
    .string("a rule needs a reason, for those who come after you")
    .regex(/\S/, "a rule needs a reason, for those who come after you"),
  until: z.string().refine(isDay, 'a day is written as "2027-03-31"').optional(),
}

const kind = z.enum(driftKinds, {
  error: ({ input }) => {
    const near = typeof input === "string" ? closest(input, driftKinds) : undefined
    return near === undefined
      ? `no kind of drift; there are: ${driftKinds.join(", ")}`
      : `no kind of drift; did you mean "${near}"?`
  },
})

const ignoreSchema = z
  .strictObject({ ...reasons, path: machinePath.optional(), kind: kind.optional(), name: z.string().min(1).optional() })
  .refine(
    ({ path, kind }) => path !== undefined || kind !== undefined,
    "a rule says what it is about: a path or a kind",
  )
  .refine(
    ({ path, name }) => path === undefined || name === undefined,
    "a rule is about a path, or about a kind and a name",
  )

const watched = machinePath.refine(
  (path) => !unseenPaths.some((unseen) => path === unseen || path.startsWith(`${unseen}/`)),
  `nothing is looked at there, or below ${unseenPaths.join(", ")}`,
)

export const driftSchema = z.strictObject({
  ignore: z.array(ignoreSchema).default([]),
  watch: z.array(z.strictObject({ ...reasons, path: watched })).default([]),
})
