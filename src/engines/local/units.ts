import type { Dirent, PathLike } from "node:fs"
import { readdir } from "node:fs/promises"
import { join } from "node:path"
import { stackOnImage } from "./image-store.ts"
import { layersDirectory, type Place } from "./place.ts"

/**
 * What systemd would start on an instance of an image besides what every Debian has: units that something in it enabled,
 * and sessions of users that begin at boot. Read from its layers, so that nothing has to be mounted.
 */
export const enabledUnits = async (at: Place, image: string): Promise<readonly string[]> => {
  const { lowers } = await stackOnImage(at, image)
  const layers = await Promise.all(lowers.map((name) => linksOf(join(layersDirectory(at), name))))
  const removed = new Set<string>()
  const units = new Set<string>()
  // The topmost first: what it removed is not there, whoever made it below.
  for (const links of layers)
    for (const { path, unit, whiteout } of links)
      if (whiteout) removed.add(path)
      else if (!removed.has(path) && !everywhere.test(unit)) units.add(unit)
  return [...units].sort()
}

interface EnablingLink {
  readonly path: string
  readonly unit: string
  /** The layer says that it is gone. */
  readonly whiteout: boolean
}

/** Units and scripts of plain Debian, which no server is made for; the keeper of SSH's door among them. */
const everywhere =
  /^(systemd-.*|getty@.*|console-getty\.service|remote-fs\.target|(e2scrub|apt-daily|fstrim|dpkg-db-backup|man-db).*|(ssh|sshd|dbus|procps|hwclock\.sh|kmod|udev)\.service)$/

const linksOf = async (layer: string): Promise<readonly EnablingLink[]> => {
  const below = async (parent: string, child: RegExp, unitOf: (name: string) => string | undefined) => {
    const directories = (await entriesOf(join(layer, parent))).filter(({ name }) => child.test(name))
    return Promise.all(directories.map(({ name }) => linksIn(layer, join(parent, name), unitOf)))
  }
  const found = await Promise.all([
    below("etc/systemd/system", /\.(wants|requires)$/, (name) => name),
    below("etc", /^rc[2-5]\.d$/, (name) => (/^S\d\d/.test(name) ? `${name.slice(3)}.service` : undefined)),
    below("var/lib/systemd", /^linger$/, (name) => `user@${name}.service`),
  ])
  return found.flat(2)
}

const linksIn = async (
  layer: string,
  directory: string,
  unitOf: (name: string) => string | undefined,
): Promise<readonly EnablingLink[]> =>
  (await entriesOf(join(layer, directory))).flatMap((entry) => {
    const unit = unitOf(entry.name)
    if (unit === undefined) return []
    return [{ path: join(directory, entry.name), unit, whiteout: entry.isCharacterDevice() }]
  })

const entriesOf = async (path: PathLike): Promise<readonly Dirent[]> =>
  readdir(path, { withFileTypes: true }).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT" || error.code === "ENOTDIR") return []
    throw error
  })
