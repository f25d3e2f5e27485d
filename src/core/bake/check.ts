import type { Image } from "../../contract/index.ts"
import { refuseBaked } from "../bake.ts"
import { territoryOf } from "../plan/territory.ts"
import type { Bundle } from "../release.ts"
import { withoutStartSecrets } from "../start-files.ts"
import { compareTrees, type Difference } from "../tree/compare.ts"
import { scanTree, type Tree } from "../tree/scan.ts"
import type { Workbench } from "../workbench.ts"
import { bakeLayer, type LayerWant, onScratch } from "./layer.ts"
import { layersOf, startsOf } from "./layers.ts"
import { openSearch } from "./secrets.ts"
import { traceMakers } from "./trace.ts"
import { heldVersions, refuseOtherBase } from "./versions.ts"

/** Something that came out another way the second time. */
export interface Irreproducible extends Difference {
  /** Number of the layer, from 1. */
  readonly layer: number
  /** Id of the resource that makes it; absent: it is made otherwise each time, so that none could be named. */
  readonly resource?: string
}

export interface Checked {
  readonly image: Image
  readonly differences: readonly Irreproducible[]
}

/**
 * Bakes each layer twice from nothing, on scratch machines of their own: the second time later, and in a time zone in
 * which it is another day. What differs is traced to the resource that makes it.
 *
 * @throws FireclayError whatever a bake does
 */
export const checkReproducible = async (bench: Workbench, fleet: string, bundle: Bundle): Promise<Checked> => {
  refuseBaked(bundle)
  const { manifest } = bundle
  const held = await heldVersions(bench, manifest)
  const base = await bench.engine().ensureBase(manifest.base, undefined, { digest: held.base })
  refuseOtherBase(held, base, `specs.${manifest.spec}.base`)
  const search = await openSearch(bench)
  const differences: Irreproducible[] = []
  let below: LayerWant["below"] = { base }
  let image: Image | undefined
  const layers = layersOf(withoutStartSecrets(manifest.resources), startsOf(manifest))
  for (const [index, resources] of layers.entries()) {
    bench.progress({ fleet, doing: `baking layer ${index + 1} of ${layers.length} twice` })
    const layer = { ...bundle, manifest: { ...manifest, resources } }
    const want: LayerWant = { bundle: layer, territory: territoryOf(manifest), below, held, search }
    const [one, other] = await bakeTwice(bench, want)
    if (one.digest !== other.digest) {
      const found = await explain(bench, want, [one, other])
      const told = found.length > 0 ? found : [unseen(one, other)]
      differences.push(...told.map((difference) => ({ layer: index + 1, ...difference })))
      await bench.engine().removeImage(other.digest)
    }
    image = one
    below = { image: one.digest }
  }
  return { image: image ?? { digest: base, size: 0 }, differences }
}

const bakeTwice = async (bench: Workbench, want: LayerWant): Promise<readonly [Image, Image]> => {
  const began = bench.now()
  const { image: one } = await bakeLayer(bench, want)
  // Clocks that are written down often tell no more than seconds.
  await bench.sleep(Math.max(0, 1100 - (bench.now() - began)))
  const { image: other } = await bakeLayer(bench, { ...want, environment: { TZ: anotherDay(bench.now()) } })
  return [one, other]
}

/** Fourteen hours ahead, or twelve behind: whichever has another date now. As long as UTC, with signs as POSIX has them. */
const anotherDay = (nowMs: number): string => (new Date(nowMs).getUTCHours() >= 12 ? "AHD-14" : "BHD12")

const explain = async (
  bench: Workbench,
  want: LayerWant,
  images: readonly [Image, Image],
): Promise<readonly (Difference & { readonly resource?: string })[]> => {
  const [one, other] = [await scanImage(bench, want, images[0]), await scanImage(bench, want, images[1])]
  const differences = compareTrees(one, other)
  const paths = differences.flatMap(({ path }) => (path === undefined ? [] : [path, directoryOf(path)]))
  const makers = await traceMakers(bench, want, [...new Set(paths)])
  return differences.map((difference) => {
    const { path = "" } = difference
    // What has another name each time is known by its directory.
    const resource = makers.get(path) ?? makers.get(directoryOf(path))
    return resource === undefined ? difference : { ...difference, resource }
  })
}

const directoryOf = (path: string): string => path.slice(0, Math.max(1, path.lastIndexOf("/")))

/** Such as which names are one file. */
const unseen = (one: Image, other: Image): Difference => ({
  what: "something that a look at the files does not show",
  property: "digest",
  one: one.digest,
  other: other.digest,
})

const scanImage = (bench: Workbench, { bundle }: LayerWant, { digest }: Image): Promise<Tree> =>
  onScratch(bench, { bundle, below: { image: digest } }, ({ machine }) => scanTree(machine, { all: true }))
