import type { Fleet } from "../../contract/index.ts"
import {
  choiceOf,
  type FleetPatch,
  findPatches,
  isOutstanding,
  type PatchResult,
  recoverFleet,
} from "../../core/index.ts"
import { check } from "../../schema/check.ts"
import { duration } from "../../schema/fields.ts"
import { type Command, withProject } from "../command.ts"
import { type PatchingOptions, patchNow, readReboot } from "../patching.ts"
import { renderPatch } from "../render/patch.ts"

export interface PatchOptions extends Omit<PatchingOptions, "reboot"> {
  readonly reboot?: string
  readonly list?: boolean
  readonly security?: boolean
  readonly minimumAge?: string
  readonly exclude?: readonly string[]
  readonly detailedExitcode?: boolean
}

/** Says what could be newer on machines, and which of it a patch would take; then takes it, unless it is only to be said. */
export const patch: Command<PatchOptions> = (context, { reboot, ...options }, ...names) => {
  const [query, patching] = [readQuery(options), { ...options, ...readReboot(reboot) }]
  return withProject(context, names, async (opened) => {
    const { bench, fleets, output } = opened
    if (options.list !== true) for (const fleet of fleets) await recoverFleet(bench, fleet)
    const found: { readonly fleet: Fleet; readonly patch: FleetPatch }[] = []
    for (const fleet of fleets) found.push({ fleet, patch: await findPatches(bench, fleet, query) })
    const patches = found.map((each) => each.patch)
    for (const each of patches) output.print(renderPatch(each, bench.now(), output.paint))
    if (options.list === true) {
      output.answer({ fleets: patches })
      const troubled = patches.flatMap(({ machines }) => machines).some(isTroubled)
      if (troubled) return 1
      return options.detailedExitcode === true && patches.some(isOutstanding) ? 2 : 0
    }
    const results: PatchResult[] = []
    for (const each of found) {
      const result = await patchNow(opened, each.fleet, choiceOf(each.patch), patching)
      if (result !== undefined) results.push(result)
    }
    output.answer({
      patches,
      fleets: results.map(({ rollout }) => rollout),
      machines: results.flatMap(({ machines }) => machines),
    })
    return 0
  })
}

const readQuery = ({ security, minimumAge, exclude }: PatchOptions) => ({
  ...(security === undefined ? {} : { security }),
  ...(minimumAge === undefined ? {} : { minimumAgeMs: check(duration, minimumAge, "--minimum-age") }),
  ...(exclude === undefined ? {} : { exclude }),
})

/** What is said of it may not be all, or not be true any more. */
const isTroubled = ({ problem, unrefreshed }: FleetPatch["machines"][number]): boolean =>
  problem !== undefined || unrefreshed.length > 0
