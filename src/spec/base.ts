import type { Base } from "../contract/index.ts"
import { check } from "../schema/check.ts"
import { baseSchema } from "./base-schema.ts"
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
