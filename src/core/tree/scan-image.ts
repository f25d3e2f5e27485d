import type { Engine } from "../../contract/index.ts"
import { withScratch } from "../bake/layer.ts"
import { heldVersions } from "../bake/versions.ts"
import type { Manifest } from "../release.ts"
import type { Workbench } from "../workbench.ts"
import { compareTrees } from "./compare.ts"
import { scanTree, type Tree } from "./scan.ts"

/** An image or a base, looked at as a machine is. */
export const scanImage = (bench: Workbench, from: Parameters<Engine["openScratch"]>[0]): Promise<Tree> =>
  withScratch(bench, from, ({ machine }) => scanTree(machine))

/** What the image of a release has otherwise than its base. */
export const touchedBy = async (bench: Workbench, manifest: Manifest, image: Tree): Promise<ReadonlySet<string>> => {
  const { base: digest } = await heldVersions(bench, manifest)
  const before = await scanImage(bench, { base: manifest.base, ...(digest === undefined ? {} : { digest }) })
  return new Set(compareTrees(before, image).map(({ what }) => what))
}
