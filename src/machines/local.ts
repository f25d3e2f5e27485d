import type { Machine, Output } from "../contract/index.ts"
import { FireclayError } from "../contract/index.ts"
import { lastLines } from "../system/process.ts"
import { Session } from "./session.ts"

export interface NamespaceMachineOptions {
  readonly name: string
  /** The machine's first process, as this machine numbers it. Asked for before each script; rejects when it does not run. */
  readonly leader: () => Promise<number>
  readonly address: () => Promise<string>
  /** Default: `local NAME`. */
  readonly description?: string
  /** Beyond `PATH`, `HOME` and `LC_ALL`. */
  readonly environment?: Readonly<Record<string, string>>
  readonly lastWords?: Machine["lastWords"]
}

/**
 * A machine on this host, entered through its namespaces. Nothing of the controller's environment reaches it.
 *
 * @example
 * const machine = localMachine({ name: "web-1", leader: async () => 4711, address: async () => "10.213.0.2" })
 * await machine.sh("systemctl is-active ssh")
 */
export const localMachine = (options: NamespaceMachineOptions): Machine => {
  const description = options.description ?? `local ${options.name}`
  let leader = 0
  const session = new Session({
    argv: (loop) => [...enter(leader), ...cleanEnvironment(options.environment ?? {}), "sh", "-c", loop],
    lost: (stderr, everAnswered) => lost(description, stderr, everAnswered),
  })
  // One after the other also in asking for the leader, so that scripts keep their order.
  let turn: Promise<unknown> = Promise.resolve()
  return {
    name: options.name,
    description,
    address: options.address,
    ...(options.lastWords === undefined ? {} : { lastWords: options.lastWords }),
    sh: (script, shellOptions) => {
      const next = turn.then(async (): Promise<Output> => {
        leader = await options.leader()
        return session.sh(script, shellOptions)
      })
      turn = next.catch(() => undefined)
      return next
    },
    close: async () => {
      await turn
      // Ended from within, so that its parent is there to reap it: the machine cannot power off before that, and this
      // host's first process may take its time over orphans.
      await session.farewell("kill -9 $$")
      await session.close()
    },
  }
}

/**
 * The outer shell stays in this host's process namespace and waits for what it starts inside. nsenter's own waiting
 * will not do: it stops itself when its child is stopped, as every process is when a machine powers off, and then the
 * machine would wait for ever for that child to be reaped.
 */
const enter = (leader: number): readonly string[] => [
  ...["nsenter", "--target", String(leader), "--all", "--no-fork", "--"],
  ...["/bin/sh", "-c", '"$@"; exit "$?"', "sh"],
]

const cleanEnvironment = (more: Readonly<Record<string, string>>): readonly string[] => {
  const all = {
    PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    HOME: "/root",
    LC_ALL: "C.UTF-8",
    ...more,
  }
  return ["/usr/bin/env", "-i", ...Object.entries(all).map(([name, value]) => `${name}=${value}`)]
}

const lost = (description: string, stderr: string, everAnswered: boolean): FireclayError =>
  new FireclayError(
    "FC_MACHINE_UNREACHABLE",
    everAnswered ? `${description}: the shell on it ended` : `${description}: no shell could be started on it`,
    { at: description, remedy: "fireclay status", details: stderr.trim() === "" ? [] : lastLines(stderr) },
  )
