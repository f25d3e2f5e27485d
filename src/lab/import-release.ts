import { copyFile, mkdir } from "node:fs/promises"
import { join } from "node:path"
import { FireclayError } from "../contract/index.ts"
import { type Bundle, createRelease, loadBundle, readFleet } from "../core/index.ts"
import { sqliteStore } from "../stores/index.ts"

/** A release as a project's store has it. */
export interface StoredRelease {
  readonly bundle: Bundle
  /** The directory of that store. */
  readonly state: string
}

/**
 * A release of one of these fleets, from the store of the project in a directory.
 *
 * @throws FireclayError FC_RELEASE_UNKNOWN
 */
export const findRelease = async (
  directory: string,
  fleets: readonly string[],
  number: number,
): Promise<StoredRelease> => {
  const state = join(directory, ".fireclay")
  const store = sqliteStore({ directory: state })
  try {
    for (const fleet of fleets) {
      const found = (await readFleet(store, fleet)).releases.find((release) => release.number === number)
      if (found !== undefined) return { bundle: await loadBundle(store, found), state }
    }
  } finally {
    await store.close()
  }
  throw new FireclayError("FC_RELEASE_UNKNOWN", `there is no release ${number} of ${fleets.join(" or ")}`, {
    remedy: `fireclay releases ${fleets[0]}`,
  })
}

/**
 * Makes a release of another project's store one of a fleet in this one, and answers its number. The key for digests of
 * secrets comes along, since the release has such digests.
 */
export const importRelease = async ({ bundle, state }: StoredRelease, to: string, fleet: string): Promise<number> => {
  await mkdir(to, { recursive: true, mode: 0o700 })
  await copyFile(join(state, "seal.key"), join(to, "seal.key")).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== "ENOENT") throw error
  })
  const store = sqliteStore({ directory: to })
  try {
    const record = await readFleet(store, fleet)
    const known = record.releases.find(({ digest }) => digest === bundle.digest)
    return (known ?? (await createRelease(store, record, bundle))).number
  } finally {
    await store.close()
  }
}
