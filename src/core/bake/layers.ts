import type { ReleasedResource } from "../release.ts"

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
