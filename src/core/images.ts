import type { Fleet, Instance, Making, StoredImage } from "../contract/index.ts"
import { enginesOf } from "./engines.ts"
import { byLastInForce, type FleetRecord, readFleet } from "./ledger.ts"
import { keepMaking } from "./making.ts"
import type { Workbench } from "./workbench.ts"

/** An image, who uses it, and what it takes. */
export interface ImageUse {
  readonly digest: string
  /** ISO 8601. */
  readonly createdAt: string
  /** Bytes of all its layers. */
  readonly size: number
  /** Bytes of those that other images have too. */
  readonly shared: number
  readonly layers: StoredImage["layers"]
  readonly releases: readonly ReleaseUse[]
  /** Fleets whose latest build it is. */
  readonly latestOf: readonly string[]
  /** Names of the instances that stand on it, running or not. */
  readonly instances: readonly string[]
  /** Another image stands on it: without it, that one's next build begins further down. It takes no room of its own. */
  readonly under: boolean
}

export interface ReleaseUse {
  readonly fleet: string
  readonly release: number
  readonly inForce: boolean
  /** A rollout that has not come to its end goes to it or comes from it. */
  readonly underWay: boolean
  /** 0: the release in force, or the newest where none is; 1: the one that was before. Those that never were come last. */
  readonly age: number
}

/** All images of the project, the newest first. */
export const listImages = async (bench: Workbench): Promise<readonly ImageUse[]> => {
  const fleets = Object.values(bench.project.fleets)
  const [images, builds, records, instances] = await Promise.all([
    bench.engine().images(),
    readBuilds(bench),
    Promise.all(fleets.map(({ name }) => readFleet(bench.store, name))),
    listInstances(bench),
  ])
  return images.toReversed().map(({ digest, createdAt, size, layers }): ImageUse => {
    const others = images.filter((image) => image.digest !== digest)
    const elsewhere = new Set(others.flatMap((image) => image.layers.map((layer) => layer.digest)))
    const ours = builds.filter(({ image }) => image === digest)
    return {
      digest,
      createdAt,
      size,
      layers,
      shared: bytesOf(layers.filter((layer) => elsewhere.has(layer.digest))),
      releases: records.flatMap((record) => releasesOf(record, ours)),
      latestOf: fleets.map(({ name }) => name).filter((name) => latestBuild(builds, name)?.image === digest),
      instances: instances.filter(({ image }) => image === digest).map(({ name }) => name),
      under: others.some((image) => standsOn(image, layers)),
    }
  })
}

export interface PruneWant {
  /** How many of a fleet's last releases keep their images: of each fleet, or of one by its name. */
  readonly keep: number | ((fleet: string) => number)
  /** Bytes of all layers beyond which the oldest of these go too. Absent: no limit. */
  readonly maxBytes?: number | undefined
  /** Images that came later stay, because somebody may be at work with them. ISO 8601. Absent: none. */
  readonly before?: string | undefined
}

export interface Pruning {
  readonly remove: readonly ImageUse[]
  readonly keep: readonly ImageUse[]
  /** Bytes of the layers that go. */
  readonly freed: number
  /** Bytes of those that stay. */
  readonly left: number
}

/**
 * Which images may go: all but those in force, among the last releases, with instances, and built last; and but those
 * that one of these stands on. Pure.
 */
export const planPrune = (images: readonly ImageUse[], { keep, maxBytes, before }: PruneWant): Pruning => {
  const young = (image: ImageUse): boolean => before !== undefined && image.createdAt >= before
  const needed = images.filter((image) => isNeeded(image) || young(image))
  const keepOf = typeof keep === "number" ? () => keep : keep
  const wanted = images.filter(
    (image) => !needed.includes(image) && image.releases.some(({ fleet, age }) => age < keepOf(fleet)),
  )
  let kept = withUnder(images, [...needed, ...wanted])
  while (maxBytes !== undefined && wanted.length > 0 && bytesOf(layersOf(kept)) > maxBytes) {
    wanted.pop()
    kept = withUnder(images, [...needed, ...wanted])
  }
  const remove = images.filter((image) => !kept.includes(image))
  const left = new Set(layersOf(kept).map(({ digest }) => digest))
  // A base stays in the cache.
  const bases = new Set(images.map(({ layers }) => layers[0]?.digest))
  const gone = layersOf(remove).filter(({ digest }) => !left.has(digest) && !bases.has(digest))
  return { remove, keep: kept, freed: bytesOf(gone), left: bytesOf(layersOf(kept)) }
}

/** Removes what {@link planPrune} has named; a release whose image is gone is baked again when it is needed. */
export const prune = async (bench: Workbench, { remove }: Pick<Pruning, "remove">): Promise<void> => {
  // What was given to others goes before what it was given from.
  const engines = new Set([...enginesOf(bench, Object.values(bench.project.fleets)), bench.engine()])
  for (const { digest } of remove) for (const engine of engines) await engine.removeImage(digest)
}

/** How many releases besides the one in force keep their images after a rollout, where the fleet does not say. */
export const defaultHistory = 10

/**
 * How many releases of each fleet keep their images when nobody says: as its `history` does, or else as the project's
 * `images` do.
 */
export const keptReleases =
  ({ project }: Workbench) =>
  (fleet: string): number => {
    const history = project.fleets[fleet]?.by.history
    return history === undefined ? (project.images?.keep ?? defaultImages.keep) : history + 1
  }

/**
 * Removes the images of a fleet's releases that its history no longer reaches, unless something needs them: other fleets,
 * instances, a rollout that is under way, or somebody's build.
 */
export const forgetImages = async (bench: Workbench, fleet: Fleet): Promise<readonly ImageUse[]> => {
  const { history = defaultHistory } = fleet.by
  if ((await readFleet(bench.store, fleet.name)).releases.length <= history + 1) return []
  const historyOf = (name: string): number => (bench.project.fleets[name]?.by.history ?? defaultHistory) + 1
  const { remove } = planPrune(await listImages(bench), { keep: historyOf, before: youngSince(bench) })
  const ours = remove.filter(({ releases }) => releases.some((release) => release.fleet === fleet.name))
  await prune(bench, { remove: ours })
  return ours
}

/** Whether the image of a release is still there. */
export const hasImage = async (bench: Workbench, fleet: string, release: string): Promise<boolean> => {
  const build = (await readBuilds(bench)).findLast((each) => each.fleet === fleet && each.release === release)
  return build !== undefined && (await bench.engine().image(build.image)) !== undefined
}

/** So much may lie about before a build tidies up. */
export const defaultImages = { keep: 5, maxBytes: 20e9 } as const

/** Somebody else's build may be on its way to stand on what is so young. */
const youngMs = 10 * 60_000

const youngSince = (bench: Workbench): string => new Date(bench.now() - youngMs).toISOString()

/** Prunes, once there is more than the project allows. What is needed stays, whatever it takes. */
export const collectImages = async (bench: Workbench): Promise<Pruning | undefined> => {
  const { maxBytes } = bench.project.images ?? defaultImages
  const all = await bench.engine().images()
  if (bytesOf(layersOf(all)) <= maxBytes) return undefined
  const want = { keep: keptReleases(bench), maxBytes, before: youngSince(bench) }
  const pruning = planPrune(await listImages(bench), want)
  await prune(bench, pruning)
  return pruning
}

/** What a spec was baked into, the latest last. */
interface Build {
  readonly fleet: string
  /** Digest of the release that it is. */
  readonly release: string
  readonly image: string
}

const readBuilds = async (bench: Workbench): Promise<readonly Build[]> =>
  (await bench.store.events({ kind: "image.built" })).map(({ fleet, body }) => ({
    fleet,
    release: String(body.release),
    image: String(body.image),
  }))

const latestBuild = (builds: readonly Build[], fleet: string): Build | undefined =>
  builds.findLast((build) => build.fleet === fleet)

/** Remembers which image a release is, and how it was made. */
export const rememberBuild = async (
  bench: Workbench,
  { fleet, release, image }: Build,
  made: { readonly making: () => Making; readonly startedAt: number },
): Promise<void> => {
  const last = latestBuild(await readBuilds(bench), fleet)
  if (last?.release === release && last.image === image) return
  const making = await keepMaking(bench, made.making())
  const startedAt = new Date(made.startedAt).toISOString()
  await bench.store.append([{ fleet, kind: "image.built", body: { release, image, making, startedAt } }])
}

const listInstances = async (bench: Workbench): Promise<readonly Instance[]> => {
  const made = Object.values(bench.project.fleets).filter(({ on }) => on.kind !== "ssh")
  const engines = new Set([bench.engine(), ...made.map((fleet) => bench.engine(fleet))])
  return (await Promise.all([...engines].map((engine) => engine.list()))).flat()
}

const releasesOf = (record: FleetRecord, builds: readonly Build[]): readonly ReleaseUse[] => {
  const { fleet, releases, current, open } = record
  const underWay = open === undefined ? [] : [open.from, open.to]
  const digests = new Set(builds.filter((build) => build.fleet === fleet).map(({ release }) => release))
  const ages = new Map(byLastInForce(record).map((number, age) => [number, age]))
  return releases.flatMap(({ number, digest }) =>
    digests.has(digest)
      ? [
          {
            ...{ fleet, release: number, inForce: number === current, underWay: underWay.includes(number) },
            age: ages.get(number) ?? releases.length,
          },
        ]
      : [],
  )
}

const isNeeded = ({ releases, latestOf, instances }: ImageUse): boolean =>
  instances.length > 0 || latestOf.length > 0 || releases.some(({ inForce, underWay }) => inForce || underWay)

/** In the order given. */
const withUnder = (images: readonly ImageUse[], kept: readonly ImageUse[]): readonly ImageUse[] =>
  images.filter((image) => kept.includes(image) || kept.some((above) => standsOn(above, image.layers)))

const standsOn = ({ layers }: Pick<StoredImage, "layers">, below: StoredImage["layers"]): boolean =>
  layers.length > below.length && below.every(({ digest }, index) => layers[index]?.digest === digest)

/** Each once. */
const layersOf = (images: readonly Pick<StoredImage, "layers">[]): StoredImage["layers"] => [
  ...new Map(images.flatMap(({ layers }) => layers.map((layer) => [layer.digest, layer] as const))).values(),
]

const bytesOf = (layers: StoredImage["layers"]): number => layers.reduce((sum, { size }) => sum + size, 0)
