import type { Machine } from "../../src/contract/index.ts"
import { startBaseline, survey } from "../../src/core/drift/survey.ts"
import { sshMachine } from "../../src/machines/index.ts"
import { startSshServers } from "../../test/support/ssh-servers.ts"
import { noData, peers } from "./looks.ts"

export interface Server {
  readonly machine: Machine
  /** How many paths there are to look at. */
  readonly files: number
  /** Runs a script there, over the connection that is open. */
  readonly sh: (script: string) => Promise<string>
}

export interface Servers {
  readonly servers: readonly Server[]
  readonly dispose: () => Promise<void>
}

/** Servers with a baseline, over connections that are open; the first has AIDE and its database. */
export const openServers = async (count: number): Promise<Servers> => {
  const started = await startSshServers(count)
  const machines = started.hosts.map((host) => sshMachine(host))
  try {
    const prepare =
      "apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -qq --no-install-recommends aide aide-common"
    const { exitCode, stderr } = await started.exec(0, ["sh", "-c", `(${prepare}) >/dev/null && ${peers.aideInit}`])
    if (exitCode !== 0) throw new Error(`AIDE could not be installed: ${stderr}`)
    const servers: Server[] = []
    for (const machine of machines) servers.push(await prepared(machine))
    return { servers, dispose: () => dispose(machines, started.dispose) }
  } catch (error) {
    await dispose(machines, started.dispose)
    throw error
  }
}

const prepared = async (machine: Machine): Promise<Server> => {
  const sh = async (script: string): Promise<string> => {
    const { exitCode, stdout, stderr } = await machine.sh(script)
    if (exitCode !== 0) throw new Error(`${machine.name} ended with ${exitCode}: ${stderr}`)
    return stdout.toString()
  }
  await sh("mkdir -p /var/lib/fireclay && chmod 700 /var/lib/fireclay")
  await startBaseline({ machine, data: noData }, true)
  await survey({ machine, data: noData })
  return { machine, sh, files: Number(await sh(`${peers.count}`)) }
}

const dispose = async (machines: readonly Machine[], stop: () => Promise<void>): Promise<void> => {
  await Promise.all(machines.map((machine) => machine.close()))
  await stop()
}
