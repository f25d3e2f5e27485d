import { z } from "zod"

const packageName = z.string().regex(/^[a-z0-9][a-z0-9+.-]+$/, "not the name of a Debian package")

export const baseSchema = z
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
