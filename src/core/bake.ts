import {
  FireclayError,
  type Image,
  type Json,
  type Making,
  type PackageMove,
  type StoredEvent,
  secretMark,
  secretsOf,
} from "../contract/index.ts"
import { bakeLayer } from "./bake/layer.ts"
import { layersOf, startsOf } from "./bake/layers.ts"
import { madeIn, together } from "./bake/made.ts"
import type { Versions } from "./bake/packages.ts"
import { openSearch, type Search } from "./bake/secrets.ts"
import { type Held, heldVersions, refuseOtherBase } from "./bake/versions.ts"
import { digestOf } from "./canonical.ts"
import { rememberBuild } from "./images.ts"
import { makingOf } from "./making.ts"
import { territoryOf } from "./plan/territory.ts"
import type { Bundle, ReleasedResource } from "./release.ts"
import { withoutStartSecrets } from "./start-files.ts"
import type { Workbench } from "./workbench.ts"

export interface Baked {
  readonly image: Image
  /** Layers that had to be made; 0: everything was there. */
  readonly made: number
  readonly layers: number
  /** What a person should know. */
  readonly notes: readonly string[]
}

export interface BakeOptions {
  /** Bake every layer again. */
  readonly fresh?: boolean
  /** Absent: as the lock says. */
  readonly held?: Held
}

/** Goes into the digest of a layer's inputs: raise it when the same inputs would give another image. */
const recipe = 2

/**
 * Bakes a release into an image: converges a scratch machine, layer by layer. Same code and same steps as in place; what
 * only a running machine can do is left to its boot. A layer whose inputs were baked before is not baked again.
 *
 * @throws FireclayError FC_BAKE_FAILED, FC_BASE_FAILED, FC_SECRET_BAKED, FC_LOCK_FILE, FC_LOCK_STALE
 */
export const bake = async (
  bench: Workbench,
  fleet: string,
  bundle: Bundle,
  options: BakeOptions = {},
): Promise<Baked> => {
  refuseBaked(bundle)
  const startedAt = bench.now()
  const oven = await openOven(bench, fleet, bundle, options)
  const layers = layersOf(withoutStartSecrets(bundle.manifest.resources), startsOf(bundle.manifest))
  let inputs = digestOf({ recipe, base: oven.base })
  let image: Image | undefined
  let made = 0
  for (const [index, resources] of layers.entries()) {
    inputs = digestOf({ inputs, resources })
    const cached = await oven.cached(inputs)
    if (cached === undefined) {
      bench.progress({ fleet, doing: `baking layer ${index + 1} of ${layers.length}` })
      made += 1
    }
    image = cached ?? (await oven.bake(inputs, resources, image))
  }
  if (image === undefined)
    throw new FireclayError("FC_BAKE_FAILED", "a spec without resources has nothing to bake", {
      at: `specs.${bundle.manifest.spec}`,
    })
  await oven.held.keep()
  const making = (): Making =>
    makingOf({ bench, fleet, bundle, baseDigest: oven.base, layers, packages: oven.packages() })
  await rememberBuild(bench, { fleet, release: bundle.digest, image: image.digest }, { making, startedAt })
  return { image, made, layers: layers.length, notes: made === 0 ? [] : oven.search.notes }
}

/**
 * An image is copied and kept: what is in it is no secret any more. Variables of `run` come at the start.
 *
 * @throws FireclayError FC_SECRET_BAKED
 */
export const refuseBaked = ({ manifest }: Bundle): void => {
  for (const { id, contents } of withoutStartSecrets(manifest.resources))
    for (const { sealed } of contents) {
      if (sealed === undefined) continue
      const names = secretsOf(sealed).map(({ secret }) => secretMark(secret))
      throw new FireclayError(
        "FC_SECRET_BAKED",
        `${names.join(", ")} would become part of the image of ${manifest.spec}`,
        {
          at: `specs.${manifest.spec}: ${id}`,
          remedy: "give it to the program when it starts: a variable of run.environment, or userData",
        },
      )
    }
}

/** All that the layers of one release are baked with. */
interface Oven {
  /** Digest of the base. */
  readonly base: string
  readonly held: Held
  readonly search: Search
  /** What these inputs gave before, if that is still there and still holds. */
  readonly cached: (inputs: string) => Promise<Image | undefined>
  /** What came with the layers so far. */
  readonly packages: () => Versions
  readonly bake: (inputs: string, resources: readonly ReleasedResource[], below: Image | undefined) => Promise<Image>
}

const openOven = async (bench: Workbench, fleet: string, bundle: Bundle, options: BakeOptions): Promise<Oven> => {
  const { manifest } = bundle
  const held = options.held ?? (await heldVersions(bench, manifest))
  const tell = (line: string): void => bench.progress({ fleet, doing: line })
  const choice = { digest: held.base, renew: held.renew && held.base === undefined }
  const [base, search] = await Promise.all([bench.engine().ensureBase(manifest.base, tell, choice), openSearch(bench)])
  refuseOtherBase(held, base, `specs.${manifest.spec}.base`)
  held.took({ base })
  const before = options.fresh === true || held.renew ? [] : await bench.store.events({ kind: "image.baked" })
  const territory = territoryOf(manifest)
  const made = new Map(before.map(({ body }) => [String(body.image), madeIn(body)]))
  const came: Record<string, string> = {}
  return {
    base,
    held,
    search,
    packages: () => came,
    cached: async (inputs) => {
      const known = before.findLast(({ body }) => body.inputs === inputs && holds(body, held, search))
      const image = known === undefined ? undefined : await bench.engine().image(String(known.body.image))
      if (image === undefined) return undefined
      held.took({ packages: packagesIn(known?.body) })
      Object.assign(came, packagesIn(known?.body), versionsIn(patchedIn(known?.body)))
      return image
    },
    bake: async (inputs, resources, below) => {
      const layer = { ...bundle, manifest: { ...manifest, resources } }
      const from = below === undefined ? { base } : { image: below.digest }
      const want = { bundle: layer, territory, below: from, held, search }
      const { image, created, packages, patched } = await bakeLayer(bench, want)
      const all = together(made.get(below?.digest ?? ""), { created, packages: Object.keys(packages ?? {}) })
      made.set(image.digest, all)
      held.took({ packages: packages ?? {} })
      Object.assign(came, packages, versionsIn(patched))
      const searched = search.seal === undefined ? {} : { searched: search.seal }
      const body = {
        inputs,
        image: image.digest,
        size: image.size,
        ...(packages && { packages }),
        ...(patched && { patched: patched as unknown as Json }),
        ...searched,
        made: all,
      }
      await bench.store.append([{ fleet, kind: "image.baked", body }])
      return image
    },
  }
}

/** It has the versions that are locked now, and was searched for what is secret now. */
const holds = (body: StoredEvent["body"], held: Held, search: Search): boolean =>
  Object.entries(packagesIn(body)).every(([name, version]) => (held.packages[name] ?? version) === version) &&
  (search.seal === undefined || body.searched === search.seal)

/** What patches changed in the layer that an event tells of. */
export const patchedIn = (body: { readonly [key: string]: Json } | undefined): readonly PackageMove[] =>
  (body?.patched ?? []) as unknown as readonly PackageMove[]

const versionsIn = (moves: readonly PackageMove[] = []): Versions =>
  Object.fromEntries(moves.flatMap(({ name, to }) => (to === null ? [] : [[name, to]])))

const packagesIn = (body: { readonly [key: string]: Json } | undefined): Versions => (body?.packages ?? {}) as Versions
