import { isPatch, patchType } from "../patch/released.ts"
import type { Manifest, ReleasedResource } from "../release.ts"

/**
 * A layer ends after each row of packages, and after each row of commands: these are slow to bake and seldom change,
 * what follows them is the opposite. Patches are a layer of their own, the last. An overlay takes only so many; what is one too many joins the first.
 *
 * @param starts where the resources of another spec begin: those of a base are then the very layers that it has itself
 */
export const layersOf = (
  resources: readonly ReleasedResource[],
  starts: ReadonlySet<number> = new Set(),
): readonly (readonly ReleasedResource[])[] => {
  const layers: ReleasedResource[][] = []
  for (const [index, resource] of resources.entries()) {
    const before = resources[index - 1]
    const ends = before === undefined || (slow.has(before.type) && before.type !== resource.type)
    const patches = isPatch(resource) && before !== undefined && !isPatch(before)
    if (ends || patches || starts.has(index)) layers.push([])
    layers.at(-1)?.push(resource)
  }
  const early = Math.max(0, layers.length - mostLayers)
  return early === 0 ? layers : [layers.slice(0, early + 1).flat(), ...layers.slice(early + 1)]
}

/** Where, among the resources of a manifest, those of the next spec begin. */
export const startsOf = ({ below = [] }: Pick<Manifest, "below">): ReadonlySet<number> => {
  const starts = new Set<number>()
  let start = 0
  for (const { resources } of below) {
    start += resources
    starts.add(start)
  }
  return starts
}

const slow: ReadonlySet<string> = new Set(["package", "command", patchType])

const mostLayers = 24
