/** What becomes of a path when a scratch machine is made into a layer. */
export type Fate =
  /** Part of the layer. */
  | "keep"
  /** Left out, with all below it. */
  | "drop"
  /** Directories are part of the layer, files are left out: programs expect to find their place, not old content. */
  | "skeleton"

/**
 * The fate of a path, without its leading slash. Left out is what varies by nature, and what belongs to one machine;
 * what the base has in that place stays as the base has it.
 */
export const fateOf = (path: string): Fate => {
  if (dropped.has(path) || patterns.some((pattern) => pattern.test(path))) return "drop"
  if (emptied.some((directory) => path.startsWith(`${directory}/`))) return "drop"
  if (kept.has(path)) return "keep"
  return skeletons.some((directory) => path.startsWith(`${directory}/`)) ? "skeleton" : "keep"
}

/** Directories whose content is left out. */
const emptied = [
  "dev",
  "proc",
  "run",
  "sys",
  "tmp",
  "var/cache/apt",
  "var/lib/apt/lists",
  "var/lib/apt/periodic",
  "var/lib/dpkg/updates",
  "var/lib/fireclay",
  "var/lib/systemd/timers",
  "var/tmp",
] as const

const skeletons = ["var/cache", "var/log"] as const

const kept: ReadonlySet<string> = new Set([
  "var/cache/debconf",
  "var/cache/debconf/config.dat",
  "var/cache/debconf/passwords.dat",
  "var/cache/debconf/templates.dat",
])

const dropped: ReadonlySet<string> = new Set([
  "etc/.pwd.lock",
  "etc/group-",
  "etc/gshadow-",
  "etc/machine-id",
  "etc/passwd-",
  "etc/resolv.conf",
  "etc/shadow-",
  "etc/subgid-",
  "etc/subuid-",
  "root/.bash_history",
  "root/.lesshst",
  "root/.wget-hsts",
  "usr/sbin/policy-rc.d",
  "var/lib/apt/daily_lock",
  "var/lib/dbus/machine-id",
  "var/lib/dpkg/lock",
  "var/lib/dpkg/lock-frontend",
  "var/lib/dpkg/triggers/Lock",
  "var/lib/fireclay",
  "var/lib/logrotate/status",
  "var/lib/systemd/random-seed",
])

const patterns = [/^etc\/ssh\/ssh_host_[^/]*$/, /^var\/lib\/dpkg\/[^/]*-old$/] as const
