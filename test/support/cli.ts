import { join } from "node:path"

const isBuilt = process.env.FIRECLAY_BUILT !== undefined

/**
 * How the command line is started: what `npm test` has built, as users get it, which also starts in half the time; from
 * its source where only some of the tests run.
 */
export const cli: readonly string[] = [
  process.execPath,
  ...(isBuilt ? [] : ["--conditions=fireclay-source"]),
  join(import.meta.dirname, "..", "..", "bin", "fireclay.js"),
]

/** What its environment needs for that, where it does not get all of this process's. */
export const cliEnvironment: NodeJS.ProcessEnv = isBuilt ? { FIRECLAY_BUILT: "1" } : {}
