import { existsSync } from "node:fs"
import { mkdir, mkdtemp, readdir, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { FireclayError, type Machine } from "../../../src/contract/index.ts"
import { ensureBase } from "../../../src/engines/local/base.ts"
import { stackOnBase } from "../../../src/engines/local/image-store.ts"
import { leaderOfDirectory } from "../../../src/engines/local/instance.ts"
import { mountOverlay, mountsUnder, unmount } from "../../../src/engines/local/mounts.ts"
import {
  connect,
  disconnect,
  ensureNetwork,
  linksOf,
  namespacePath,
  removeLink,
  takeAddress,
} from "../../../src/engines/local/network.ts"
import { boot, forgetMachine } from "../../../src/engines/local/nspawn.ts"
import { personalise } from "../../../src/engines/local/personal.ts"
import { instanceId, layersDirectory, type Parts, type Place, parts, place } from "../../../src/engines/local/place.ts"
import { killMachine, readMark, removeGroup } from "../../../src/engines/local/processes.ts"
import { rules } from "../../../src/engines/local/rules.ts"
import { localMachine } from "../../../src/machines/index.ts"
import { run } from "../../../src/system/process.ts"
import { type Disk, makeDisk, succeed } from "./disk.ts"
import { eventually } from "./eventually.ts"

/** A real local machine whose power, disk and network are the test's to take away. */
export interface FaultMachine {
  readonly disk: Disk
  /** The machine's whole tree, seen from the host. */
  readonly root: string
  /** What of the tree is not as in the base. */
  readonly upper: string
  /** The unpacked base under it. */
  readonly lower: string
  readonly address: string
  /** Name of the host's end of the machine's cable. */
  readonly link: string
  /** What {@link namespaceMachine} needs to find it from another process. */
  readonly directory: string
  readonly machine: Machine
  readonly leader: () => Promise<number>
  readonly start: () => Promise<void>
  /** Power is gone: every process dies at once, and what was not flushed is lost. */
  readonly cutPower: () => Promise<void>
  /** Ends it without a trace of violence, for a disk that is to be exchanged. */
  readonly stop: () => Promise<void>
  readonly dispose: () => Promise<void>
}

const name = "m"

export const makeFaultMachine = async (packages: readonly string[] = []): Promise<FaultMachine> => {
  await removeAbandoned()
  const home = await mkdtemp(join(tmpdir(), `${prefix}${process.pid}-`))
  // Other machines that start meanwhile see all mounts of this host, and would hold on to these: shared, they let go
  // when the host does.
  await succeed(["mount", "--bind", home, home])
  await succeed(["mount", "--make-shared", home])
  const at = placeOf(home)
  const base = await ensureBase(at, { distribution: "debian", suite: "bookworm", include: packages })
  const { lowers } = await stackOnBase(at, base)
  const disk = await makeDisk(join(home, "hardware"), 512)
  const files: Parts = { ...partsOf(home), upper: join(disk.path, "upper"), work: join(disk.path, "work") }
  await Promise.all([files.root, files.upper, files.work].map((path) => mkdir(path, { recursive: true })))
  await ensureNetwork(at)
  const address = await takeAddress(at, name)
  const id = instanceId(at, name)
  await connect(at, name, address)

  const mountRoot = () =>
    mountOverlay({ directory: layersDirectory(at), lowers, upper: files.upper, work: files.work, target: files.root })
  const start = async (): Promise<void> => {
    await mountRoot()
    await personalise(files.root, { name, address, hostKey: true })
    const want = { id, hostName: name, root: files.root, readOnly: false, binds: [], namespace: namespacePath(id) }
    await boot(want, files)
  }
  const stop = () => stopIn(home)
  const machine = namespaceMachine(files.directory, address)
  return {
    ...{ disk, address, machine, start, stop, root: files.root, upper: files.upper, lower: base.root },
    link: `${at.bridge}v${address.split(".")[3]}`,
    directory: files.directory,
    leader: () => leaderIn(files.directory),
    cutPower: async () => {
      await disk.cut()
      await stop()
      await disk.remount()
    },
    dispose: async () => {
      await machine.close()
      await remove(home)
    },
  }
}

const prefix = "fireclay-faults-"
const placeOf = (home: string): Place => place({ project: "faults", projectDirectory: home, home })
const partsOf = (home: string): Parts => parts(join(home, "instance"))

const stopIn = async (home: string): Promise<void> => {
  const files = partsOf(home)
  const id = instanceId(placeOf(home), name)
  await killMachine(id, await readMark(files.process))
  await Promise.all([unmount(files.root), removeGroup(id), forgetMachine(id)])
}

/** Removes a machine and all that the host has for it, whatever state it is in. */
const remove = async (home: string): Promise<void> => {
  const at = placeOf(home)
  await stopIn(home)
  await disconnect(at, name)
  for (const link of await linksOf(at)) await run(removeLink(link))
  await (await rules(at.bridge)).remove()
  // What is detached may be busy for a while yet.
  const gone = async (): Promise<boolean> => {
    for (const mount of await mountsUnder(home)) await unmount(mount)
    return rm(home, { recursive: true, force: true }).then(
      () => true,
      () => false,
    )
  }
  if (!(await eventually(20_000, gone))) throw new Error(`${home} could not be removed`)
}

/** Those of test runs that were killed. */
const removeAbandoned = async (): Promise<void> => {
  for (const directory of (await readdir(tmpdir())).filter((entry) => entry.startsWith(prefix))) {
    const pid = directory.slice(prefix.length).split("-")[0]
    if (!existsSync(`/proc/${pid}`)) await remove(join(tmpdir(), directory))
  }
}

/** A way into the machine that was started in this directory. `allowed`: whether the way is open just now. */
export const namespaceMachine = (directory: string, address: string, allowed: () => boolean = () => true): Machine =>
  localMachine({
    name,
    leader: async () => {
      if (allowed()) return leaderIn(directory)
      throw new FireclayError("FC_MACHINE_UNREACHABLE", "the way to the machine is cut")
    },
    address: async () => address,
  })

const leaderIn = async (directory: string): Promise<number> => {
  const leader = await leaderOfDirectory(directory)
  if (leader === undefined) throw new FireclayError("FC_MACHINE_UNREACHABLE", "the machine does not run")
  return leader
}
