import { chmod, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { FireclayError, type Machine } from "../../src/contract/index.ts"
import { Session } from "../../src/machines/session.ts"

export interface ShellMachine {
  readonly machine: Machine
  /** An empty directory for what a test puts on the machine. */
  readonly root: string
  /** What `/var/lib/fireclay` is on it. */
  readonly home: string
  /** Every script that it was given, in order. */
  readonly scripts: string[]
  /** The same machine over a connection of its own: another controller's. */
  readonly connect: () => Machine
  /** Puts a program before those of the system. */
  readonly program: (name: string, script: string) => Promise<void>
  /** Removes all of it. */
  readonly dispose: () => Promise<void>
}

/**
 * A real shell on this computer that stands for a machine: what Fireclay keeps goes to a directory of the test's own,
 * and so must every path that a test names. Units are out of reach: its `systemctl` does nothing.
 */
export const openShellMachine = async (name = "shell"): Promise<ShellMachine> => {
  const directory = await mkdtemp(join(tmpdir(), "fireclay-shell-"))
  const [root, home, programs] = ["root", "home", "programs"].map((part) => join(directory, part)) as [
    string,
    string,
    string,
  ]
  await Promise.all([mkdir(root), mkdir(programs)])
  const program = async (file: string, script: string): Promise<void> => {
    await writeFile(join(programs, file), `#!/bin/sh\n${script}\n`)
    await chmod(join(programs, file), 0o755)
  }
  await program("systemctl", "exit 0")
  const scripts: string[] = []
  const sessions: Session[] = []
  const connect = (): Machine => {
    const session = new Session({
      argv: (loop) => ["env", `FC=${home}`, `PATH=${programs}:${process.env.PATH}`, "sh", "-c", loop],
      lost: (stderr) => new FireclayError("FC_MACHINE_UNREACHABLE", `${name} is gone`, { details: [stderr] }),
    })
    sessions.push(session)
    return {
      name,
      description: `shell ${name}`,
      address: async () => "127.0.0.1",
      sh: (script, options) => {
        scripts.push(script)
        return session.sh(script.replaceAll("/var/lib/fireclay", home), options)
      },
      close: () => session.close(),
    }
  }
  return {
    root,
    home,
    scripts,
    program,
    connect,
    machine: connect(),
    dispose: async () => {
      await Promise.all(sessions.map((session) => session.close()))
      await rm(directory, { recursive: true, force: true })
    },
  }
}
