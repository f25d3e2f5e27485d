import { chmod, chown, lstat, mkdir, readdir, readlink, rm, writeFile } from "node:fs/promises"
import { dirname, join } from "node:path"
import { FireclayError } from "../../contract/index.ts"
import { lookAt } from "../../system/files.ts"
import { run, runOk } from "../../system/process.ts"

export { exists, lookAt, namesIn, readText, writeAtomic } from "../../system/files.ts"

/** A directory that only its owner can enter: what lies in it may be a machine's own files, with programs that become root. */
export const makePrivate = async (path: string): Promise<void> => {
  await mkdir(path, { recursive: true, mode: 0o700 })
  await chmod(path, 0o700)
}

/** Removes a tree without crossing into anything that is mounted in it. */
export const removeTree = async (path: string): Promise<void> => {
  for (let attempt = 1; ; attempt++) {
    const { exitCode, stderr } = await run(removeArgv(path))
    if (exitCode === 0) return
    if (attempt < 5) await new Promise((resolve) => setTimeout(resolve, 20))
    else throw new FireclayError("FC_STORE", `${path} could not be removed`, { details: [stderr.toString().trim()] })
  }
}

/**
 * The path on this machine of a path inside a root. Links are followed as they would be inside, so that none leads out.
 */
export const pathInRoot = async (root: string, path: string): Promise<string> => {
  const waiting = path.split("/")
  let inside: readonly string[] = []
  for (let links = 0; waiting.length > 0; ) {
    const name = waiting.shift() ?? ""
    if (name === "" || name === ".") continue
    if (name === "..") {
      inside = inside.slice(0, -1)
      continue
    }
    const here = join(root, ...inside, name)
    if (!(await lookAt(here))?.isSymbolicLink()) {
      inside = [...inside, name]
      continue
    }
    if (++links > 40) throw new FireclayError("FC_SPEC_PATH", `${path} leads round in circles`, { at: root })
    const target = await readlink(here)
    if (target.startsWith("/")) inside = []
    waiting.unshift(...target.split("/"))
  }
  return join(root, ...inside)
}

/** A directory in a root that is mounted here, made where it is missing. */
export const directoryInRoot = async (root: string, path: string): Promise<string> => {
  const directory = await pathInRoot(root, path)
  await mkdir(directory, { recursive: true })
  return directory
}

/** Writes a file into a root that is mounted here, in place of whatever has that name. */
export const writeInRoot = async (root: string, path: string, text: string, mode = 0o644): Promise<void> => {
  const directory = await pathInRoot(root, dirname(path))
  const target = join(directory, path.slice(path.lastIndexOf("/") + 1))
  await mkdir(directory, { recursive: true })
  await rm(target, { force: true, recursive: true })
  await writeFile(target, text, { mode, flag: "wx" })
  await chmod(target, mode)
}

/** Copies a directory with its owners, modes and times; the target must not exist. */
export const copyTree = async (source: string, target: string): Promise<void> => {
  await runOk(
    copyArgv(source, target),
    (message, details) => new FireclayError("FC_INSTANCE_START", message, { details }),
  )
}

/** Copies a directory's directories only. */
export const copySkeleton = async (source: string, target: string): Promise<void> => {
  const { mode, uid, gid } = await lstat(source)
  await mkdir(target)
  await chown(target, uid, gid)
  await chmod(target, mode & 0o7777)
  const entries = await readdir(source, { withFileTypes: true })
  for (const entry of entries)
    if (entry.isDirectory()) await copySkeleton(join(source, entry.name), join(target, entry.name))
}

const removeArgv = (path: string): readonly string[] => ["rm", "-rf", "--one-file-system", "--", path]
const copyArgv = (source: string, target: string): readonly string[] => ["cp", "-aT", "--", source, target]
