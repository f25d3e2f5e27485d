import type { Base, Resource, Spec } from "../contract/index.ts"
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

/** The base that each resource comes from, by id; those of the spec itself are not in it. */
export const originsOf = ({
  resources,
  below = [],
}: Pick<Manifest, "resources" | "below">): ReadonlyMap<string, string> => {
  const owners = below.flatMap(({ spec, resources: count }) => Array.from({ length: count }, () => spec))
  return new Map(owners.flatMap((owner, index) => resources.slice(index, index + 1).map(({ id }) => [id, owner])))
}

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
