import { readFile, realpath, rm, stat } from "node:fs/promises"
import { FireclayError } from "../../contract/index.ts"
import { run, runOk } from "../../system/process.ts"

export interface Overlay {
  /** Directory that the lowers' names are relative to. */
  readonly directory: string
  /** Topmost first. */
  readonly lowers: readonly string[]
  /** Absent: read-only, and there must be two lowers at least. */
  readonly upper?: string
  readonly work?: string
  readonly target: string
  /** What is written to it need not survive a power cut: unmounting then does not wait for the disk. */
  readonly volatile?: boolean
}

/** Mounts an overlay. Lowers have short relative names, because all options must fit into one page of memory. */
export const mountOverlay = async (overlay: Overlay): Promise<void> => {
  await runOk(
    mountArgv(overlay),
    (message, details) => new FireclayError("FC_INSTANCE_START", message, { at: overlay.target, details }),
    // The newer mount interface takes no more than 256 characters of lowers.
    { cwd: overlay.directory, env: { ...process.env, LIBMOUNT_FORCE_MOUNT2: "always" } },
  )
}

/** Unmounts; what stays busy is detached, so that its last user lets go of it. Not mounted: no error, and no process. */
export const unmount = async (...targets: readonly string[]): Promise<void> => {
  const mounted = await mountedOf(targets)
  if (mounted.length === 0) return
  const locks = await Promise.all(mounted.map(nspawnLock))
  await unmountPatiently(mounted)
  await Promise.all(locks.map((lock) => lock !== undefined && rm(lock, { force: true })))
}

/** systemd-nspawn keeps a lock file for each root that it ran, and a killed one leaves it. */
const nspawnLock = async (root: string): Promise<string | undefined> => {
  const found = await stat(root).catch(() => undefined)
  return found === undefined ? undefined : `/run/systemd/nspawn/locks/inode-${found.dev}:${found.ino}`
}

const unmountPatiently = async (targets: readonly string[]): Promise<void> => {
  let left = targets
  for (let attempt = 0; attempt < 10; attempt++) {
    if ((await run(unmountArgv(left))).exitCode === 0) return
    left = await mountedOf(left)
    if (left.length === 0) return
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  await run(detachArgv(left))
}

/** Asked by the names that the kernel has for them, which are without links. */
const mountedOf = async (targets: readonly string[]): Promise<readonly string[]> => {
  const points = new Set(await mountPoints())
  const real = await Promise.all(targets.map((target) => realpath(target).catch(() => target)))
  return targets.filter((_, index) => points.has(real[index] ?? ""))
}

/** Mount points at a directory and below it, deepest first. */
export const mountsUnder = async (directory: string): Promise<readonly string[]> =>
  (await mountPoints()).filter((point) => point === directory || point.startsWith(`${directory}/`)).reverse()

/** In the order in which they were mounted. */
const mountPoints = async (): Promise<readonly string[]> =>
  (await readFile("/proc/self/mountinfo", "utf8")).split("\n").map((line) => plainPath(line.split(" ")[4] ?? ""))

// Off: what would make a layer depend on the lowers it was made over, or on this file system.
const plain = "redirect_dir=off,index=off,metacopy=off,xino=off"

const mountArgv = ({ lowers, upper, work, target, volatile }: Overlay): readonly string[] => {
  const upperOptions = upper === undefined ? "" : `,upperdir=${upper},workdir=${work}`
  return [
    "mount",
    "-t",
    "overlay",
    "overlay",
    "-o",
    `lowerdir=${lowers.join(":")}${upperOptions},${plain}${volatile === true ? ",volatile" : ""}`,
    target,
  ]
}
const unmountArgv = (targets: readonly string[]): readonly string[] => ["umount", "--", ...targets]
const detachArgv = (targets: readonly string[]): readonly string[] => ["umount", "--lazy", "--", ...targets]

const plainPath = (path: string): string =>
  path.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)))
