import type { Machine } from "../../contract/index.ts"
import { quoteAll } from "../quote.ts"
import type { ReleasedResource } from "../release.ts"
import type { Workbench } from "../workbench.ts"
import { convergeScratch, type LayerWant, onScratch } from "./layer.ts"
import { holdVersions } from "./packages.ts"

/**
 * Finds out which resource of a layer makes each of these paths what it is: the layer is baked once more, one resource after
 * the other, and the last one after which a path was another is meant.
 */
export const traceMakers = (
  bench: Workbench,
  want: LayerWant,
  paths: readonly string[],
): Promise<ReadonlyMap<string, string>> =>
  onScratch(bench, want, async ({ machine }) => {
    const { bundle, held } = want
    const { resources } = bundle.manifest
    if (resources.some(({ type }) => type === "package")) await holdVersions(machine, held.packages, held.renew)
    const makers = new Map<string, string>()
    let before = await look(machine, paths)
    for (const resource of resources) {
      await convergeScratch(bench, machine, { ...want, bundle: only(want, resource) })
      const after = await look(machine, paths)
      for (const [index, path] of paths.entries()) if (before[index] !== after[index]) makers.set(path, resource.id)
      before = after
    }
    return makers
  })

const only = ({ bundle }: LayerWant, resource: ReleasedResource): LayerWant["bundle"] => ({
  ...bundle,
  manifest: { ...bundle.manifest, resources: [resource] },
})

/** What tells that a path was touched, in the order of the paths. */
const look = async (machine: Machine, paths: readonly string[]): Promise<readonly string[]> => {
  const script = `for path in ${quoteAll(paths)}; do stat -c '%i %s %f %.9Y %.9Z' -- "$path" 2>/dev/null || echo -; done`
  return (await machine.sh(script)).stdout.toString().split("\n")
}
