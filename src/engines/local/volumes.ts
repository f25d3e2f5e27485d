import { mkdir, open, rename } from "node:fs/promises"
import { join } from "node:path"
import type { EngineVolume, Volume } from "../../contract/index.ts"
import { FireclayError } from "../../contract/index.ts"
import { run } from "../../system/process.ts"
import { copyTree, directoryInRoot, exists, namesIn, removeTree } from "./files.ts"
import { withLock } from "./lock.ts"
import type { Bind } from "./nspawn.ts"
import { type Parts, type Place, volumesDirectory } from "./place.ts"

/** An instance as far as its volumes are concerned. */
export interface Holder {
  readonly name: string
  readonly fleet: string
  readonly volumes: readonly Volume[]
}

type VolumeKey = Pick<EngineVolume, "fleet" | "name">

export const exclusiveOf = ({ volumes }: Holder): readonly Volume[] =>
  volumes.filter(({ access }) => access !== "shared")

/** Of two that are started at the same time, one comes first and the other sees it. */
export const holdingVolumes = <T>(at: Place, holder: Holder, action: () => Promise<T>): Promise<T> =>
  exclusiveOf(holder)
    .map(({ name }) => name)
    .toSorted()
    .reduceRight((inner, name) => () => underLock(at, { fleet: holder.fleet, name }, inner), action)()

/** A new volume starts as what the image has in its place, so that a service finds a directory that it may write to. */
export const bindVolumes = async (at: Place, holder: Holder, files: Parts): Promise<readonly Bind[]> => {
  const binds: Bind[] = []
  for (const { name, path } of holder.volumes) {
    const source = directoryOf(at, { fleet: holder.fleet, name })
    const place = await directoryInRoot(files.root, path)
    if (!(await exists(source))) {
      await mkdir(fleetDirectory(at, holder.fleet), { recursive: true })
      const temporary = join(fleetDirectory(at, holder.fleet), `.${name}.${process.pid}.${counter++}.new`)
      await copyTree(place, temporary)
      await rename(temporary, source).catch(() => removeTree(temporary))
    }
    binds.push({ source, target: path })
  }
  return binds
}

export const listVolumes = async (at: Place): Promise<readonly (VolumeKey & { readonly path: string })[]> => {
  const fleets = await visibleIn(volumesDirectory(at))
  const all = fleets.map(async (fleet) =>
    (await visibleIn(fleetDirectory(at, fleet))).map((name) => ({
      fleet,
      name,
      path: directoryOf(at, { fleet, name }),
    })),
  )
  return (await Promise.all(all)).flat()
}

export const describeVolumes = async (at: Place, holders: readonly Holder[]): Promise<readonly EngineVolume[]> =>
  Promise.all(
    (await listVolumes(at)).map(async (volume) => ({
      ...volume,
      size: await sizeOf(volume.path),
      usedBy: usersOf(volume, holders),
    })),
  )

export const removeVolume = async (at: Place, volume: VolumeKey, holders: readonly Holder[]): Promise<void> => {
  const [user] = usersOf(volume, holders)
  if (user !== undefined)
    throw new FireclayError("FC_VOLUME_IN_USE", `${user} was made with the volume ${volume.name} of ${volume.fleet}`, {
      at: `${volume.fleet}/${volume.name}`,
      remedy: `remove its instances first: fireclay destroy ${volume.fleet}`,
    })
  await Promise.all([removeTree(directoryOf(at, volume)), removeTree(lockOf(at, volume))])
}

const usersOf = ({ fleet, name }: VolumeKey, holders: readonly Holder[]): readonly string[] =>
  holders
    .filter((holder) => holder.fleet === fleet && holder.volumes.some((volume) => volume.name === name))
    .map((holder) => holder.name)

const fleetDirectory = (at: Place, fleet: string): string => join(volumesDirectory(at), fleet)
const directoryOf = (at: Place, { fleet, name }: VolumeKey): string => join(fleetDirectory(at, fleet), name)
const lockOf = (at: Place, { fleet, name }: VolumeKey): string => join(fleetDirectory(at, fleet), `.${name}.lock`)

/** What is half-made, and locks, begin with a dot; a name does not. */
const visibleIn = async (directory: string): Promise<readonly string[]> =>
  (await namesIn(directory)).filter((name) => !name.startsWith("."))

const underLock = async <T>(at: Place, volume: VolumeKey, action: () => Promise<T>): Promise<T> => {
  await mkdir(fleetDirectory(at, volume.fleet), { recursive: true })
  await (await open(lockOf(at, volume), "a")).close()
  return withLock(lockOf(at, volume), action)
}

const sizeOf = async (path: string): Promise<number> => {
  const { stdout } = await run(["du", "--summarize", "--bytes", "--one-file-system", "--", path])
  return Number.parseInt(stdout.toString(), 10) || 0
}

let counter = 0
