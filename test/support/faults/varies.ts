/** A path that differs from one run to the next for reasons of its own, and why. `/**` stands for all that is below. */
export interface Varying {
  readonly path: string
  readonly why: string
}

/**
 * What is not compared. Each entry needs a reason that lies in the nature of the path; what undo merely fails to
 * restore has no place here. docs/reference/undo.md shows the same list, and a test holds the two together.
 */
export const varying: readonly Varying[] = [
  { path: "/var/lib/fireclay/**", why: "Fireclay's own account of what it did" },
  { path: "/var/log/**", why: "logs tell what happened, also what was undone" },
  { path: "/var/cache/**", why: "caches: apt's of packages and their index, debconf's, ldconfig's" },
  { path: "/tmp/**", why: "temporary by definition" },
  { path: "/var/tmp/**", why: "temporary by definition" },
  {
    path: "/var/lib/dpkg/status",
    why: "compared as packages with version, state, hold and conffiles: the order is dpkg's own",
  },
  { path: "/var/lib/dpkg/status-old", why: "dpkg's copy of the last but one" },
  { path: "/var/lib/dpkg/available", why: "written anew at will" },
  { path: "/var/lib/apt/extended_states", why: "compared as the set of automatically installed packages" },
  { path: "/var/lib/systemd/random-seed", why: "random" },
  { path: "/var/lib/systemd/timers/**", why: "when a timer last ran" },
  { path: "/etc/.pwd.lock", why: "an empty lock that the first change of an account leaves" },
]

/** As a test of a path with its leading slash. */
export const varies = (path: string): boolean => exact.has(path) || below.some((prefix) => path.startsWith(prefix))

const exact = new Set(varying.map(({ path }) => path).filter((path) => !path.endsWith("/**")))
const below = varying.flatMap(({ path }) => (path.endsWith("/**") ? [path.slice(0, -2)] : []))
