import { type Connections, openConnections } from "../builtin/connections.ts"
import type { GlobalOptions } from "./command.ts"
import { chooseFleets, loadConfig } from "./config.ts"

/**
 * Begins to connect to the servers of fleets while the rest of this program is still being loaded: most of the time
 * that a plan takes is OpenSSH's.
 *
 * @throws FireclayError FC_CONFIG_NOT_FOUND, FC_CONFIG_LOAD, and whatever the configuration throws
 */
export const connectEarly = async (
  options: GlobalOptions,
  fleetNames: readonly string[],
  signal: AbortSignal,
): Promise<Connections> => {
  const config = await loadConfig(options)
  // A plan's file, or a mistake that the command will tell.
  const known = fleetNames.every((name) => Object.hasOwn(config.project.fleets, name))
  const fleets = known ? chooseFleets(config, fleetNames) : []
  const connections = openConnections()
  connections.begin(
    fleets.flatMap(({ on }) => (on.kind === "ssh" ? on.hosts : [])),
    signal,
  )
  return connections
}
