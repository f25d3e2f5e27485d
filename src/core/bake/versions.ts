import { FireclayError, type Lock, type StoredEvent } from "../../contract/index.ts"
import { baseKey, lockKey } from "../lock.ts"
import type { Manifest } from "../release.ts"
import type { Workbench } from "../workbench.ts"
import type { Versions } from "./packages.ts"

/** What a bake has to take, and what it took. */
export interface Held {
  /** Digest of the base; absent: not locked yet. */
  readonly base: string | undefined
  readonly packages: Versions
  /** Asks the sources for what is new, and takes it. */
  readonly renew: boolean
  /** Remembers what was taken. */
  readonly took: (what: { readonly base?: string; readonly packages?: Versions }) => void
  /** Writes down what was not locked yet. */
  readonly keep: () => Promise<void>
}

/**
 * What the lock says for a release: today's, or, for one that was made before the lock moved, what it said then.
 *
 * @throws FireclayError FC_LOCK_FILE, FC_LOCK_STALE
 */
export const heldVersions = async (bench: Workbench, manifest: Manifest): Promise<Held> => {
  const [key, base] = [lockKey(manifest.base), baseKey(manifest.base)]
  const lock = await bench.lock.read()
  const now = lock.moved[key] ?? 0
  const then = manifest.lock ?? 0
  const held = then === now ? ofLock(lock, key, base) : await ofThen(bench, key, base, then)
  let taken: { base?: string; packages: Versions } = { packages: {} }
  return {
    ...held,
    renew: false,
    took: ({ base: made, packages = {} }) => {
      taken = { ...taken, ...(made === undefined ? {} : { base: made }), packages: { ...taken.packages, ...packages } }
    },
    keep: async () => {
      if (then !== now) return
      const after = await bench.lock.read()
      const [bases, packages] = [
        { [base]: taken.base ?? "", ...after.bases },
        { ...taken.packages, ...after.packages[key] },
      ]
      const grew =
        !(base in after.bases) || Object.keys(taken.packages).some((name) => !(name in (after.packages[key] ?? {})))
      if (grew) await bench.lock.write({ ...after, bases, packages: { ...after.packages, [key]: packages } })
    },
  }
}

/** What is taken anew: the first to take something decides for all that are baked with it. */
export interface Renewal {
  readonly held: (manifest: Manifest) => Held
  readonly bases: { readonly [base: string]: string }
  readonly packages: Versions
}

export const openRenewal = (): Renewal => {
  const bases: Record<string, string> = {}
  const packages: Record<string, string> = {}
  const held = ({ base }: Manifest): Held => ({
    base: bases[baseKey(base)],
    packages: { ...packages },
    renew: true,
    took: ({ base: made, packages: came = {} }) => {
      if (made !== undefined) bases[baseKey(base)] ??= made
      for (const [name, version] of Object.entries(came)) packages[name] ??= version
    },
    keep: async () => undefined,
  })
  return { held, bases, packages }
}

/** What was taken is what was locked, as far as that was. */
export const refuseStale = (held: Held, came: Versions, at: string): void => {
  const stale = Object.entries(came).filter(([name, version]) => (held.packages[name] ?? version) !== version)
  if (stale.length === 0) return
  const lines = stale.map(([name, version]) => `${name} is locked at ${held.packages[name]}, and ${version} is offered`)
  throw staleLock(lines[0] ?? "", at, lines)
}

export const refuseOtherBase = (held: Held, digest: string, at: string): void => {
  if (held.base === undefined || held.base === digest) return
  throw staleLock("the base that is locked is not in the cache, and made today it is another", at, [
    `locked  ${held.base}`,
    `made    ${digest}`,
  ])
}

/** What the lock said before it was moved. */
export const lockMoved = "lock.moved"

const ofLock = (lock: Lock, key: string, base: string): Pick<Held, "base" | "packages"> => ({
  base: lock.bases[base],
  packages: lock.packages[key] ?? {},
})

const ofThen = async (
  bench: Workbench,
  key: string,
  base: string,
  then: number,
): Promise<Pick<Held, "base" | "packages">> => {
  const moves = await bench.store.events({ kind: lockMoved })
  const move = moves.findLast(({ body }: StoredEvent) => body.key === key && body.from === then)
  if (move !== undefined) return ofLock(move.body.lock as unknown as Lock, key, base)
  throw staleLock(`nobody knows here what the lock of ${key} said before it was moved ${then + 1} times`, key, [])
}

const staleLock = (message: string, at: string, details: readonly string[]): FireclayError =>
  new FireclayError("FC_LOCK_STALE", message, {
    at,
    remedy: "fireclay build --update moves the lock; a snapshot among the sources would keep what was",
    details,
  })
