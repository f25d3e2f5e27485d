import type { Change, PlanContext, Step, TreeEntry } from "../contract/index.ts"
import { FireclayError } from "../contract/index.ts"

/**
 * Steps that take away everything below a directory that nobody described, deepest first. What a described directory, a
 * volume or a home holds is theirs.
 *
 * @throws FireclayError FC_PURGE: something is not to be removed, or cannot be named
 */
export const purgeSteps = (
  root: string,
  entries: readonly TreeEntry[],
  context: Pick<PlanContext, "described" | "owners" | "gone">,
): readonly (Step & { readonly do: "remove-path"; readonly path: string })[] => {
  const isOwned = (path: string): boolean =>
    [...context.owners].some((owner) => owner.startsWith(`${root}/`) && path.startsWith(`${owner}/`))
  const kept = new Set([...context.described].flatMap((path) => [path, ...above(path)]))
  // A directory that leaves before may hold what nobody described: then it is still there.
  const left = ({ path, kind }: TreeEntry): boolean => kind !== "directory" && context.gone.has(path)
  const stray = entries.filter((entry) => !kept.has(entry.path) && !left(entry) && !isOwned(entry.path))
  for (const { path, elsewhere } of stray) refuse(root, path, elsewhere)
  return stray.toSorted((a, b) => depth(b.path) - depth(a.path)).map(({ path }) => ({ do: "remove-path", path }))
}

export const purgeChanges = (steps: readonly { readonly path: string }[]): readonly Change[] =>
  steps.map(({ path }) => ({ property: "purge", from: path, to: null }))

/**
 * Directories of the system's own: a machine would not outlive losing them.
 *
 * @throws FireclayError FC_SPEC_PURGE
 */
export const refusePurge = (path: string, at: string): void => {
  const isBelow = (inner: string, outer: string): boolean => inner === outer || inner.startsWith(`${outer}/`)
  const systems =
    path === "/" ||
    shared.some((directory) => isBelow(directory, path)) ||
    whole.some((directory) => isBelow(path, directory) || isBelow(directory, path))
  if (!systems) return
  throw new FireclayError("FC_SPEC_PURGE", `${path} belongs to the system, which would not outlive its purge`, {
    at,
    remedy: "purge a directory of one program, such as /etc/nginx/conf.d",
  })
}

/** Many programs keep something in each of these; below them there are directories of one program. */
const shared = [
  ...["etc", "home", "lib", "lib32", "lib64", "media", "mnt", "opt", "root", "srv", "tmp", "usr", "var"].map(
    (name) => `/${name}`,
  ),
  ...["bin", "sbin", "lib", "lib32", "lib64", "libexec", "include", "share", "src", "local"].map(
    (name) => `/usr/${name}`,
  ),
  ...["backups", "cache", "crash", "lib", "local", "lock", "log", "mail", "opt", "run", "spool", "tmp", "www"].map(
    (name) => `/var/${name}`,
  ),
  ...["alternatives", "default", "init.d", "pam.d", "security", "skel", "ssh", "ssl"].map((name) => `/etc/${name}`),
]

/** Nothing in these is anybody's to purge. */
const whole = [
  ...["/boot", "/dev", "/proc", "/run", "/sys", "/usr/bin", "/usr/sbin", "/bin", "/sbin"],
  ...["apt", "dpkg", "fireclay", "rpm", "systemd"].map((name) => `/var/lib/${name}`),
  "/etc/systemd",
]

const above = (path: string): readonly string[] => {
  const parts = path.split("/").slice(1, -1)
  return parts.map((_, index) => `/${parts.slice(0, index + 1).join("/")}`)
}

const depth = (path: string): number => path.split("/").length

const refuse = (root: string, path: string, elsewhere: boolean): void => {
  const problem = elsewhere
    ? `${path} lies on a file system of its own`
    : path.includes("\uFFFD") && `${path} has a name that is not UTF-8`
  if (problem === false) return
  throw new FireclayError("FC_PURGE", `${root} cannot be purged: ${problem}`, {
    at: `directory:${root}`,
    remedy: elsewhere ? "unmount it, or describe it: directory(…) or a volume" : "remove or rename it by hand",
  })
}
