import { chmod, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { basename, join } from "node:path"
import { FireclayError, type Machine, type Output, type ShellOptions } from "../../src/contract/index.ts"
import { Session } from "../../src/machines/session.ts"

const nobody = "fireclay-shell-000000"

/** What `root` is called on a machine that was opened as shared, so that several can be described alike. */
export const sharedRoot = join(tmpdir(), nobody, "root")

/** The directories that a shell machine consists of. */
export interface ShellPlaces {
  readonly root: string
  readonly home: string
  readonly programs: string
  readonly units: string
  readonly etc: string
}

export interface ShellMachine {
  readonly places: ShellPlaces
  readonly machine: Machine
  /** An empty directory for what a test puts on the machine. */
  readonly root: string
  /** What `/var/lib/fireclay` is on it. */
  readonly home: string
  /** What `/etc/systemd/system` and `/etc` are to its units and accounts, once a test makes them. */
  readonly units: string
  readonly etc: string
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
export const openShellMachine = async (name = "shell", { shared = false } = {}): Promise<ShellMachine> => {
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
  const places = { root, home, programs, units: join(directory, "units"), etc: join(directory, "etc") }
  const scripts: string[] = []
  const sessions: Session[] = []
  const connect = (): Machine => {
    const session = openSession(name, places)
    sessions.push(session)
    return {
      name,
      description: `shell ${name}`,
      address: async () => "127.0.0.1",
      sh: (script, options) => {
        scripts.push(script)
        const there = script.replaceAll("/var/lib/fireclay", home)
        return shared ? renamed(session, basename(directory), there, options) : session.sh(there, options)
      },
      close: () => session.close(),
    }
  }
  return {
    root,
    home,
    units: places.units,
    etc: places.etc,
    places,
    scripts,
    program,
    connect,
    machine: connect(),
    dispose: async () => {
      await Promise.all(sessions.map((session) => session.close()))
      // What a transaction left running for a moment may still write.
      await rm(directory, { recursive: true, force: true, maxRetries: 5 })
    },
  }
}

/** A shell machine of another process, over a connection of this one's. */
export const attachShellMachine = (name: string, places: ShellPlaces): Machine => {
  const session = openSession(name, places)
  return {
    name,
    description: `shell ${name}`,
    address: async () => "127.0.0.1",
    sh: (script, options) => session.sh(script.replaceAll("/var/lib/fireclay", places.home), options),
    close: () => session.close(),
  }
}

const openSession = (name: string, { home, programs, units, etc }: ShellPlaces): Session =>
  new Session({
    argv: (loop) => [
      "env",
      `FC=${home}`,
      `FC_UNITS=${units}`,
      `FC_ETC=${etc}`,
      `PATH=${programs}:${process.env.PATH}`,
      "sh",
      "-c",
      loop,
    ],
    lost: (stderr) => new FireclayError("FC_MACHINE_UNREACHABLE", `${name} is gone`, { details: [stderr] }),
  })

/** Says and hears the directory's other name, which is as long: what travels is counted in bytes. */
const renamed = async (session: Session, own: string, script: string, options: ShellOptions = {}): Promise<Output> => {
  const swap = (bytes: Uint8Array, from: string, to: string): Buffer =>
    Buffer.from(Buffer.from(bytes).toString("latin1").replaceAll(from, to), "latin1")
  const input = options.input === undefined ? {} : { input: swap(options.input, nobody, own) }
  const output = await session.sh(script.replaceAll(nobody, own), { ...options, ...input })
  return { ...output, stdout: swap(output.stdout, own, nobody) }
}
