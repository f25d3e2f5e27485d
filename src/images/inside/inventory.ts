import { type Making, varyingPath } from "../../contract/index.ts"
import type { Layout } from "../layout.ts"
import { parseCopyright, type Terms } from "./licences.ts"
import { openMakers } from "./makers.ts"
import {
  type DatabasePackage,
  dpkgLists,
  packageUrl,
  parseApkInstalled,
  parseDpkgList,
  parseDpkgStatus,
  parseSystem,
  type System,
} from "./packages.ts"
import { type ImageTree, type Sums, type TreeFile, withImageTree } from "./tree.ts"

/** What there is in an image. */
export interface Inventory {
  readonly system: System
  /** By name. */
  readonly packages: readonly FoundPackage[]
  /** Files above the base that no package owns, or that a resource describes; by path. */
  readonly files: readonly FoundFile[]
  /** What is not told, for people. */
  readonly notes: readonly string[]
}

export interface FoundPackage extends DatabasePackage {
  readonly kind: "deb" | "apk"
  readonly purl: string
  readonly terms: Terms
  /** That it came with: 0 is the base. */
  readonly layer: number
}

export interface FoundFile extends Sums {
  readonly path: string
  readonly size: number
  readonly layer: number
  /** Ids of the resources of which one made it; none: nobody knows. */
  readonly makers: readonly string[]
}

/**
 * Looks into an image of a layout: its packages, from their manager's own database, and what else its layers brought.
 *
 * @throws FireclayError FC_IMAGE_UNKNOWN, FC_IMAGE_UNSAFE
 */
export const takeInventory = (layout: Layout, digest: string, making?: Pick<Making, "layers">): Promise<Inventory> =>
  withImageTree(layout, digest, async (tree) => {
    const system = parseSystem(await tree.read("/etc/os-release"))
    const found = (await readDpkg(tree)) ?? (await readApk(tree))
    const packages = await Promise.all(
      (found?.packages ?? []).map(async (each) => ({
        ...each.found,
        kind: each.kind,
        layer: each.layer,
        purl: packageUrl(each.kind, each.found, system),
        terms: await termsOf(tree, each.found),
      })),
    )
    return {
      system,
      packages: packages.sort((one, other) => compare(one.name, other.name) || compare(one.purl, other.purl)),
      files: await filesOf(tree, found?.paths ?? new Set(), making),
      notes: found === undefined ? notesOn(tree) : [],
    }
  })

/** The packages of a database, and the paths that are theirs. */
interface Database {
  readonly packages: readonly {
    readonly kind: "deb" | "apk"
    readonly found: DatabasePackage
    readonly layer: number
  }[]
  readonly paths: ReadonlySet<string>
}

const readDpkg = async (tree: ImageTree): Promise<Database | undefined> => {
  const installed = await byLayer(tree, "/var/lib/dpkg/status", parseDpkgStatus)
  if (installed === undefined) return undefined
  const lists = await Promise.all(installed.flatMap(({ found }) => dpkgLists(found)).map((path) => tree.read(path)))
  const paths = new Set(lists.flatMap((list) => (list === undefined ? [] : parseDpkgList(list))))
  return { packages: installed.map((each) => ({ kind: "deb", ...each })), paths }
}

const readApk = async (tree: ImageTree): Promise<Database | undefined> => {
  for (const path of ["/lib/apk/db/installed", "/usr/lib/apk/db/installed"]) {
    const installed = await byLayer(tree, path, (text) => parseApkInstalled(text).packages)
    if (installed === undefined) continue
    const { paths } = parseApkInstalled((await tree.read(path)) ?? "")
    return { packages: installed.map((each) => ({ kind: "apk", ...each })), paths: new Set(paths) }
  }
  return undefined
}

/** What is installed in the end, each with the layer whose database named it first in this version. */
const byLayer = async (
  tree: ImageTree,
  path: string,
  parse: (text: string) => readonly DatabasePackage[],
): Promise<readonly { readonly found: DatabasePackage; readonly layer: number }[] | undefined> => {
  const top = tree.files.get(path)
  if (top === undefined) return undefined
  const first = new Map<string, number>()
  const numbers = Array.from({ length: top.layer + 1 }, (_, layer) => layer)
  for (const [layer, text] of (await Promise.all(numbers.map((layer) => tree.read(path, layer)))).entries())
    for (const found of parse(text ?? "")) if (!first.has(keyOf(found))) first.set(keyOf(found), layer)
  const installed = parse((await tree.read(path)) ?? "")
  return installed.map((found) => ({ found, layer: first.get(keyOf(found)) ?? top.layer }))
}

const keyOf = ({ name, architecture, version }: DatabasePackage): string => `${name} ${architecture} ${version}`

const termsOf = async (tree: ImageTree, { name, licence }: DatabasePackage): Promise<Terms> => {
  const known = licence !== undefined && expressionForm.test(licence)
  if (known) return { texts: new Map(), expression: licence }
  if (licence !== undefined) return { texts: new Map(), hint: `the database says: ${licence}` }
  const text = await tree.read(`/usr/share/doc/${name}/copyright`)
  return text === undefined ? { texts: new Map() } : parseCopyright(text, name)
}

const expressionForm = /^\(*[A-Za-z0-9.+-]+\)*( (AND|OR|WITH) \(*[A-Za-z0-9.+-]+\)*)*$/

const filesOf = async (
  tree: ImageTree,
  owned: ReadonlySet<string>,
  making: Pick<Making, "layers"> | undefined,
): Promise<readonly FoundFile[]> => {
  const makers = openMakers(making?.layers ?? [])
  const files: FoundFile[] = []
  for (const [path, file] of [...tree.files].sort(([one], [other]) => compare(one, other)))
    if (isTold(path, file) && (makers.describes(path) || !owned.has(path)))
      files.push({
        path,
        size: file.content.size,
        layer: file.layer,
        makers: makers.of(path, file.layer),
        ...(await tree.sums(file)),
      })
  return files
}

/** The base is told as a whole, the managers' databases by what they say, and what is derived by what it comes from. */
const isTold = (path: string, { type, layer }: TreeFile): boolean =>
  layer > 0 && type === "file" && !/^\/(var\/lib\/(dpkg|apt)|(usr\/)?lib\/apk)\//.test(path) && !varyingPath(path)

const notesOn = ({ files }: ImageTree): readonly string[] =>
  files.has("/var/lib/rpm") || files.has("/usr/lib/sysimage/rpm")
    ? ["packages of rpm are not listed: only the databases of dpkg and apk are read"]
    : ["there is no database of packages that could be read"]

const compare = (one: string, other: string): number => (one < other ? -1 : one > other ? 1 : 0)
