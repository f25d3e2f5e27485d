import type { Stats } from "node:fs"
import { chmod, chown, link, lutimes, mkdir, readdir, rename, rm, rmdir } from "node:fs/promises"
import { join } from "node:path"
import { FireclayError } from "../../contract/index.ts"
import { runOk } from "../../system/process.ts"
import { epoch } from "./base.ts"
import { lookAt } from "./files.ts"
import { sameEntries } from "./same.ts"
import { fateOf } from "./varying.ts"

/** The three views of a scratch machine's tree. */
export interface Views {
  /** What changed, as overlayfs keeps it. */
  readonly upper: string
  /** What was there before. */
  readonly lower: string
  /** What the machine saw. */
  readonly merged: string
}

/** What has to happen to an upper directory so that equal work leaves equal trees. Paths without a leading slash. */
export interface UpperPlan {
  readonly removals: readonly string[]
  /** Directories that hide all that is below them, and which names that are. */
  readonly opaque: readonly { readonly path: string; readonly hidden: readonly string[] }[]
  /** What may have been copied up without having changed. Parents come after their children. */
  readonly perhapsSame: readonly string[]
}

/** Overlayfs marks what was deleted by a device that cannot be. */
export const isWhiteout = (stats: Stats): boolean => stats.isCharacterDevice() && stats.rdev === 0

/** Looks only; needs the overlay still mounted. */
export const planUpper = (views: Views): Promise<UpperPlan> => planDirectory(views, "", true)

/** Which of those that may not have changed have not. Looks only. */
export const unchangedOf = ({ upper, lower }: Views, { perhapsSame }: UpperPlan): Promise<ReadonlySet<string>> =>
  sameEntries(upper, lower, perhapsSame)

/** Acts on the upper directory; the overlay must no longer be mounted. */
export const normaliseUpper = async (upper: string, plan: UpperPlan, unchanged: ReadonlySet<string>): Promise<void> => {
  await Promise.all(plan.removals.map((path) => rm(join(upper, path), { recursive: true, force: true })))
  for (const { path, hidden } of plan.opaque)
    await makeTransparent(
      join(upper, path),
      hidden.filter((name) => fateOf(join(path, name)) === "keep"),
    )
  for (const path of plan.perhapsSame) if (unchanged.has(path)) await removeIfEmpty(join(upper, path))
}

/** Gives a path the one time that there is, unless it has an earlier one. A directory's tells the order of work, never its content. */
export const clampTime = async (path: string, stats: Stats): Promise<void> => {
  if (stats.isDirectory() || stats.mtimeMs > epoch * 1000) await lutimes(path, epoch, epoch)
}

const planDirectory = async (views: Views, path: string, overLower: boolean): Promise<UpperPlan> => {
  const [names, lowerNames, mergedNames] = await Promise.all([
    readdir(join(views.upper, path)),
    overLower ? readdir(join(views.lower, path)) : [],
    overLower ? readdir(join(views.merged, path)) : [],
  ])
  const plans = await Promise.all(names.sort().map((name) => planEntry(views, join(path, name), overLower)))
  const visible = new Set([...mergedNames, ...names])
  const hidden = lowerNames.filter((name) => !visible.has(name)).sort()
  const own: UpperPlan = { ...nothing, opaque: hidden.length > 0 ? [{ path, hidden }] : [] }
  return joined([...plans, own])
}

const planEntry = async (views: Views, path: string, overLower: boolean): Promise<UpperPlan> => {
  const fate = fateOf(path)
  if (fate === "drop") return { ...nothing, removals: [path] }
  const stats = await lookAt(join(views.upper, path))
  if (stats === undefined) throw new FireclayError("FC_BAKE_FAILED", `a file's name is not UTF-8: ${path}`)
  const before = overLower ? await lookAt(join(views.lower, path)) : undefined
  if (isWhiteout(stats)) return before === undefined || fate === "skeleton" ? { ...nothing, removals: [path] } : nothing
  if (stats.isDirectory()) {
    const below = await planDirectory(views, path, before?.isDirectory() ?? false)
    return before !== undefined && looksSame(stats, before)
      ? joined([below, { ...nothing, perhapsSame: [path] }])
      : below
  }
  if (fate === "skeleton") return { ...nothing, removals: [path] }
  return before !== undefined && looksSame(stats, before) ? { ...nothing, perhapsSame: [path] } : nothing
}

const nothing: UpperPlan = { removals: [], opaque: [], perhapsSame: [] }

const joined = (plans: readonly UpperPlan[]): UpperPlan => ({
  removals: plans.flatMap((plan) => plan.removals),
  opaque: plans.flatMap((plan) => plan.opaque),
  perhapsSame: plans.flatMap((plan) => plan.perhapsSame),
})

/** Cheap to tell; the times do not count. Hard links stay together, so they are never taken for unchanged. */
const looksSame = (now: Stats, before: Stats): boolean =>
  now.mode === before.mode &&
  now.uid === before.uid &&
  now.gid === before.gid &&
  (now.isDirectory() || (now.nlink === 1 && now.size === before.size)) &&
  (now.isDirectory() || now.isFile() || now.isSymbolicLink())

/**
 * Replaces a directory that hides everything below it by one that names what it hides: there are then two ways less
 * to say the same, and no attribute that archives would have to carry.
 */
const makeTransparent = async (directory: string, hidden: readonly string[]): Promise<void> => {
  const stats = await lookAt(directory)
  if (stats === undefined) return
  const fresh = `${directory}.fireclay-new`
  await mkdir(fresh)
  for (const name of await readdir(directory)) await rename(join(directory, name), join(fresh, name))
  const [first, ...others] = hidden.map((name) => join(fresh, name))
  if (first !== undefined) await runOk(whiteoutArgv(first), failure)
  for (const other of others) await link(first ?? "", other)
  await chown(fresh, stats.uid, stats.gid)
  await chmod(fresh, stats.mode & 0o7777)
  await rmdir(directory)
  await rename(fresh, directory)
}

const removeIfEmpty = async (path: string): Promise<void> => {
  if (!(await lookAt(path))?.isDirectory()) return rm(path)
  await rmdir(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== "ENOTEMPTY") throw error
  })
}

const whiteoutArgv = (path: string): readonly string[] => ["mknod", "-m", "0", path, "c", "0", "0"]

const failure = (message: string, details: readonly string[]): FireclayError =>
  new FireclayError("FC_BAKE_FAILED", `what changed could not be normalised: ${message}`, { details })
