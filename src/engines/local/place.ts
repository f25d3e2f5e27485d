import { createHash } from "node:crypto"
import { basename, join, resolve } from "node:path"

/** Where a project's machines live, and the name that everything made for it begins with. */
export interface Place {
  readonly project: string
  /** Directory of the configuration. */
  readonly directory: string
  /** Directory of everything but the base cache. */
  readonly home: string
  /** Directory of the base cache, shared by all projects. */
  readonly cache: string
  /**
   * Name of the bridge, and prefix of every link, network namespace, control group and nspawn machine.
   * Ten characters: a link's name has room for fifteen.
   */
  readonly bridge: string
}

export interface LocalOptions {
  readonly project: string
  /** Directory of the configuration: two checkouts of one project do not share machines. */
  readonly projectDirectory: string
  /** Default: a directory of the project's own under `/var/lib/fireclay-local`. */
  readonly home?: string
  /** Default: `FIRECLAY_CACHE`, or `/var/cache/fireclay`. */
  readonly cache?: string
}

export const place = (options: LocalOptions): Place => {
  const own = `${options.project}-${hash(resolve(options.projectDirectory)).slice(0, 8)}`
  const home = resolve(options.home ?? join("/var/lib/fireclay-local", own))
  const cache = resolve(options.cache ?? process.env.FIRECLAY_CACHE ?? "/var/cache/fireclay")
  return {
    project: options.project,
    directory: resolve(options.projectDirectory),
    home,
    cache,
    bridge: `fc${hash(home).slice(0, 8)}`,
  }
}

/** Lower-case hexadecimal sha256. */
export const hash = (text: string | Uint8Array): string => createHash("sha256").update(text).digest("hex")

/** An instance's name on this machine: of its namespace, control group and nspawn machine. */
export const instanceId = (at: Place, name: string): string => `${at.bridge}-${name}`

/** The same for a scratch machine. The dot keeps it apart from any instance's. */
export const scratchId = (at: Place, name: string): string => `${at.bridge}.${name}`

/** True for what {@link instanceId} and {@link scratchId} answer for this project. */
export const isOurs = (at: Place, id: string): boolean =>
  id.startsWith(`${at.bridge}-`) || id.startsWith(`${at.bridge}.`)

export const instancesDirectory = (at: Place): string => join(at.home, "instances")
export const instanceDirectory = (at: Place, name: string): string => join(instancesDirectory(at), name)
export const scratchesDirectory = (at: Place): string => join(at.home, "scratch")
export const scratchDirectory = (at: Place, name: string): string => join(scratchesDirectory(at), name)
export const volumesDirectory = (at: Place): string => join(at.home, "volumes")
export const layersDirectory = (at: Place): string => join(at.home, "layers")
export const imagesDirectory = (at: Place): string => join(at.home, "images")
export const addressesDirectory = (at: Place): string => join(at.home, "addresses")

/** The parts of a machine's own directory. */
export interface Parts {
  readonly directory: string
  readonly record: string
  readonly process: string
  readonly log: string
  readonly upper: string
  readonly work: string
  /** Where the overlay is mounted. */
  readonly root: string
  /** Directories that stay writable on a read-only instance. */
  readonly writable: string
  /** Where what it gets at its start is mounted: in memory, never on the disk. */
  readonly start: string
}

export const parts = (directory: string): Parts => ({
  directory,
  record: join(directory, "instance.json"),
  process: join(directory, "process.json"),
  log: join(directory, "log"),
  upper: join(directory, "upper"),
  work: join(directory, "work"),
  root: join(directory, "root"),
  writable: join(directory, "writable"),
  start: join(directory, "start"),
})

/** An image's or a layer's short name, for directories: overlay options have to fit one page. */
export const shortName = (digest: string): string => basename(digest.replace(/^sha256:/, "")).slice(0, 16)
