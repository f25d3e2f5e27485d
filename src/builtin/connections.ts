import type { Machine, SshHost, SudoPassword } from "../contract/index.ts"
import { type PasswordReaders, readSudoPassword, type SshMachine, sshMachine } from "../machines/index.ts"

/** Connections to servers, one each. Apart from the rest of what is built in, so that they can be begun before it is loaded. */
export interface Connections {
  readonly machine: (host: SshHost) => Machine
  /** Begins to connect, and returns at once. What goes wrong is told by the first script. */
  readonly begin: (hosts: readonly SshHost[], signal: AbortSignal) => void
  readonly close: () => Promise<void>
}

export interface ConnectionsOptions extends PasswordReaders {
  /** Is told each password before it is used, to keep it from being printed. */
  readonly learn?: (name: string, value: Uint8Array) => void
}

export const openConnections = (options: ConnectionsOptions): Connections => {
  const machines = new Map<string, SshMachine>()
  const passwords = keepPasswords(options)
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
const keepPasswords = ({ learn, ...readers }: ConnectionsOptions) => {
  const passwords = new Map<string, Promise<string>>()
  const read = async (from: SudoPassword, at: string): Promise<string> => {
    const password = await readSudoPassword(from, at, readers)
    learn?.("sudo", Buffer.from(password))
    return password
  }
  return ({ name, sudo }: SshHost): { readonly sudoPassword?: () => Promise<string> } => {
    if (typeof sudo !== "object") return {}
    const from = sudo.password
    const key = JSON.stringify("secret" in from ? { ...from } : from)
    return {
      sudoPassword: () => {
        const password = passwords.get(key) ?? read(from, name)
        passwords.set(key, password)
        return password
      },
    }
  }
}
