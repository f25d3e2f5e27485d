import type { Machine, SshHost } from "../contract/index.ts"
import { type SshMachine, sshMachine } from "../machines/index.ts"

/** Connections to servers, one each. Apart from the rest of what is built in, so that they can be begun before it is loaded. */
export interface Connections {
  readonly machine: (host: SshHost) => Machine
  /** Begins to connect, and returns at once. What goes wrong is told by the first script. */
  readonly begin: (hosts: readonly SshHost[], signal: AbortSignal) => void
  readonly close: () => Promise<void>
}

export const openConnections = (): Connections => {
  const machines = new Map<string, SshMachine>()
  const open = (host: SshHost): SshMachine => {
    const key = JSON.stringify(host)
    const machine = machines.get(key) ?? sshMachine(host)
    machines.set(key, machine)
    return machine
  }
  return {
    machine: open,
    begin: (hosts, signal) => {
      for (const host of hosts) open(host).connect(signal)
    },
    close: async () => {
      await Promise.all([...machines.values()].map((machine) => machine.close()))
    },
  }
}
