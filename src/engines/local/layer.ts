import type { Stats } from "node:fs"
import { mkdir, readdir, rm, stat, writeFile } from "node:fs/promises"
import { basename, dirname, join } from "node:path"
import { FireclayError } from "../../contract/index.ts"
import { hashFile } from "../../images/layout.ts"
import { runOk } from "../../system/process.ts"
import { archiveOptions } from "./archive.ts"
import { epoch } from "./base.ts"
import { lookAt } from "./files.ts"
import type { NewLayer } from "./image-store.ts"
import { isWhiteout } from "./upper.ts"

/** What is done to each path, the directory itself included, before it is written. */
export type Settle = (path: string, stats: Stats) => Promise<void>

/** Writes a normalised upper directory as the archive of an OCI layer; `workspace` is a directory of the caller's. */
export const writeLayer = async (
  directory: string,
  workspace: string,
  settle: Settle = async () => undefined,
): Promise<NewLayer> => {
  const archive = join(workspace, "layer.tar")
  const markers = join(workspace, "markers")
  const { entries, whiteouts } = await contents(directory, "", settle)
  const marks = whiteouts.map((path) => join(dirname(path), `.wh.${basename(path)}`))
  await mkdir(markers, { recursive: true })
  for (const mark of marks) {
    await mkdir(join(markers, dirname(mark)), { recursive: true })
    await writeFile(join(markers, mark), "", { mode: 0o644 })
  }
  const lists = { entries: join(workspace, "entries"), marks: join(workspace, "marks") }
  await writeFile(lists.entries, nullEnded(entries))
  await writeFile(lists.marks, nullEnded(marks))
  await runOk(
    archiveArgv(archive, { directory, list: lists.entries }, { directory: markers, list: lists.marks }),
    failure,
    {
      env: { ...process.env, LC_ALL: "C", TZ: "UTC" },
    },
  )
  await Promise.all([markers, lists.entries, lists.marks].map((path) => rm(path, { recursive: true, force: true })))
  return { digest: await hashFile(archive), archive, directory }
}

const archiveArgv = (archive: string, content: Listed, markers: Listed): readonly string[] => [
  "tar",
  "--create",
  `--file=${archive}`,
  ...archiveOptions,
  `--mtime=@${epoch}`,
  "--clamp-mtime",
  ...listArgv(content),
  ...listArgv(markers),
]

interface Listed {
  readonly directory: string
  readonly list: string
}

const listArgv = ({ directory, list }: Listed): readonly string[] => [
  `--directory=${directory}`,
  `--files-from=${list}`,
]

interface Contents {
  readonly entries: readonly string[]
  readonly whiteouts: readonly string[]
}

/** All paths below, parents first, in an order that does not depend on the file system. */
const contents = async (root: string, path: string, settle: Settle): Promise<Contents> => {
  const names = (await readdir(join(root, path))).sort()
  if (path === "") await settle(root, await stat(root))
  const found = await Promise.all(
    names.map(async (name): Promise<Contents> => {
      const here = path === "" ? name : `${path}/${name}`
      const stats = await lookAt(join(root, here))
      if (stats === undefined) throw new FireclayError("FC_BAKE_FAILED", `a file's name is not UTF-8: ${here}`)
      await settle(join(root, here), stats)
      if (isWhiteout(stats)) return { entries: [], whiteouts: [here] }
      if (!stats.isDirectory()) return { entries: stats.isSocket() ? [] : [here], whiteouts: [] }
      const below = await contents(root, here, settle)
      return { entries: [here, ...below.entries], whiteouts: below.whiteouts }
    }),
  )
  return { entries: found.flatMap((part) => part.entries), whiteouts: found.flatMap((part) => part.whiteouts) }
}

const nullEnded = (paths: readonly string[]): string => paths.map((path) => `${path}\0`).join("")

const failure = (message: string, details: readonly string[]): FireclayError =>
  new FireclayError("FC_BAKE_FAILED", `the layer could not be written: ${message}`, { details })
