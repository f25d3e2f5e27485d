import { randomBytes } from "node:crypto"
import { createReadStream } from "node:fs"
import { mkdir, rm } from "node:fs/promises"
import { basename, join } from "node:path"
import type { Examine, Image, Scratch } from "../../contract/index.ts"
import { FireclayError } from "../../contract/index.ts"
import { scratchMachine } from "../../machines/scratch.ts"
import { epoch } from "./base.ts"
import { namesIn, removeTree, writeInRoot } from "./files.ts"
import { addImage, baseUnder, configOver, type Stack } from "./image-store.ts"
import { leaderOfDirectory } from "./instance.ts"
import { writeLayer } from "./layer.ts"
import { mountOverlay, unmount } from "./mounts.ts"
import { forgetMachine, startSleeper } from "./nspawn.ts"
import { writeResolver } from "./personal.ts"
import {
  layersDirectory,
  type Parts,
  type Place,
  parts,
  scratchDirectory,
  scratchesDirectory,
  scratchId,
} from "./place.ts"
import { isAlive, killInside, killKnown, killMachine, markOf, readMark, removeGroup, saveMark } from "./processes.ts"
import { clampTime, normaliseUpper, planUpper, unchangedOf } from "./upper.ts"

/** Opens a machine to bake in over a stack of layers. */
export const openScratch = async (at: Place, under: Stack): Promise<Scratch> => {
  await discardAbandoned(at)
  const name = `s${randomBytes(4).toString("hex")}`
  const files = parts(scratchDirectory(at, name))
  const stop = once(() => stopScratch(at, name, files))
  const discard = once(async () => {
    await stop()
    await removeTree(files.directory)
  })
  try {
    await startScratch(at, name, files, under)
  } catch (error) {
    await discard()
    throw error
  }
  const machine = scratchMachine({ name, epoch, leader: () => leaderOfScratch(files, name) })
  return {
    machine,
    commit: once(async (examine?: Examine) => {
      const image = await commitScratch(at, files, { under, examine, stop, close: machine.close })
      await discard()
      return image
    }),
    discard: async () => {
      await machine.close()
      await discard()
    },
  }
}

/** Removes a scratch machine, whole or half-made. */
export const discardScratch = async (at: Place, name: string): Promise<void> => {
  const files = parts(scratchDirectory(at, name))
  await stopScratch(at, name, files)
  await removeTree(files.directory)
}

const startScratch = async (at: Place, name: string, files: Parts, under: Stack): Promise<void> => {
  const directories = [files.upper, files.work, files.root, lowerView(files)]
  await Promise.all(directories.map((path) => mkdir(path, { recursive: true })))
  const owner = await markOf(process.pid)
  if (owner !== undefined) await saveMark(ownerFile(files), owner)
  const overlay = { directory: layersDirectory(at), lowers: under.lowers, target: files.root }
  await mountOverlay({ ...overlay, upper: files.upper, work: files.work, volatile: true })
  await Promise.all([
    writeResolver(files.root),
    // Packages that are installed start nothing: boot does that, in an instance.
    writeInRoot(files.root, "/usr/sbin/policy-rc.d", "#!/bin/sh\nexit 101\n", 0o755),
  ])
  await startSleeper(scratchId(at, name), files.root, files)
}

interface Commit {
  readonly under: Stack
  readonly examine: Examine | undefined
  readonly close: () => Promise<void>
  readonly stop: () => Promise<void>
}

const commitScratch = async (at: Place, files: Parts, { under, examine, close, stop }: Commit): Promise<Image> => {
  const carrier = await readMark(files.process)
  const [ended, lower] = await Promise.all([carrier !== undefined && killInside(carrier), mountLower(at, files, under)])
  // From here on nothing inside writes any more; its nspawn may take its time.
  if (!ended) await killScratch(at, files)
  const views = { upper: files.upper, lower, merged: files.root }
  const closed = close()
  const plan = await planUpper(views)
  const [unchanged] = await Promise.all([unchangedOf(views, plan), killScratch(at, files)])
  await stop()
  await normaliseUpper(files.upper, plan, unchanged)
  const layer = await writeLayer(files.upper, files.directory, clampTime)
  await examine?.(createReadStream(layer.archive, { highWaterMark: 1 << 20 }), JSON.stringify(configOver(under, layer)))
  const image = await addImage(at, under, layer)
  await closed
  return image
}

/** What the scratch machine started from, as one tree. */
const mountLower = async (at: Place, files: Parts, under: Stack): Promise<string> => {
  if (under.lowers.length === 1) return (await baseUnder(at, under)).root
  await mountOverlay({ directory: layersDirectory(at), lowers: under.lowers, target: lowerView(files) })
  return lowerView(files)
}

const killScratch = async (at: Place, files: Parts): Promise<void> => {
  const id = scratchId(at, basename(files.directory))
  const carrier = await readMark(files.process)
  await (carrier === undefined ? killMachine(id, undefined) : killKnown(id, carrier))
}

const stopScratch = async (at: Place, name: string, files: Parts): Promise<void> => {
  const id = scratchId(at, name)
  await killScratch(at, files)
  await Promise.all([unmount(files.root, lowerView(files)), removeGroup(id), forgetMachine(id)])
  await rm(files.process, { force: true })
}

/** Removes the scratch machines of controllers that died. */
const discardAbandoned = async (at: Place): Promise<void> => {
  for (const name of await namesIn(scratchesDirectory(at))) {
    const owner = await readMark(ownerFile(parts(scratchDirectory(at, name))))
    if (owner !== undefined && !(await isAlive(owner))) await discardScratch(at, name)
  }
}

const leaderOfScratch = async (files: Parts, name: string): Promise<number> => {
  const leader = await leaderOfDirectory(files.directory)
  if (leader !== undefined) return leader
  throw new FireclayError("FC_MACHINE_UNREACHABLE", `the scratch machine ${name} was committed or discarded`)
}

const lowerView = (files: Parts): string => join(files.directory, "lower")
const ownerFile = (files: Parts): string => join(files.directory, "owner.json")

const once = <T, Words extends readonly unknown[]>(
  action: (...words: Words) => Promise<T>,
): ((...words: Words) => Promise<T>) => {
  let result: Promise<T> | undefined
  return (...words) => {
    result ??= action(...words)
    return result
  }
}
