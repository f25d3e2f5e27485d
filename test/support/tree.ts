import { createHash } from "node:crypto"
import { chmod, chown, lstat, lutimes, mkdir, readdir, readFile, readlink, symlink, writeFile } from "node:fs/promises"
import { join } from "node:path"

/** A path and what should stand there: text is a file's content, `->` and a path a link, nothing a directory. */
export type Tree = { readonly [path: string]: string | { readonly mode: number; readonly content?: string } | null }

/** An owner that is not the one who runs the tests, where they may give files away. */
const stranger = process.getuid?.() === 0 ? 1 : (process.getuid?.() ?? 0)

/** Makes a tree below a directory, with odd modes and owners and with times of long ago. */
export const plant = async (root: string, tree: Tree): Promise<void> => {
  const paths = Object.keys(tree)
  for (const path of paths) {
    const what = tree[path]
    const place = join(root, path)
    if (typeof what === "string" && what.startsWith("-> ")) await symlink(what.slice(3), place)
    else if (typeof what === "string") await writeFile(place, what)
    else if (what?.content !== undefined) await writeFile(place, what.content)
    else await mkdir(place)
    if (typeof what === "object" && what !== null) {
      await chown(place, stranger, stranger)
      await chmod(place, what.mode)
    }
  }
  for (const [index, path] of [...paths.toReversed(), "."].entries())
    await lutimes(join(root, path), 1_000_000_000 + index, 1_000_000_000 + index * 1_000 + 0.123456)
}

/** Each path below a directory, the directory included: kind and mode, owner, group, time to the nanosecond, content. */
export const listTree = async (
  root: string,
  options: { readonly times: boolean } = { times: true },
): Promise<readonly string[]> => {
  const names = (await readdirAll(root)).toSorted()
  return Promise.all(["", ...names].map((name) => describe(root, name, options.times)))
}

const readdirAll = async (root: string, below = ""): Promise<readonly string[]> => {
  const entries = await readdir(join(root, below), { withFileTypes: true })
  const nested = await Promise.all(
    entries.map(async (entry): Promise<readonly string[]> => {
      const name = join(below, entry.name)
      return entry.isDirectory() ? [name, ...(await readdirAll(root, name))] : [name]
    }),
  )
  return nested.flat()
}

const describe = async (root: string, name: string, times: boolean): Promise<string> => {
  const place = join(root, name)
  const { mode, uid, gid, mtimeNs } = await lstat(place, { bigint: true })
  const kind = Number(mode) & 0o170_000
  const content =
    kind === 0o100_000
      ? createHash("sha256")
          .update(await readFile(place))
          .digest("hex")
          .slice(0, 16)
      : kind === 0o120_000
        ? `-> ${await readlink(place)}`
        : "directory"
  return [name || ".", mode.toString(8), uid, gid, ...(times ? [mtimeNs] : []), content].join(" ")
}
