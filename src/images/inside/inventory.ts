import { type Making, varyingPath } from "../../contract/index.ts"
import type { Layout } from "../layout.ts"
import { parseCopyright, parseExpression, type Terms } from "./licences.ts"
import { openMakers } from "./makers.ts"
import {
  type DatabasePackage,
  dpkgLists,
  type PackageKind,
  packageUrl,
  parseApkInstalled,
  parseDpkgList,
  parseDpkgStatus,
  parseSystem,
  type System,
} from "./packages.ts"
import { parseRpmDatabase } from "./rpm.ts"
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
  readonly kind: PackageKind
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
    const system = parseSystem(textOf(await tree.read("/etc/os-release")))
    // Whoever made the image wrote it, and an image with a broken one may leave all the same.
    const found = await readDatabase(tree).catch(() => undefined)
    const packages = await Promise.all(
      (found?.packages ?? []).map(async (each) => ({
        ...each.found,
        kind: found?.kind ?? "deb",
        layer: each.layer,
        purl: packageUrl(found?.kind ?? "deb", each.found, system),
        terms: await termsOf(tree, each.found),
      })),
    )
    return {
      system,
      // A broken database may name one twice.
      packages: [...new Map(packages.map((each) => [each.purl, each])).values()].sort(
        (one, other) => compare(one.name, other.name) || compare(one.purl, other.purl),
      ),
      files: await filesOf(tree, found?.paths ?? new Set(), making),
      notes: found === undefined ? notesOn(tree) : [],
    }
  })

/** What a database says, and the paths that are the packages'. */
interface Database {
  readonly kind: PackageKind
  readonly packages: readonly { readonly found: DatabasePackage; readonly layer: number }[]
  readonly paths: ReadonlySet<string>
}

interface Said {
  readonly packages: readonly DatabasePackage[]
  readonly paths?: readonly string[]
}

const databases: readonly (readonly [kind: PackageKind, path: string, (bytes: Buffer) => Said | Promise<Said>])[] = [
  ["deb", "/var/lib/dpkg/status", (bytes) => ({ packages: parseDpkgStatus(bytes.toString()) })],
  ["apk", "/lib/apk/db/installed", (bytes) => parseApkInstalled(bytes.toString())],
  ["apk", "/usr/lib/apk/db/installed", (bytes) => parseApkInstalled(bytes.toString())],
  ["rpm", "/usr/lib/sysimage/rpm/rpmdb.sqlite", parseRpmDatabase],
  ["rpm", "/var/lib/rpm/rpmdb.sqlite", parseRpmDatabase],
]

/** What is installed in the end, each with the layer whose database named it first in this version. */
const readDatabase = async (tree: ImageTree): Promise<Database | undefined> => {
  const [kind, path = "", parse] = databases.find(([, each]) => tree.files.get(each)?.type === "file") ?? []
  if (kind === undefined || parse === undefined) return undefined
  const first = new Map<string, number>()
  let last: Said = { packages: [] }
  for (let layer = 0; layer <= (tree.files.get(path)?.layer ?? 0); layer += 1) {
    const bytes = await tree.read(path, layer)
    if (bytes === undefined) continue
    last = await parse(bytes)
    for (const found of last.packages) if (!first.has(keyOf(found))) first.set(keyOf(found), layer)
  }
  return {
    kind,
    packages: last.packages.map((found) => ({ found, layer: first.get(keyOf(found)) ?? 0 })),
    paths: new Set(kind === "deb" ? await dpkgPaths(tree, last.packages) : last.paths),
  }
}

const dpkgPaths = async (tree: ImageTree, packages: readonly DatabasePackage[]): Promise<readonly string[]> => {
  const lists = await Promise.all(packages.flatMap(dpkgLists).map((path) => tree.read(path)))
  return lists.flatMap((list) => parseDpkgList(textOf(list)))
}

const textOf = (bytes: Buffer | undefined): string => bytes?.toString() ?? ""

const keyOf = ({ name, architecture, version }: DatabasePackage): string => `${name} ${architecture} ${version}`

const termsOf = async (tree: ImageTree, { name, licence }: DatabasePackage): Promise<Terms> => {
  if (licence !== undefined) return parseExpression(licence)
  const text = await tree.read(`/usr/share/doc/${name}/copyright`)
  return text === undefined ? { texts: new Map() } : parseCopyright(text.toString(), name)
}

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
  layer > 0 &&
  type === "file" &&
  !/^\/(var\/lib\/(dpkg|apt|rpm|dnf)|(usr\/)?lib\/apk|usr\/lib\/sysimage)\//.test(path) &&
  !varyingPath(path)

const notesOn = ({ files }: ImageTree): readonly string[] =>
  files.has("/var/lib/rpm/Packages")
    ? ["packages are not listed: rpm's database has a form from before rpm 4.16"]
    : ["packages are not listed: there is no database of theirs that could be read"]

const compare = (one: string, other: string): number => (one < other ? -1 : one > other ? 1 : 0)
