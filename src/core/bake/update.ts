import type { Json, Lock } from "../../contract/index.ts"
import { bake } from "../bake.ts"
import { digestOf } from "../canonical.ts"
import { lockKey } from "../lock.ts"
import type { Bundle } from "../release.ts"
import type { Workbench } from "../workbench.ts"
import { lockMoved, openRenewal, type Renewal } from "./versions.ts"

export interface FleetBundle {
  readonly fleet: string
  readonly bundle: Bundle
}

/** What moved for one base; `null`: was not there, or is not any more. */
export interface Moved {
  /** Such as `debian bookworm amd64`. */
  readonly base: string
  readonly changes: readonly { readonly name: string; readonly from: string | null; readonly to: string | null }[]
}

/**
 * Moves the lock: bakes these with what the sources offer today, and locks that. Fleets that share a base move together;
 * what only others of them install is locked anew at their next build.
 */
export const updateLock = async (bench: Workbench, fleets: readonly FleetBundle[]): Promise<readonly Moved[]> => {
  const moved: Moved[] = []
  for (const [key, sharing] of Map.groupBy(fleets, ({ bundle }) => lockKey(bundle.manifest.base))) {
    const before = await bench.lock.read()
    const renewal = openRenewal()
    const lock = (before.moved[key] ?? 0) + 1
    for (const { fleet, bundle } of sharing) {
      const manifest = { ...bundle.manifest, lock }
      const next = { ...bundle, manifest, digest: `sha256:${digestOf(manifest)}` }
      await bake(bench, fleet, next, { held: renewal.held(manifest) })
    }
    const changes = changesIn(before, key, renewal)
    await keep(bench, { before, key, renewal, isMove: changes.some(({ from, to }) => from !== null && to !== null) })
    if (changes.length > 0) moved.push({ base: key, changes })
  }
  return moved
}

const changesIn = (before: Lock, key: string, { bases, packages }: Renewal): Moved["changes"] => {
  const old = before.packages[key] ?? {}
  const names = [...new Set([...Object.keys(old), ...Object.keys(packages)])].sort()
  const rows = [
    ...Object.entries(bases).map(([name, digest]) => ({ name: `base ${name}`, from: before.bases[name], to: digest })),
    ...names.map((name) => ({ name, from: old[name], to: packages[name] })),
  ]
  return rows
    .filter(({ from, to }) => from !== to)
    .map(({ name, from, to }) => ({ name, from: from ?? null, to: to ?? null }))
}

interface Kept {
  readonly before: Lock
  readonly key: string
  readonly renewal: Renewal
  /** What was locked is another now. Else nothing was taken away from anybody. */
  readonly isMove: boolean
}

/** What the lock said is remembered, for a release of then that has to be baked again. */
const keep = async (bench: Workbench, { before, key, renewal, isMove }: Kept): Promise<void> => {
  const from = before.moved[key] ?? 0
  if (isMove) {
    const lock = { bases: before.bases, packages: { [key]: before.packages[key] ?? {} }, moved: {} }
    await bench.store.append([{ fleet: "", kind: lockMoved, body: { key, from, lock: lock as unknown as Json } }])
  }
  // Other bases of the same suite, with other packages in them, are of another day now.
  const others = Object.entries(before.bases).filter(([name]) => name !== key && !name.startsWith(`${key} `))
  await bench.lock.write({
    bases: { ...(isMove ? Object.fromEntries(others) : before.bases), ...renewal.bases },
    packages: {
      ...before.packages,
      [key]: isMove ? renewal.packages : { ...before.packages[key], ...renewal.packages },
    },
    moved: isMove ? { ...before.moved, [key]: from + 1 } : before.moved,
  })
}
