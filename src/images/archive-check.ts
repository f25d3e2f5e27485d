import { FireclayError } from "../contract/index.ts"
import type { TarHeader } from "./tar-reader.ts"

/** The symbolic links that a root has so far: whatever is written below one lands where it points to. */
export type Links = Set<string>

/** What a layer takes away from those below it. Paths without a slash at their start; names are bytes. */
export interface Whiteouts {
  readonly gone: readonly string[]
  /** Directories of which nothing of before stays. */
  readonly opaque: readonly string[]
}

/**
 * Holds an archive against what may be unpacked over a root with these links: nothing that leads out of the root, by its
 * name, by a hard link or through a symbolic link; and no devices but in `/dev`, where they are left out. Answers what it
 * takes away, and keeps the links as they will be.
 *
 * @throws FireclayError FC_IMAGE_UNSAFE
 */
export const checkArchive = (links: Links, headers: readonly TarHeader[], at: string): Whiteouts => {
  const whiteouts = { gone: [] as string[], opaque: [] as string[] }
  for (const { name } of headers) {
    const path = insideOf(name, at)
    const last = nameOf(path)
    if (!last.startsWith(whiteoutPrefix)) continue
    // They act on what is there before anything else of the layer is.
    checkParents(links, path, at)
    const directory = directoryOf(path)
    const hidden = last.slice(whiteoutPrefix.length)
    if (last === opaqueMark) whiteouts.opaque.push(directory)
    else if (hidden === "" || hidden === "." || hidden === "..")
      throw unsafe(`${shown(path)} takes away what it is in`, at)
    else whiteouts.gone.push(directory === "" ? hidden : `${directory}/${hidden}`)
  }
  forgetLinks(links, whiteouts)
  for (const header of headers) checkEntry(links, header, at)
  return whiteouts
}

/** Names that start so are marks of a layer, never files. */
export const whiteoutPrefix = ".wh."
const opaqueMark = ".wh..wh..opq"

const checkEntry = (links: Links, { name, type, target }: TarHeader, at: string): void => {
  const path = insideOf(name, at)
  if (nameOf(path).startsWith(whiteoutPrefix)) return
  checkParents(links, path, at)
  const linked = type === "link" ? insideOf(target, at, `the hard link ${shown(path)} leads to `) : undefined
  if (linked !== undefined) checkParents(links, linked, at)
  if (type === "device" && !path.startsWith("dev/")) throw unsafe(`${shown(path)} is a device`, at)
  if (type === "symlink" || (linked !== undefined && links.has(linked))) links.add(path)
  else links.delete(path)
}

const checkParents = (links: Links, path: string, at: string): void => {
  for (let slash = path.indexOf("/"); slash > 0; slash = path.indexOf("/", slash + 1)) {
    const parent = path.slice(0, slash)
    if (links.has(parent)) throw unsafe(`${shown(path)} lies below ${shown(parent)}, which is a symbolic link`, at)
  }
}

const forgetLinks = (links: Links, { gone, opaque }: Whiteouts): void => {
  const below = (link: string, directory: string): boolean => directory === "" || link.startsWith(`${directory}/`)
  for (const link of [...links])
    if (gone.some((path) => link === path || below(link, path)) || opaque.some((path) => below(link, path)))
      links.delete(link)
}

/** The name without `./` and slashes at its end; empty for the root itself. */
const insideOf = (name: string, at: string, says = ""): string => {
  if (name.startsWith("/")) throw unsafe(`${says}${shown(name)}, an absolute path`, at)
  const parts = name.split("/").filter((part) => part !== "" && part !== ".")
  if (parts.includes("..")) throw unsafe(`${says}${shown(name)}, which goes upwards`, at)
  return parts.join("/")
}

const nameOf = (path: string): string => path.slice(path.lastIndexOf("/") + 1)
const directoryOf = (path: string): string => path.slice(0, Math.max(0, path.lastIndexOf("/")))

/** Whoever made the archive chose the name. */
const shown = (name: string): string => JSON.stringify(Buffer.from(name.slice(0, 200), "latin1").toString())

const unsafe = (what: string, at: string): FireclayError =>
  new FireclayError("FC_IMAGE_UNSAFE", `an archive is not unpacked: ${what}`, {
    at,
    remedy: "use an image or an archive from somebody whom you trust",
  })
