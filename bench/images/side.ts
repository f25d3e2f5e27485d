import type { Case } from "./work.ts"

/** One of those that are compared. */
export interface Side {
  readonly name: string
  /** What it can be measured in; a side that keeps nothing between two runs has only a cold build. */
  readonly cases: readonly Case[]
  /** Once: brings the base to where this side finds it, and writes what the side needs besides the sources. */
  readonly prepare: () => Promise<void>
  /** Takes everything away but the base, so that the next build is a cold one. */
  readonly forget: () => Promise<void>
  /** Builds, and throws unless it did what the case says. */
  readonly build: (which: Case) => Promise<void>
  /** Leaves nothing behind. */
  readonly dispose: () => Promise<void>
}
