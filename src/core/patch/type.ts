import type { PackageState, ResourcePlan, ResourceType } from "../../contract/index.ts"
import type { MachineState } from "../machine-state.ts"
import type { Manifest } from "../release.ts"
import { isPatch, type PatchWant, patchType, pinnedIn } from "./released.ts"
import { compareVersions } from "./versions.ts"

/** What a machine's own past says about patches. */
export type Past = Pick<MachineState, "resources" | "replaced"> | undefined

/**
 * How a patch looks and what it would do. An older version is brought to the one that is wanted; what is newer, or is not
 * there, stays as it is. Only what an earlier patch brought goes back: to what an earlier release wants, or, once no patch
 * is about it, to what was there before the first.
 */
export const patchOn = (past: Past, { resources }: Pick<Manifest, "resources">) => {
  const brought = new Map(
    past?.resources
      .filter(isPatch)
      .map(({ want }) => want as unknown as PatchWant)
      .filter(({ name }) => past.replaced?.[name] !== undefined)
      .map(({ name, version }) => [name, version]),
  )
  const pinned = pinnedIn({ resources })
  const type: ResourceType<{ readonly name: string; readonly version: string }, PackageState | undefined> = {
    type: patchType,
    observe: (eyes, { name }) => eyes.package(name),
    plan: ({ name, version }, have) =>
      have !== undefined && (compareVersions(have.version, version) < 0 || have.version === brought.get(name))
        ? bring(name, have.version, version)
        : nothing,
    remove: ({ name, version }, have) => {
      const before = past?.replaced?.[name]
      const isOurs = have?.version === version && before !== undefined && !pinned.has(name)
      return isOurs ? bring(name, version, before) : nothing
    },
  }
  return type as unknown as ResourceType
}

const nothing: ResourcePlan = { changes: [], steps: [] }

const bring = (name: string, from: string, to: string): ResourcePlan =>
  from === to
    ? nothing
    : {
        changes: [{ property: "version", from, to }],
        steps: [{ do: "upgrade-packages", packages: [{ name, version: to }] }],
      }
