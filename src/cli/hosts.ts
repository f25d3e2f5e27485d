import { findHosts } from "../builtin/hosts.ts"
import type { Fleet } from "../contract/index.ts"
import type { LoadedConfig } from "./config.ts"

/**
 * Fleets of a configuration with their servers, wherever those are listed. The others stay as they are: what nobody asked for
 * need not be within reach.
 *
 * @throws FireclayError FC_INVENTORY, FC_SPEC_…
 */
export const lookUpHosts = async (
  config: LoadedConfig,
  fleets: readonly Fleet[],
): Promise<{ readonly config: LoadedConfig; readonly fleets: readonly Fleet[]; readonly notes: readonly string[] }> => {
  const found = await Promise.all(fleets.map((fleet) => findHosts(fleet, config.directory)))
  const known = Object.fromEntries(found.map(({ fleet }) => [fleet.name, fleet]))
  return {
    config: { ...config, project: { ...config.project, fleets: { ...config.project.fleets, ...known } } },
    fleets: found.map(({ fleet }) => fleet),
    notes: [...new Set(found.flatMap(({ notes }) => notes))],
  }
}
