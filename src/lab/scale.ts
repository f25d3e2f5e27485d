import { join } from "node:path"
import type { ScalePoint } from "../core/index.ts"
import { Site, type SitePlace } from "./site.ts"
import type { ComparisonWant } from "./want.ts"

/** Each size costs new machines; several sizes together say what one round of each would not. */
export const scaleRounds = ({ runs }: Pick<ComparisonWant, "runs">): number => Math.min(runs, 2)

/**
 * At each size: a fleet of its own is taken from the old version to the new one, and then to twice as many machines. Without
 * load, so that what is measured is the delivery.
 */
export const measureScale = async (
  want: ComparisonWant,
  {
    root,
    way,
    size,
    round,
    signal,
  }: { readonly root: string; readonly round: number } & Pick<SitePlace, "way" | "size" | "signal">,
): Promise<readonly ScalePoint[]> => {
  const directory = join(root, `scale-${want.ways.indexOf(way)}-${size}-${round}`)
  const site = await Site.open(want, { way, size, directory, signal })
  try {
    await site.bringUp(want.from)
    await site.put(want.to)
    await site.build()
    const update = await site.deliver()
    await site.put(want.to, undefined, size * 2)
    const grow = await site.deliver()
    const point = { way: way.name, size, round }
    return [
      { ...point, what: "update", seconds: update.seconds },
      { ...point, what: "grow", seconds: grow.seconds },
    ]
  } finally {
    await site.close()
  }
}
