import { type Connections, openConnections } from "../builtin/connections.ts"
import type { SshHost } from "../contract/index.ts"
import type { Redactor } from "../core/index.ts"
import { chooseFleets, loadConfig } from "./config.ts"
import { lookUpHosts } from "./hosts.ts"
import type { Peeked } from "./peek.ts"

/**
 * Begins to connect to the servers of fleets while the rest of this program is still being loaded: most of the time
 * that a plan takes is OpenSSH's.
 *
 * @throws FireclayError FC_CONFIG_NOT_FOUND, FC_CONFIG_LOAD, FC_INVENTORY, and whatever the configuration throws
 */
export const connectEarly = async (
  { options, words }: Peeked,
  signal: AbortSignal,
  redactor: Redactor,
): Promise<Connections> => {
  const config = await loadConfig(options)
  // A plan's file, or a mistake that the command will tell.
  const known = words.every((name) => Object.hasOwn(config.project.fleets, name))
  const { fleets } = await lookUpHosts(config, known ? chooseFleets(config, words) : [])
  const isMeant = ({ name, tags = [] }: SshHost): boolean =>
    options.on === undefined || options.on.some((word) => word.includes("*") || word === name || tags.includes(word))
  const { directory } = config
  const connections = openConnections({
    directory,
    learn: redactor.learn,
    // Loaded when it is needed, which is seldom.
    readSecret: async (secret) =>
      (await import("../builtin/secrets.ts")).openSecrets({ directory, redactor }).read(secret),
  })
  connections.begin(
    fleets.flatMap(({ on }) => (on.kind === "ssh" ? on.hosts.filter(isMeant) : [])),
    signal,
  )
  return connections
}
