import { randomBytes } from "node:crypto"
import { FireclayError, type Image, isFireclayError, isRuntimeStep, secretMark, secretsOf } from "../contract/index.ts"
import { digestOf } from "./canonical.ts"
import { rememberBuild } from "./images.ts"
import { type Territory, territoryOf } from "./plan/territory.ts"
import { planMachine } from "./plan.ts"
import type { Bundle, ReleasedResource } from "./release.ts"
import { bytesToWrite } from "./seal.ts"
import { withoutStartSecrets } from "./start-files.ts"
import { bakeSteps } from "./transaction/transaction.ts"
import type { Workbench } from "./workbench.ts"

export interface Baked {
  readonly image: Image
  /** Layers that had to be made; 0: everything was there. */
  readonly made: number
  readonly layers: number
}

/** Goes into the digest of a layer's inputs: raise it when the same inputs would give another image. */
const recipe = 1

/**
 * Bakes a release into an image: converges a scratch machine, layer by layer. Same code and same steps as in place; what
 * only a running machine can do is left to its boot. A layer whose inputs were baked before is not baked again.
 *
 * @throws FireclayError FC_BAKE_FAILED, FC_BASE_FAILED, FC_SECRET_BAKED
 */
export const bake = async (
  bench: Workbench,
  fleet: string,
  bundle: Bundle,
  options: { readonly fresh?: boolean } = {},
): Promise<Baked> => {
  refuseBaked(bundle)
  const engine = bench.engine()
  const base = await engine.ensureBase(bundle.manifest.base, (line) => bench.progress({ fleet, doing: line }))
  const layers = layersOf(withoutStartSecrets(bundle.manifest.resources))
  const known = options.fresh === true ? new Map<string, string>() : await knownImages(bench)
  let inputs = digestOf({ recipe, base })
  let image: Image | undefined
  let made = 0
  for (const [index, resources] of layers.entries()) {
    inputs = digestOf({ inputs, resources })
    const digest = known.get(inputs)
    const cached = digest === undefined ? undefined : await engine.image(digest)
    if (cached !== undefined) {
      image = cached
      continue
    }
    bench.progress({ fleet, doing: `baking layer ${index + 1} of ${layers.length}` })
    const layer = { ...bundle, manifest: { ...bundle.manifest, resources } }
    image = await bakeLayer(bench, image, layer, territoryOf(bundle.manifest))
    made += 1
    await bench.store.append([{ fleet, kind: "image.baked", body: { inputs, image: image.digest, size: image.size } }])
  }
  if (image === undefined)
    throw new FireclayError("FC_BAKE_FAILED", "a spec without resources has nothing to bake", {
      at: `specs.${bundle.manifest.spec}`,
    })
  await rememberBuild(bench, { fleet, release: bundle.digest, image: image.digest })
  return { image, made, layers: layers.length }
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

/**
 * A layer ends after each row of packages, and after each row of commands: these are slow to bake and seldom change,
 * what follows them is the opposite. An overlay takes only so many; what is one too many joins the first.
 */
export const layersOf = (resources: readonly ReleasedResource[]): readonly (readonly ReleasedResource[])[] => {
  const layers: ReleasedResource[][] = []
  for (const [index, resource] of resources.entries()) {
    const before = resources[index - 1]
    if (before === undefined || (slow.has(before.type) && before.type !== resource.type)) layers.push([])
    layers.at(-1)?.push(resource)
  }
  const early = Math.max(0, layers.length - mostLayers)
  return early === 0 ? layers : [layers.slice(0, early + 1).flat(), ...layers.slice(early + 1)]
}

const slow: ReadonlySet<string> = new Set(["package", "command"])

const mostLayers = 24

const knownImages = async (bench: Workbench): Promise<ReadonlyMap<string, string>> =>
  new Map(
    (await bench.store.events({ kind: "image.baked" })).map(({ body }) => [String(body.inputs), String(body.image)]),
  )

const bakeLayer = async (
  bench: Workbench,
  below: Image | undefined,
  bundle: Bundle,
  territory: Territory,
): Promise<Image> => {
  const scratch = await bench
    .engine()
    .openScratch(below === undefined ? { base: bundle.manifest.base } : { image: below.digest })
  try {
    const plan = await planMachine(scratch.machine, bundle, bench.types, { territory })
    if (plan.problem !== undefined) throw plan.problem
    const steps = plan.steps.filter((step) => !isRuntimeStep(step))
    await bakeSteps(scratch.machine, {
      id: `bake-${randomBytes(6).toString("hex")}`,
      steps,
      bytes: bytesToWrite(bundle, plan.texts),
      holder: bench.holder().who,
    })
    return await scratch.commit()
  } catch (error) {
    if (!isFireclayError(error) || error.code !== "FC_STEP_FAILED") throw error
    throw new FireclayError("FC_BAKE_FAILED", error.message, {
      at: `specs.${bundle.manifest.spec}`,
      remedy: error.remedy ?? "see the lines above",
      details: error.details,
      cause: error,
    })
  } finally {
    await scratch.discard()
  }
}
