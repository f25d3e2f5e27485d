import { type Base, type DebianBase, describeBase, type Resource, type Spec } from "../contract/index.ts"
import { canonical } from "./canonical.ts"
import type { Manifest } from "./release.ts"
import { runResources } from "./run-unit.ts"
import type { Workbench } from "./workbench.ts"

/** What all of a spec starts from in the end, below the specs that it is based on. */
export const rootOf = ({ base }: Spec): Base => ("from" in base ? rootOf(base.from) : base)

/** The specs that a spec is based on, the lowest first. */
export const specsBelow = ({ base }: Spec): readonly Spec[] =>
  "from" in base ? [...specsBelow(base.from), base.from] : []

/** All that the specs below describe, in order, with what their `run` adds. */
export const resourcesBelow = (spec: Spec): readonly Resource[] => specsBelow(spec).flatMap(ownResources)

/** Whose are the first resources of a manifest, the lowest first. */
export const sharesBelow = (spec: Spec): NonNullable<Manifest["below"]> =>
  specsBelow(spec).map((below) => ({ spec: below.name, resources: ownResources(below).length }))

/**
 * The base that each resource comes from, by id; those of the spec itself are not in it. What is described no longer came
 * from where the release before had it.
 */
export const originsIn = (before: Manifest | undefined, now: Manifest): ReadonlyMap<string, string> => {
  const described = new Set(now.resources.map(({ id }) => id))
  const gone = before === undefined ? [] : [...originsOf(before)].filter(([id]) => !described.has(id))
  return new Map([...gone, ...originsOf(now)])
}

/** The same of one release. */
export const originsOf = ({
  resources,
  below = [],
}: Pick<Manifest, "resources" | "below">): ReadonlyMap<string, string> => {
  const owners = below.flatMap(({ spec, resources: count }) => Array.from({ length: count }, () => spec))
  return new Map(owners.flatMap((owner, index) => resources.slice(index, index + 1).map(({ id }) => [id, owner])))
}

/** What machines and images start from, below all specs: what it was, and what it is. `undefined`: the same. */
export const baseChange = (
  before: Pick<Manifest, "base" | "lock"> | undefined,
  now: Pick<Manifest, "base" | "lock">,
): BaseChange | undefined => {
  if (before === undefined || canonical([before.base, before.lock]) === canonical([now.base, now.lock]))
    return undefined
  return { from: exactly(before), to: exactly(now) }
}

export interface BaseChange {
  readonly from: string
  readonly to: string
}

/** A base so that no other one is called the same. */
const exactly = ({ base, lock }: Pick<Manifest, "base" | "lock">): string => {
  const digest = "image" in base ? base.digest?.replace(/^sha256:/, "") : "rootfs" in base ? base.sha256 : undefined
  return [
    describeBase(base),
    ...(digest === undefined ? [] : [digest.slice(0, 12)]),
    ...("distribution" in base ? detailsOf(base) : []),
    ...(lock === undefined ? [] : [`as updated ${lock === 1 ? "once" : `${lock} times`}`]),
  ].join(", ")
}

const detailsOf = ({ include, sources, snapshot }: DebianBase): readonly string[] => [
  ...(include.length === 0 ? [] : [`with ${include.join(" ")}`]),
  ...(sources === undefined ? [] : [`from ${sources.join("; ")}`]),
  ...(snapshot === undefined ? [] : [`of ${snapshot}`]),
]

/**
 * The same spec, with everything that is named from outside by its digest: so it means the same tomorrow.
 *
 * @throws FireclayError FC_REGISTRY, FC_REGISTRY_AUTH, FC_IMAGE_UNFIT, FC_SPEC_SOURCE
 */
export const pinSpec = async (bench: Pick<Workbench, "pin">, spec: Spec): Promise<Spec> => {
  if ("from" in spec.base) return { ...spec, base: { from: await pinSpec(bench, spec.base.from) } }
  if ("distribution" in spec.base) return spec
  return { ...spec, base: await bench.pin(spec.base) }
}

const ownResources = (spec: Spec): readonly Resource[] =>
  typeof spec.resources === "function" ? [] : [...spec.resources, ...runResources(spec)]
