import type { Machine, SshHost } from "../contract/index.ts"
import { readSudoPassword, type SshMachine, sshMachine } from "../machines/index.ts"

/** Connections to servers, one each. Apart from the rest of what is built in, so that they can be begun before it is loaded. */
export interface Connections {
  readonly machine: (host: SshHost) => Machine
  /** Begins to connect, and returns at once. What goes wrong is told by the first script. */
  readonly begin: (hosts: readonly SshHost[], signal: AbortSignal) => void
  readonly close: () => Promise<void>
}

/** `directory`: where the configuration is, and so where commands for passwords are run. */
export const openConnections = (directory: string): Connections => {
  const machines = new Map<string, SshMachine>()
  const passwords = keepPasswords(directory)
  const open = (host: SshHost): SshMachine => {
    const key = JSON.stringify(host)
    const machine = machines.get(key) ?? sshMachine(host, passwords(host))
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

/** A password is read once, however many servers it is for: a command for it may ask a person to touch a key. */
const keepPasswords = (directory: string) => {
  const passwords = new Map<string, Promise<string>>()
  return ({ name, sudo }: SshHost): { readonly sudoPassword?: () => Promise<string> } => {
    if (typeof sudo !== "object") return {}
    const key = JSON.stringify(sudo.password)
    return {
      sudoPassword: () => {
        const password = passwords.get(key) ?? readSudoPassword(sudo.password, name, directory)
        passwords.set(key, password)
        return password
      },
    }
  }
}
