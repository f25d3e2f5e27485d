import { mkdir, rename } from "node:fs/promises"
import { join } from "node:path"
import type { Instance, InstanceWant, ProcessWant, StartFiles, Volume } from "../../contract/index.ts"
import { FireclayError } from "../../contract/index.ts"
import { copySkeleton, copyTree, directoryInRoot, namesIn, readText, removeTree, writeAtomic } from "./files.ts"
import { mountOverlay, unmount } from "./mounts.ts"
import { connect, disconnect, giveBackAddress, namespacePath, takeAddress } from "./network.ts"
import { type Bind, boot, forgetMachine, startProgram } from "./nspawn.ts"
import { personalise } from "./personal.ts"
import {
  instanceDirectory,
  instanceId,
  instancesDirectory,
  layersDirectory,
  type Parts,
  type Place,
  parts,
} from "./place.ts"
import { isAlive, killMachine, leaderOf, readMark, removeGroup, signal, waitUntil } from "./processes.ts"
import { bindStartFiles } from "./start-files.ts"
import { bindVolumes, exclusiveOf, holdingVolumes } from "./volumes.ts"

/** What is written down about an instance when it is made. */
export interface InstanceRecord {
  readonly name: string
  readonly fleet: string
  readonly release?: number
  /** Absent: it stands on a base. */
  readonly image?: string
  /** It stands on an image, and may be written to all the same. */
  readonly writable?: true
  /** Names of the layers under it, topmost first. */
  readonly lowers: readonly string[]
  readonly volumes: readonly Volume[]
  readonly scratch: readonly string[]
  /** The one program that it runs. Absent: it boots systemd. */
  readonly process?: ProcessWant
  readonly address: string
  readonly createdAt: string
}

/** Makes the instance's directory with its record: the step that decides which of two creators has the name. */
export const registerInstance = async (
  at: Place,
  want: InstanceWant,
  lowers: readonly string[],
): Promise<InstanceRecord> => {
  const address = await takeAddress(at, want.name)
  const record: InstanceRecord = {
    name: want.name,
    fleet: want.fleet,
    ...(want.release === undefined ? {} : { release: want.release }),
    ...("image" in want.from ? want.from : {}),
    lowers,
    volumes: want.volumes,
    scratch: want.scratch,
    ...(want.process === undefined ? {} : { process: want.process }),
    address,
    createdAt: new Date().toISOString(),
  }
  const temporary = join(instancesDirectory(at), `.${want.name}.${process.pid}.${counter++}`)
  await mkdir(temporary, { recursive: true })
  await writeAtomic(parts(temporary).record, JSON.stringify(record))
  try {
    await rename(temporary, instanceDirectory(at, want.name))
  } catch (cause) {
    await Promise.all([removeTree(temporary), giveBackAddress(at, want.name, address)])
    throw new FireclayError("FC_INSTANCE_START", `there is an instance ${want.name} already`, {
      remedy: "remove it first, or choose another name",
      cause,
    })
  }
  return record
}

/**
 * Mounts, connects and boots an instance that is not running. What is left of an earlier run is cleared first.
 *
 * @throws FireclayError FC_VOLUME_IN_USE, FC_INSTANCE_START, FC_NETWORK
 */
export const startInstance = (
  at: Place,
  record: InstanceRecord,
  run: "new" | "again",
  startFiles?: StartFiles,
): Promise<void> =>
  holdingVolumes(at, record, async () => {
    for (const other of await listInstances(at)) await refuseHeld(at, record, other)
    await bring(at, record, run, startFiles)
  })

const refuseHeld = async (at: Place, record: InstanceRecord, other: InstanceRecord): Promise<void> => {
  if (other.name === record.name || other.fleet !== record.fleet) return
  const held = exclusiveOf(record).find(({ name }) => other.volumes.some((volume) => volume.name === name))
  if (held === undefined || (await leaderOfDirectory(instanceDirectory(at, other.name))) === undefined) return
  throw new FireclayError("FC_VOLUME_IN_USE", `${other.name} holds the volume ${held.name} of ${record.fleet}`, {
    at: record.name,
    remedy: `stop ${other.name} first, or give the volume access: "shared"`,
  })
}

const bring = async (
  at: Place,
  record: InstanceRecord,
  run: "new" | "again",
  startFiles: StartFiles | undefined,
): Promise<void> => {
  const files = parts(instanceDirectory(at, record.name))
  const id = instanceId(at, record.name)
  if (run === "again") {
    await clear(at, record.name, files)
    // A volatile overlay leaves a mark there that forbids the next mount.
    await Promise.all([files.work, files.writable].map(removeTree))
  }
  const { name, address, process } = record
  const [starting] = await Promise.all([
    startFiles === undefined ? [] : bindStartFiles(files.start, startFiles(record)).then((bind) => [bind]),
    connect(at, name, address, { openPorts: process !== undefined }),
    mountRoot(at, record, files),
  ])
  // Without systemd there is no server of SSH.
  await personalise(files.root, { name, address, hostKey: process === undefined })
  const binds = [...(await bindVolumes(at, record, files)), ...(await bindScratch(record, files)), ...starting]
  const readOnly = isReadOnly(record)
  const machine = { id, hostName: name, root: files.root, readOnly, binds, namespace: namespacePath(id) }
  await (process === undefined ? boot(machine, files) : startProgram(machine, process, files))
}

/** Stops it: its programs are asked to end, as when a computer is turned off. */
export const stopInstance = async (at: Place, record: InstanceRecord): Promise<void> => {
  const files = parts(instanceDirectory(at, record.name))
  await powerOff(files)
  await clear(at, record.name, files)
}

/** Removes all of an instance but its volumes. What is half-made or not there at all is no error. */
export const removeInstance = async (at: Place, name: string): Promise<void> => {
  const record = await readInstance(at, name)
  const files = parts(instanceDirectory(at, name))
  if (record !== undefined && record.volumes.length > 0) await powerOff(files)
  await clear(at, name, files)
  await giveBackAddress(at, name)
  await removeTree(files.directory)
}

/** `undefined`: no such instance, or one that was never whole. */
export const readInstance = async (at: Place, name: string): Promise<InstanceRecord | undefined> => {
  const text = await readText(parts(instanceDirectory(at, name)).record)
  return text === undefined ? undefined : (JSON.parse(text) as InstanceRecord)
}

export const listInstances = async (at: Place): Promise<readonly InstanceRecord[]> => {
  const names = (await namesIn(instancesDirectory(at))).filter((name) => !name.startsWith("."))
  const records = await Promise.all(names.map((name) => readInstance(at, name)))
  return records.flatMap((record) => (record === undefined ? [] : [record]))
}

export const describeInstance = async (at: Place, record: InstanceRecord): Promise<Instance> => ({
  name: record.name,
  fleet: record.fleet,
  ...(record.release === undefined ? {} : { release: record.release }),
  ...(record.image === undefined ? {} : { image: record.image }),
  address: record.address,
  running: (await leaderOfDirectory(instanceDirectory(at, record.name))) !== undefined,
  createdAt: record.createdAt,
})

/** The first process inside the machine that was started in this directory; `undefined`: it does not run. */
export const leaderOfDirectory = async (directory: string): Promise<number | undefined> => {
  const carrier = await readMark(parts(directory).process)
  return carrier !== undefined && (await isAlive(carrier)) ? leaderOf(carrier.pid) : undefined
}

let counter = 0

/** An instance by replacement: nothing on it is kept, so nothing may be written. */
const isReadOnly = ({ image, writable }: InstanceRecord): boolean => image !== undefined && writable !== true

/** Ends what runs and takes away what is mounted and connected; the directory and the address stay. */
const clear = async (at: Place, name: string, files: Parts): Promise<void> => {
  const id = instanceId(at, name)
  await killMachine(id, await readMark(files.process))
  await Promise.all([unmount(files.root, files.start), disconnect(at, name), removeGroup(id), forgetMachine(id)])
}

// systemd's own signal for powering off.
const powerOffSignal = 34 + 4
const powerOffWithinMs = 20_000

const powerOff = async (files: Parts): Promise<void> => {
  const carrier = await readMark(files.process)
  const leader = await leaderOfDirectory(files.directory)
  if (leader === undefined) return
  signal(leader, powerOffSignal)
  await waitUntil(async () => !(await isAlive(carrier)), powerOffWithinMs)
}

const mountRoot = async (at: Place, record: InstanceRecord, files: Parts): Promise<void> => {
  await Promise.all([files.upper, files.work, files.root].map((path) => mkdir(path, { recursive: true })))
  await mountOverlay({
    directory: layersDirectory(at),
    lowers: record.lowers,
    upper: files.upper,
    work: files.work,
    target: files.root,
    volatile: isReadOnly(record),
  })
}

// What every Debian writes to.
const alwaysWritable = ["/var/cache", "/var/log", "/var/tmp"] as const

/** Directories of a read-only instance that stay writable: what each is at its own machine is named by its place here. */
export const writablePaths = (record: Pick<InstanceRecord, "process" | "scratch">): readonly string[] => {
  const ofSystemd = record.process === undefined ? ["/var/lib/systemd"] : []
  const asked = [...ofSystemd, ...record.scratch].filter((path) => !alwaysWritable.some((always) => always === path))
  return [...alwaysWritable, ...new Set(asked)]
}

/** Directories that stay writable start as the image has them, each time the instance starts. */
const bindScratch = async (record: InstanceRecord, files: Parts): Promise<readonly Bind[]> => {
  if (!isReadOnly(record)) return []
  await mkdir(files.writable)
  const all = writablePaths(record)
  // Their places first: one may lie within another.
  const places = await Promise.all(all.map((path) => directoryInRoot(files.root, path)))
  return Promise.all(
    all.map(async (target, index): Promise<Bind> => {
      const source = join(files.writable, String(index))
      const copy = index < alwaysWritable.length ? copySkeleton : copyTree
      await copy(places[index] ?? "", source)
      return { source, target }
    }),
  )
}
