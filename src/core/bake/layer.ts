import { randomBytes } from "node:crypto"
import {
  type Engine,
  FireclayError,
  type Image,
  isFireclayError,
  isRuntimeStep,
  type Machine,
  type PackageMove,
  type Scratch,
} from "../../contract/index.ts"
import { isPatch } from "../patch/released.ts"
import type { Territory } from "../plan/territory.ts"
import type { MachinePlan } from "../plan/types.ts"
import { planMachine } from "../plan.ts"
import type { Bundle } from "../release.ts"
import { bytesToWrite } from "../seal.ts"
import { bakeSteps } from "../transaction/transaction.ts"
import type { Workbench } from "../workbench.ts"
import { holdVersions, releaseVersions, type Versions } from "./packages.ts"
import { refuseSecrets, type Search } from "./secrets.ts"
import { type Held, refuseStale } from "./versions.ts"

export interface LayerWant {
  /** With the resources of this layer only. */
  readonly bundle: Bundle
  /** What the whole description is about. */
  readonly territory: Territory
  /** Digest of the image below, or of the base. */
  readonly below: { readonly image: string } | { readonly base: string }
  readonly held: Held
  readonly search: Search
  /** Variables for all that runs, besides the usual ones. */
  readonly environment?: { readonly [name: string]: string }
}

export interface BakedLayer {
  readonly image: Image
  /** Ids of what was not there before: resources, and directories that they needed. */
  readonly created: readonly string[]
  /** Packages that came; absent: the layer has none. */
  readonly packages?: Versions
  /** What patches changed, whatever is locked. */
  readonly patched?: readonly PackageMove[]
}

/** Bakes one layer over what is below it: a scratch machine is converged, and what changed is kept. */
export const bakeLayer = async (bench: Workbench, want: LayerWant): Promise<BakedLayer> => {
  const { bundle, held, search } = want
  const at = `specs.${bundle.manifest.spec}`
  return onScratch(bench, want, async ({ machine, commit }) => {
    const hasPackages = bundle.manifest.resources.some(({ type }) => type === "package")
    const hasPatches = bundle.manifest.resources.some(isPatch)
    const before =
      hasPackages || hasPatches
        ? await holdVersions(machine, hasPatches ? {} : held.packages, hasPackages && held.renew)
        : undefined
    const created = await convergeScratch(bench, machine, want)
    const came = before === undefined ? undefined : await releaseVersions(machine, before)
    const packages = hasPatches ? undefined : came
    if (packages !== undefined) refuseStale(held, packages, at)
    const image =
      search.secrets.length === 0
        ? await commit()
        : await commit((layer, config) => refuseSecrets(search, layer, config, at))
    return {
      image,
      created,
      ...(packages === undefined ? {} : { packages }),
      ...(hasPatches ? { patched: movesTo(came ?? {}, before ?? {}) } : {}),
    }
  })
}

const movesTo = (after: Versions, before: Versions): readonly PackageMove[] =>
  Object.entries(after).map(([name, to]) => ({ name, from: before[name] ?? null, to }))

/** A scratch machine over what is below a layer, for as long as the work with it takes. */
export const onScratch = async <T>(
  bench: Workbench,
  { below, bundle }: Pick<LayerWant, "below" | "bundle">,
  work: (scratch: Scratch) => Promise<T>,
): Promise<T> => {
  const from = "image" in below ? below : { base: bundle.manifest.base, digest: below.base }
  return withScratch(bench, from, work)
}

/** A scratch machine for as long as the work with it takes. */
export const withScratch = async <T>(
  bench: Workbench,
  from: Parameters<Engine["openScratch"]>[0],
  work: (scratch: Scratch) => Promise<T>,
): Promise<T> => {
  const scratch = await bench.engine().openScratch(from)
  try {
    return await work(scratch)
  } finally {
    await scratch.discard()
  }
}

/** Brings a scratch machine to a description, but for what only a running machine can do. Answers what was not there before. */
export const convergeScratch = async (
  bench: Workbench,
  machine: Machine,
  { bundle, territory, environment }: Pick<LayerWant, "bundle" | "territory" | "environment">,
): Promise<readonly string[]> => {
  const plan = await planMachine(machine, bundle, bench.types, { territory })
  if (plan.problem !== undefined) throw plan.problem
  try {
    await bakeSteps(machine, {
      id: `bake-${randomBytes(6).toString("hex")}`,
      steps: plan.steps.filter((step) => !isRuntimeStep(step)),
      bytes: bytesToWrite(bundle, plan.texts),
      holder: bench.holder().who,
      ...(environment === undefined ? {} : { environment }),
    })
    return createdBy(plan)
  } catch (error) {
    if (!isFireclayError(error) || error.code !== "FC_STEP_FAILED") throw error
    throw new FireclayError("FC_BAKE_FAILED", error.message, {
      at: `specs.${bundle.manifest.spec}`,
      remedy: error.remedy ?? "see the lines above",
      details: error.details,
      cause: error,
    })
  }
}

const createdBy = ({ differences, steps }: MachinePlan): readonly string[] => [
  ...differences.filter(({ creates }) => creates).map(({ id }) => id),
  ...steps.flatMap((step) => (step.do === "make-directory" ? [`directory:${step.path}`] : [])),
]
