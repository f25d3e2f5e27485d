import type { Fleet, Json } from "../../contract/index.ts"
import type { Workbench } from "../workbench.ts"

/** What baking an image brought about, in all of its layers. */
export type Made = {
  /** Ids of resources that were not there before, and of directories that they needed. */
  readonly created: readonly string[]
  /** Packages that came, those included that were not asked for. */
  readonly packages: readonly string[]
}

export const nothingMade: Made = { created: [], packages: [] }

export const together = (below: Made = nothingMade, above: Made = nothingMade): Made => ({
  created: [...new Set([...below.created, ...above.created])],
  packages: [...new Set([...below.packages, ...above.packages])],
})

/** What an event says of its image; one of an earlier Fireclay says nothing. */
export const madeIn = ({ made }: { readonly [key: string]: Json }): Made =>
  typeof made === "object" && made !== null && "created" in made ? (made as Made) : nothingMade

/**
 * What the image brought that a machine in place was made from: it is Fireclay's, as if it had been made on the machine, and
 * goes when it leaves the description. Of a base and of servers that exist nothing is.
 */
export const madeWith = async (bench: Workbench, fleet: Fleet, machine: string): Promise<Made> => {
  if (fleet.on.kind === "ssh" || !("from" in fleet.spec.base)) return nothingMade
  const image = (await bench.engine(fleet).list()).find(({ name }) => name === machine)?.image
  const baked = (await bench.store.events({ kind: "image.baked" })).findLast(({ body }) => body.image === image)
  return baked === undefined ? nothingMade : madeIn(baked.body)
}
