/** Why a path may differ between two machines that are the same otherwise. */
export type VaryingKind =
  /** Each machine has its own. */
  | "machine"
  /** It varies by nature: logs, caches, locks, when something was last done. */
  | "nature"
  /** It follows from other things, which are compared. */
  | "derived"

export interface Varying {
  /** `*` stands for some of a name, `/**` for all that is below. */
  readonly path: string
  readonly kind: VaryingKind
  readonly why: string
  /**
   * What becomes of it when a scratch machine is made into a layer. `drop`: left out, with all below it; what the base
   * has there stays. `skeleton`: directories are kept, files are left out. `keep`: an exception. Absent: kept.
   */
  readonly inImage?: "drop" | "skeleton" | "keep"
}

/**
 * Everything that images leave out and `verify` explains, the exceptions first. Each line needs a reason that lies in the
 * nature of the path; docs/reference/varying.md shows the same list, and a test holds the two together.
 */
export const varyingPaths: readonly Varying[] = [
  { path: "/dev/**", kind: "nature", why: "made by the kernel", inImage: "drop" },
  { path: "/proc/**", kind: "nature", why: "made by the kernel", inImage: "drop" },
  { path: "/run/**", kind: "nature", why: "of one boot", inImage: "drop" },
  { path: "/sys/**", kind: "nature", why: "made by the kernel", inImage: "drop" },
  { path: "/tmp/**", kind: "nature", why: "temporary by definition", inImage: "drop" },
  { path: "/var/tmp/**", kind: "nature", why: "temporary by definition", inImage: "drop" },
  { path: "/var/cache/apt/**", kind: "nature", why: "what apt has fetched", inImage: "drop" },
  { path: "/var/lib/apt/lists/**", kind: "nature", why: "what sources offered at some time", inImage: "drop" },
  { path: "/var/lib/apt/periodic/**", kind: "nature", why: "when apt was last run", inImage: "drop" },
  { path: "/var/lib/apt/daily_lock", kind: "nature", why: "an empty lock", inImage: "drop" },
  { path: "/var/lib/dpkg/updates/**", kind: "nature", why: "dpkg's journal", inImage: "drop" },
  { path: "/var/lib/dpkg/lock", kind: "nature", why: "an empty lock", inImage: "drop" },
  { path: "/var/lib/dpkg/lock-frontend", kind: "nature", why: "an empty lock", inImage: "drop" },
  { path: "/var/lib/dpkg/triggers/Lock", kind: "nature", why: "an empty lock", inImage: "drop" },
  { path: "/var/lib/dpkg/*-old", kind: "nature", why: "dpkg's copy of what was before", inImage: "drop" },
  { path: "/var/lib/fireclay", kind: "machine", why: "Fireclay's own account of what it did", inImage: "drop" },
  { path: "/var/lib/fireclay/**", kind: "machine", why: "Fireclay's own account of what it did", inImage: "drop" },
  { path: "/var/lib/logrotate/status", kind: "nature", why: "when logs were last rotated", inImage: "drop" },
  { path: "/var/lib/systemd/random-seed", kind: "machine", why: "random", inImage: "drop" },
  { path: "/var/lib/systemd/timers/**", kind: "nature", why: "when a timer last ran", inImage: "drop" },
  {
    path: "/**/__pycache__/**",
    kind: "derived",
    why: "compiled from the source beside it: what an image holds is checked by content, because times in it say nothing",
  },
  { path: "/var/lib/mysql/**", kind: "nature", why: "a database's own files: keep them on a volume" },
  { path: "/var/lib/postgresql/*/*/**", kind: "nature", why: "a database's own files: keep them on a volume" },
  {
    path: "/var/spool/postfix/**",
    kind: "nature",
    why: "mail on its way, and what its service puts there at each start",
  },
  { path: "/var/lib/postfix/master.lock", kind: "nature", why: "a lock of the service that runs" },
  { path: "/var/lib/systemd/timers", kind: "nature", why: "a directory that systemd makes when it first starts" },
  { path: "/var/lib/systemd/linger", kind: "nature", why: "a directory that systemd makes when it first starts" },
  { path: "/var/lib/dbus/machine-id", kind: "machine", why: "the machine's identity", inImage: "drop" },
  { path: "/etc/machine-id", kind: "machine", why: "the machine's identity, made at its first boot", inImage: "drop" },
  { path: "/etc/resolv.conf", kind: "machine", why: "the resolver of the network that it is in", inImage: "drop" },
  { path: "/etc/ssh/ssh_host_*", kind: "machine", why: "the machine's keys", inImage: "drop" },
  { path: "/etc/hostname", kind: "machine", why: "the machine's name" },
  { path: "/etc/hosts", kind: "machine", why: "the machine's name and address" },
  { path: "/etc/mailname", kind: "machine", why: "the machine's name, for mail" },
  { path: "/etc/ssl/certs/ssl-cert-snakeoil.pem", kind: "machine", why: "a key that the package makes for itself" },
  { path: "/etc/ssl/private/ssl-cert-snakeoil.key", kind: "machine", why: "a key that the package makes for itself" },
  {
    path: "/etc/ssl/certs/*.0",
    kind: "derived",
    why: "a link whose name follows from the certificate that it leads to",
  },
  { path: "/etc/bind/rndc.key", kind: "machine", why: "a key that the package makes for itself" },
  { path: "/etc/ssl/certs/java/cacerts", kind: "derived", why: "the certificates, and when they were put together" },
  { path: "/etc/alternatives/php-fpm.sock", kind: "nature", why: "its service makes it when it first starts" },
  { path: "/var/lib/dpkg/alternatives/php-fpm.sock", kind: "nature", why: "its service makes it when it first starts" },
  { path: "/etc/aliases.db", kind: "derived", why: "compiled from /etc/aliases" },
  { path: "/etc/.updated", kind: "nature", why: "when systemd last found another /usr", inImage: "drop" },
  { path: "/var/.updated", kind: "nature", why: "when systemd last found another /usr", inImage: "drop" },
  { path: "/etc/.pwd.lock", kind: "nature", why: "an empty lock that a change of an account leaves", inImage: "drop" },
  { path: "/etc/passwd-", kind: "nature", why: "the accounts before the last change", inImage: "drop" },
  { path: "/etc/group-", kind: "nature", why: "the accounts before the last change", inImage: "drop" },
  { path: "/etc/shadow-", kind: "nature", why: "the accounts before the last change", inImage: "drop" },
  { path: "/etc/gshadow-", kind: "nature", why: "the accounts before the last change", inImage: "drop" },
  { path: "/etc/subuid-", kind: "nature", why: "the accounts before the last change", inImage: "drop" },
  { path: "/etc/subgid-", kind: "nature", why: "the accounts before the last change", inImage: "drop" },
  { path: "/root/.bash_history", kind: "nature", why: "what somebody typed", inImage: "drop" },
  { path: "/root/.lesshst", kind: "nature", why: "what somebody searched for", inImage: "drop" },
  { path: "/root/.wget-hsts", kind: "nature", why: "where somebody fetched from", inImage: "drop" },
  {
    path: "/usr/sbin/policy-rc.d",
    kind: "nature",
    why: "keeps services from starting while an image is baked",
    inImage: "drop",
  },
  { path: "/var/cache/debconf", kind: "derived", why: "answers to packages' questions", inImage: "keep" },
  { path: "/var/cache/debconf/config.dat", kind: "derived", why: "answers to packages' questions", inImage: "keep" },
  { path: "/var/cache/debconf/passwords.dat", kind: "derived", why: "answers to packages' questions", inImage: "keep" },
  { path: "/var/cache/debconf/templates.dat", kind: "derived", why: "packages' questions", inImage: "keep" },
  { path: "/var/cache/**", kind: "nature", why: "caches", inImage: "skeleton" },
  { path: "/var/log/**", kind: "nature", why: "logs tell what happened", inImage: "skeleton" },
]

/** The line for an absolute path; `undefined`: it does not vary. */
export const varyingPath = (path: string): Varying | undefined =>
  patterns.find(({ pattern }) => pattern.test(path))?.line

/** A path of which `*` stands for some of a name and `/**` for all that is below, as an extended regular expression. */
export const pathPattern = (path: string): string =>
  `^${path
    .replaceAll(/[.+^$()|[\]\\{}?]/g, "\\$&")
    .replaceAll(/\*\*|\*/g, (stars) => (stars === "**" ? ".+" : "[^/]*"))}$`

const patterns = varyingPaths.map((line) => ({ line, pattern: new RegExp(pathPattern(line.path), "s") }))
