import { type VaryingKind, varyingPath } from "../../contract/index.ts"
import type { Manifest } from "../release.ts"
import type { Difference } from "./compare.ts"
import type { Tree } from "./scan.ts"

export type Explanation =
  | VaryingKind
  /** Data of a volume, or of a directory that stays writable. */
  | "data"
  /** It comes into an instance's memory when that starts. */
  | "start"
  /** An earlier release left it, of a machine that is converged. */
  | "past"
  /** Nothing of the release: a server's own system. */
  | "server"
  /** Nobody can say why: one of the two is not what it should be. */
  | "unexplained"

export interface Explained extends Difference {
  readonly kind: Explanation
  readonly why: string
}

export interface Scene {
  readonly one: Tree
  readonly other: Tree
  readonly manifest: Pick<Manifest, "resources" | "volumes" | "scratch">
  /** What the release changes in its base, where the machine has another one. Absent: it has the same. */
  readonly touched?: ReadonlySet<string>
}

/** Says of a difference why it is there. */
export const explain = (difference: Difference, scene: Scene): Explained => {
  const [kind, why] = reasonOf(difference, scene) ?? ["unexplained", ""]
  return { ...difference, kind, why }
}

type Reason = readonly [kind: Explanation, why: string]

const reasonOf = (difference: Difference, scene: Scene): Reason | undefined => {
  const { path, property } = difference
  if (path !== undefined) {
    const known = isEntryOf(difference) ? fieldReason(path, property) : pathReason(path, scene)
    if (known !== undefined) return known
  }
  if (scene.touched !== undefined && !scene.touched.has(difference.what))
    return ["server", "nothing of the release: the server's own system"]
  return undefined
}

/** An entry of a file, not the file. */
const isEntryOf = ({ what, path }: Difference): boolean => what !== path

const fieldReason = (path: string, property: string): Reason | undefined => {
  if (path === "/etc/shadow" && property === "changed") return ["nature", "the day on which a password was last set"]
  const numbers = ["uid", "gid", "first"]
  return numbers.includes(property)
    ? ["derived", "numbers are given in the order of creation; owners are compared by name"]
    : undefined
}

const pathReason = (path: string, scene: Scene): Reason | undefined => {
  const { manifest, one, other } = scene
  const volume = manifest.volumes.find((each) => isWithin(path, each.path))
  if (volume !== undefined) return ["data", `data of the volume ${volume.name}`]
  const scratch = manifest.scratch.find((each) => isWithin(path, each))
  if (scratch !== undefined) return ["data", `${scratch} stays writable`]
  const targets = [one, other].map(({ entries }) => entries.get(path)?.target ?? "")
  if (targets.some((target) => target.startsWith("/run/fireclay/")))
    return ["start", "comes with the start of an instance, into its memory"]
  const varying = varyingPath(path)
  if (varying !== undefined) return [varying.kind, varying.why]
  return isState(path, scene)
    ? ["nature", "an empty place that a service made for its state when it started"]
    : undefined
}

/**
 * An empty directory or file, below a package's own directory in `/var/lib`, on one side only, and nothing that a resource is about: an image has
 * never run, and so nothing in it has made its place yet.
 */
const isState = (path: string, { one, other, manifest }: Scene): boolean => {
  const [mine, theirs] = [one, other].map(({ entries }) => entries.get(path))
  const entry = mine ?? theirs
  const isEmpty = entry?.kind === "d" || (entry?.kind === "f" && entry.size === "0")
  if (!/^\/var\/lib\/[^/]+\/./.test(path) || !isEmpty || (mine !== undefined && theirs !== undefined)) return false
  const tree = mine === undefined ? other : one
  if (tree.entries.get(path.split("/").slice(0, 4).join("/"))?.kind !== "d") return false
  const described = manifest.resources.some(({ want }) => (want as { readonly path?: string }).path === path)
  return !described && ![...tree.entries.keys()].some((below) => isWithin(below, path) && below !== path)
}

const isWithin = (path: string, directory: string): boolean => path === directory || path.startsWith(`${directory}/`)
