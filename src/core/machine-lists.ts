import { FireclayError, type Resource, type Spec } from "../contract/index.ts"
import { resourcesBelow } from "./base.ts"
import { canonical } from "./canonical.ts"
import type { FactsByMachine } from "./facts/remember.ts"
import type { Bundle, Manifest, ReleasedResource } from "./release.ts"
import { runResources } from "./run-unit.ts"

/** One list for all machines, or one for each. */
export type Lists<T> = { readonly shared: readonly T[] } | { readonly machines: ReadonlyMap<string, readonly T[]> }

/** The list of resources changes from machine to machine. */
export const dependsOnMachine = ({ resources }: Spec): boolean => typeof resources === "function"

/**
 * A spec's resources with what `run` adds to them, after those of the specs that it is based on.
 *
 * @throws FireclayError FC_FLEET_DELIVERY where the machines are not known, because there are none before an image is baked
 */
export const listsOf = (spec: Spec, facts?: FactsByMachine): Lists<Resource> => {
  const { resources } = spec
  const below = resourcesBelow(spec)
  const whole = (list: readonly Resource[]): readonly Resource[] => [
    ...below,
    ...list,
    ...runResources(spec, [...below, ...list]),
  ]
  if (typeof resources !== "function") return { shared: whole(resources) }
  if (facts === undefined)
    throw new FireclayError(
      "FC_FLEET_DELIVERY",
      `the resources of ${spec.name} depend on the machine, and an image has none`,
      {
        at: `specs.${spec.name}.resources`,
        remedy: "give it a plain list, or deliver inPlace(…)",
      },
    )
  return { machines: new Map([...facts].map(([name, machine]) => [name, whole(resources(machine))])) }
}

/** Tags by the ids of resources, whoever gets them. */
export const tagsOf = (lists: Lists<Resource>): ReadonlyMap<string, readonly string[]> => {
  const all = "shared" in lists ? lists.shared : [...lists.machines.values()].flat()
  return new Map(all.flatMap(({ id, tags }) => (tags === undefined ? [] : [[id, tags] as const])))
}

export const mapLists = <T, U>(lists: Lists<T>, change: (list: readonly T[]) => readonly U[]): Lists<U> =>
  "shared" in lists
    ? { shared: change(lists.shared) }
    : { machines: new Map([...lists.machines].map(([name, list]) => [name, change(list)])) }

/** Each resource once, whoever gets it. Where all machines get the same, it is as if the list did not depend on them. */
export const poolLists = (lists: Lists<ReleasedResource>): Pick<Manifest, "resources" | "machines"> => {
  if ("shared" in lists) return { resources: lists.shared }
  const pool = new Map<string, number>()
  const resources: ReleasedResource[] = []
  const numberOf = (resource: ReleasedResource): number => {
    const key = canonical(resource)
    const known = pool.get(key)
    if (known !== undefined) return known
    pool.set(key, resources.length)
    return resources.push(resource) - 1
  }
  // By name, so that the order in which machines answered makes no other release.
  const sorted = [...lists.machines].toSorted(([a], [b]) => (a < b ? -1 : 1))
  const numbers = sorted.map(([name, list]) => [name, list.map(numberOf)] as const)
  const [first] = numbers
  const same = first !== undefined && numbers.every(([, own]) => canonical(own) === canonical(first[1]))
  return same ? { resources } : { resources, machines: Object.fromEntries(numbers) }
}

/**
 * What of a bundle one machine gets.
 *
 * @throws FireclayError FC_RELEASE_MACHINE
 */
export const bundleFor = (bundle: Bundle, machine: string): Bundle => {
  const { machines, ...manifest } = bundle.manifest
  if (machines === undefined) return bundle
  const own = Object.hasOwn(machines, machine) ? machines[machine] : undefined
  if (own === undefined)
    throw new FireclayError(
      "FC_RELEASE_MACHINE",
      `this release was made before there was a ${machine}, and says nothing of it`,
      {
        at: machine,
        remedy: `it knows ${Object.keys(machines).join(", ") || "no machine"}; apply makes a release for all there are`,
      },
    )
  const resources = own.flatMap((number) => manifest.resources[number] ?? [])
  return { ...bundle, manifest: { ...manifest, resources } }
}
