import { z } from "zod"
import type { Base } from "../contract/index.ts"
import { check } from "../schema/check.ts"
import { deepFreeze } from "./freeze.ts"

export interface DebianOptions {
  /** Packages beyond what a machine needs to boot. */
  readonly include?: readonly string[]
  /**
   * Where packages come from, in the form of `sources.list(5)`, on the computer that builds as on every machine of this
   * base. `{suite}` and `{snapshot}` are filled in. Default: the sources of the computer that builds.
   */
  readonly sources?: readonly string[]
  /** The day whose packages are meant, as the snapshot service among the sources names it. */
  readonly snapshot?: string
}

/**
 * A Debian release to start from, by its code name.
 *
 * @example
 * debian("bookworm", {
 *   snapshot: "20261101T000000Z",
 *   sources: ["deb [check-valid-until=no] https://snapshot.example.org/debian/{snapshot} {suite} main"],
 * })
 */
export const debian = (suite: string, options: DebianOptions = {}): Base =>
  deepFreeze(
    check(baseSchema, { distribution: "debian", suite, include: [], ...options }, `debian("${suite}")`) as Base,
  )

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
