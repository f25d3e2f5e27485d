import { FireclayError, type PatchSet } from "../../contract/index.ts"
import { digestOf } from "../canonical.ts"
import { type FleetRecord, releaseOf } from "../ledger.ts"
import type { Bundle, Manifest, ReleasedResource } from "../release.ts"

/** The type of what a patch adds to a release: one package, and the version that it is brought to where it is older. */
export const patchType = "patch"

/** What is wanted of one package. */
export interface PatchWant {
  readonly name: string
  readonly version: string
}

/** The versions that a release brings packages to, beyond what its spec says. */
export const patchesOf = ({ resources }: Pick<Manifest, "resources">): PatchSet =>
  Object.fromEntries(resources.filter(isPatch).map(({ want }) => [wantOf(want).name, wantOf(want).version]))

/**
 * The same release with these patches and no others. They come last: an image with others has one layer that is another.
 *
 * @throws FireclayError FC_PATCH
 */
export const withPatches = (bundle: Bundle, set: PatchSet): Bundle => {
  const { resources, machines, ...rest } = bundle.manifest
  const kept = resources.filter((resource) => !isPatch(resource))
  const pinned = pinnedIn({ resources: kept })
  for (const [name, version] of Object.entries(set)) refuseOdd(name, version)
  const patches = Object.keys(set)
    .filter((name) => !pinned.has(name))
    .toSorted()
    .map(
      (name): ReleasedResource => ({
        type: patchType,
        id: `${patchType}:${name}`,
        want: { name, version: set[name] ?? "" },
        contents: [],
      }),
    )
  if (patches.length === 0 && kept.length === resources.length) return bundle
  const numbers = patches.map((_, index) => kept.length + index)
  const manifest: Manifest = {
    ...rest,
    resources: [...kept, ...patches],
    ...(machines === undefined ? {} : { machines: addToAll(machines, kept.length, numbers) }),
  }
  return { ...bundle, manifest, digest: `sha256:${digestOf(manifest)}` }
}

/** What one machine says is offered reaches all others of its fleet: nothing that could be taken for something else does. */
const refuseOdd = (name: string, version: string): void => {
  if (/^[a-z0-9][a-z0-9+.-]*(:[a-z0-9-]+)?$/.test(name) && /^[A-Za-z0-9.+~:^_-]+$/.test(version)) return
  throw new FireclayError("FC_PATCH", `${JSON.stringify(`${name}=${version}`)} is no package and its version`, {
    remedy: "look at the machine that offers it, and at its sources",
  })
}

/** What a new release of a fleet takes over, so that it does not take patches back. */
export const carryPatches = (bundle: Bundle, record: FleetRecord): Bundle => {
  const number = record.open?.to ?? record.stopped?.to ?? record.current
  return number === undefined ? bundle : withPatches(bundle, patchesOf(releaseOf(record, number).manifest))
}

/** Packages whose version the spec itself says: that is for it to say. */
export const pinnedIn = ({ resources }: Pick<Manifest, "resources">): ReadonlySet<string> =>
  new Set(
    resources.flatMap(({ type, want }) => {
      const { name, version } = want as Partial<PatchWant>
      return type === "package" && name !== undefined && version !== undefined ? [name] : []
    }),
  )

export const isPatch = ({ type }: Pick<ReleasedResource, "type">): boolean => type === patchType

const wantOf = (want: ReleasedResource["want"]): PatchWant => want as unknown as PatchWant

/** Patches lie behind all else, so what is numbered lower stays. */
const addToAll = (
  machines: NonNullable<Manifest["machines"]>,
  kept: number,
  numbers: readonly number[],
): NonNullable<Manifest["machines"]> =>
  Object.fromEntries(
    Object.entries(machines).map(([name, own]) => [name, [...own.filter((number) => number < kept), ...numbers]]),
  )
