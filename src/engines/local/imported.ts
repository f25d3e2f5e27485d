import { mkdir, rename, rm, truncate } from "node:fs/promises"
import { join, resolve } from "node:path"
import type { ImageBase, Progress, RootfsBase } from "../../contract/index.ts"
import { FireclayError } from "../../contract/index.ts"
import { hashFile, pullLayers, unpackLayers, wrongDigest } from "../../images/index.ts"
import { exists, namesIn, pathInRoot } from "./files.ts"
import { writeLayer } from "./layer.ts"
import type { Place } from "./place.ts"

/** A base that somebody else made, by what it is in a release. */
export type ImportedBase = ImageBase | RootfsBase

/** Fetches and unpacks it, and writes it as one archive without times that say when. */
export const importBase = async (
  at: Place,
  base: ImportedBase,
  archive: string,
  temporary: string,
  progress: Progress,
): Promise<void> => {
  const root = join(temporary, "imported")
  const layers = join(temporary, "layers")
  await Promise.all([root, layers].map((path) => mkdir(path)))
  if ("image" in base)
    await unpackLayers(await pullLayers(base.image, pinned(base.digest), layers, progress), root, temporary)
  else await unpackLayers([await checkedArchive(at, base)], root, temporary)
  await forgetMachine(root, base)
  const layer = await writeLayer(root, temporary)
  await rename(layer.archive, archive)
  await Promise.all([root, layers].map((path) => rm(path, { recursive: true })))
}

const checkedArchive = async (at: Place, { rootfs, sha256 }: RootfsBase) => {
  const path = resolve(at.directory, rootfs)
  const place = `rootfs(${JSON.stringify(rootfs)})`
  if (!(await exists(path)))
    throw new FireclayError("FC_SPEC_SOURCE", `the archive ${rootfs} is not there`, {
      at: place,
      remedy: `paths are relative to ${at.directory}`,
    })
  const found = await hashFile(path)
  if (found !== `sha256:${sha256}`) throw wrongDigest(place, `sha256:${sha256}`, found)
  return { path, at: place }
}

/** What belongs to one machine: its keys, its name, its resolver and its id. */
const forgetMachine = async (root: string, base: ImportedBase): Promise<void> => {
  const etc = await pathInRoot(root, "/etc")
  if (!(await exists(join(root, "usr"))) && !(await exists(join(root, "bin"))))
    throw new FireclayError("FC_IMAGE_UNFIT", "nothing can be built on that: it is no root of a system", {
      at: "image" in base ? base.image : base.rootfs,
      remedy: "it needs at least a shell",
    })
  await mkdir(etc, { recursive: true })
  const ssh = await pathInRoot(root, "/etc/ssh")
  const keys = (await namesIn(ssh)).filter((name) => /^ssh_host_.*_key(\.pub)?$/.test(name))
  for (const path of [join(etc, "resolv.conf"), join(etc, "hostname"), ...keys.map((name) => join(ssh, name))])
    await rm(path, { force: true })
  const id = await pathInRoot(root, "/etc/machine-id")
  if (await exists(id)) await truncate(id)
}

const pinned = (digest: string | undefined): string => {
  if (digest === undefined) throw new TypeError("a base has to be pinned before it is made")
  return digest
}
