import type { Machine, PackageForesight, PackageMove, PatchSet } from "../../contract/index.ts"
import { openEyes } from "../eyes/eyes.ts"
import type { Offers } from "./policy.ts"
import { compareVersions } from "./versions.ts"

/** What a machine's package manager would do about a patch. */
export interface PatchForesight {
  /** Packages that come besides. */
  readonly along: readonly PackageMove[]
  readonly downloadBytes: number
  /** Less than 0: space becomes free. */
  readonly spaceBytes: number
  /** Packages whose present file cannot be had any more: there would be no way back. */
  readonly lost: readonly string[]
  /** Why it cannot be done, or would do what it may not. */
  readonly refused: readonly string[]
}

/** `undefined`: nothing of it concerns the machine, or it has no lists to ask. */
export const foreseePatch = async (
  machine: Machine,
  installed: Offers["installed"],
  set: PatchSet,
): Promise<PatchForesight | undefined> => {
  const install = wordsFor(installed, set)
  if (install.length === 0) return undefined
  const foreseen = await openEyes(machine).eyes.packages({ install })
  return foreseen.hasLists ? judgeForesight(foreseen, set) : undefined
}

/** Those of a set that by themselves already would do what a patch may not, each with the reason: one more round trip. */
export const findCulprits = async (
  machine: Machine,
  installed: Offers["installed"],
  set: PatchSet,
): Promise<Offers["keptBack"]> => {
  const { eyes } = openEyes(machine)
  const asked = wordsFor(installed, set).map(async (word) => {
    const { refused } = judgeForesight(await eyes.packages({ install: [word] }), set)
    return refused.map((reason) => [word, reason] as const)
  })
  return Object.fromEntries((await Promise.all(asked)).flat())
}

/** Pure. It installs what is new and needed, and changes only what the set names, and to that version. */
export const judgeForesight = (foreseen: PackageForesight, set: PatchSet): PatchForesight => {
  const { moves, downloadBytes, spaceBytes, lost, held, unknown, refused } = foreseen
  const removed = moves.filter(({ to }) => to === null).map(({ name }) => name)
  const others = moves.filter(({ name, from, to }) => from !== null && to !== null && set[name] !== to)
  const changed = others.map(({ name, to }) => `${name} to ${to}`)
  return {
    ...{ along: moves.filter(({ from }) => from === null), downloadBytes, spaceBytes, lost },
    refused: [
      ...(removed.length === 0 ? [] : [`would remove ${removed.join(", ")}`]),
      ...(changed.length === 0 ? [] : [`would also take ${changed.join(", ")}`]),
      ...(held.length === 0 ? [] : [`would change ${held.join(", ")}, which is held`]),
      ...unknown.map((word) => `${word} cannot be had`),
      ...refused,
    ],
  }
}

const wordsFor = (installed: Offers["installed"], set: PatchSet): readonly string[] =>
  Object.entries(set)
    .filter(([name, version]) => name in installed && compareVersions(installed[name] ?? "", version) < 0)
    .map(([name, version]) => `${name}=${version}`)
