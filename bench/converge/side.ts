import type { Work } from "./work.ts"

export type Case = "first apply" | "no change" | "one changed file" | "preview"

/** Where and what a side works on. */
export interface Site {
  /** Holds `files/` and `templates/`; the side may keep its own things in it. */
  readonly directory: string
  readonly hosts: readonly string[]
  readonly sshConfig: string
  readonly work: Work
}

/** One of those that are compared. */
export interface Side {
  readonly name: string
  /** Writes what it needs; once for each site. */
  readonly prepare: (site: Site) => Promise<void>
  /** Does one case once, and throws unless it did just that. */
  readonly run: (site: Site, which: Case) => Promise<void>
  /** Between two runs: nothing of a connection may be left over. */
  readonly forget?: (site: Site) => Promise<void>
}
