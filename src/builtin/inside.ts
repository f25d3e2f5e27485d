import { resolve } from "node:path"
import type { KnownMaking, Verify } from "../contract/index.ts"
import { knownMaking, type Workbench } from "../core/index.ts"
import { epoch } from "../engines/local/base.ts"
import { signedPredicates } from "../images/attest.ts"
import { readPublicKey } from "../images/index.ts"
import { attachDocuments, readAttached, readDocuments, type Telling } from "../images/inside/documents.ts"
import { takeInventory } from "../images/inside/inventory.ts"
import { layoutOf } from "./signing.ts"

/** What an image is made of, as much as people want to see at once. */
export interface Inside {
  /** As the system says of itself. */
  readonly system: string
  readonly making: KnownMaking | undefined
  /** From the base upwards. */
  readonly layers: readonly InsideLayer[]
  readonly packages: number
  readonly files: number
  /** What lies beside it, by kind, and what statements of it the fleet's key has signed. */
  readonly attached: readonly string[]
  readonly signed: readonly string[]
  readonly notes: readonly string[]
}

export interface InsideLayer {
  readonly digest: string
  readonly size: number
  /** Ids of the resources that it is the work of. */
  readonly resources: readonly string[]
  /** Packages that came with it and are still there. */
  readonly packages: number
  /** Files that no package owns. */
  readonly files: number
}

/**
 * Looks into an image. Changes nothing.
 *
 * @throws FireclayError FC_IMAGE_UNKNOWN, FC_KEY
 */
export const lookInside = async (bench: Workbench, image: string, verify: Verify | undefined): Promise<Inside> => {
  const layout = layoutOf(bench.engine())
  const making = await knownMaking(bench, image)
  const stored = (await bench.engine().images()).find(({ digest }) => digest === image)
  const { system, packages, files, notes } = await takeInventory(layout, image, making)
  const key = verify === undefined ? undefined : await readPublicKey(resolve(bench.directory, verify.key))
  return {
    system: system.name,
    making,
    layers: (stored?.layers ?? []).map(({ digest, size }, index) => ({
      digest,
      size,
      resources: (making?.layers[index - 1] ?? []).map(({ id }) => id),
      packages: packages.filter(({ layer }) => layer === index).length,
      files: files.filter(({ layer }) => layer === index).length,
    })),
    packages: packages.length,
    files: files.length,
    attached: await readAttached(layout, image),
    signed: key === undefined ? [] : await signedPredicates(layout, image, key),
    notes,
  }
}

/** The documents of an image, as they lie beside it or would. */
export const documentsOf = async (bench: Workbench, image: string) =>
  readDocuments(layoutOf(bench.engine()), image, await tellingOf(bench, image))

/** Puts them beside it, for when it leaves. */
export const keepDocuments = async (bench: Workbench, image: string): Promise<void> =>
  attachDocuments(layoutOf(bench.engine()), image, await tellingOf(bench, image))

const tellingOf = async (bench: Workbench, image: string): Promise<Telling> => ({
  making: await knownMaking(bench, image),
  createdAt: new Date(epoch * 1000).toISOString().replace(/\.\d+Z$/, "Z"),
  tool: `fireclay-${bench.version?.() ?? "unknown"}`,
})
