import type { Engine, Instance, InstanceWant, Machine } from "../../contract/index.ts"
import { FireclayError } from "../../contract/index.ts"
import { localMachine } from "../../machines/local.ts"
import { refuseUsedImage, requireName } from "../name.ts"
import { ensureBase } from "./base.ts"
import { makePrivate } from "./files.ts"
import { listImages, readImage, removeImage, type Stack, stackOnBase, stackOnImage } from "./image-store.ts"
import {
  describeInstance,
  type InstanceRecord,
  leaderOfDirectory,
  listInstances,
  readInstance,
  registerInstance,
  removeInstance,
  startInstance,
  stopInstance,
} from "./instance.ts"
import { destroy, inventory } from "./inventory.ts"
import { ensureNetwork, hasBridge } from "./network.ts"
import { imagesDirectory, instanceDirectory, type LocalOptions, type Place, parts, place } from "./place.ts"
import { lastWords } from "./program.ts"
import { openScratch } from "./scratch.ts"
import { enabledUnits } from "./units.ts"
import { describeVolumes, removeVolume } from "./volumes.ts"

/**
 * Machines on this host: systemd-nspawn over overlays, on a bridge of the project's own. Making the engine does
 * nothing; its verbs need root.
 *
 * @throws FireclayError FC_NOT_ROOT, FC_MISSING_TOOL, from each verb
 * @example
 * const engine = localEngine({ project: "shop", projectDirectory: "/srv/shop" })
 * await engine.ensureBase({ distribution: "debian", suite: "bookworm", include: [] })
 */
export const localEngine = (options: LocalOptions): Engine => {
  const at = place(options)
  const network = networkOf(at)
  return {
    name: "local",
    layout: imagesDirectory(at),
    ensureBase: async (base, progress, choice) => {
      requireRoot()
      return (await ensureBase(at, base, progress, choice)).digest
    },
    openScratch: async (from) => {
      requireRoot()
      await makePrivate(at.home)
      return openScratch(at, await stackOf(at, from))
    },
    image: (digest) => readImage(at, digest),
    images: () => listImages(at),
    checkImage: async (digest) => (await import("./verify.ts")).verifyImage(at, digest),
    unitsOf: (digest) => enabledUnits(at, digest),
    removeImage: async (digest) => {
      requireRoot()
      await removeUnusedImage(at, digest)
    },
    create: (want) => create(at, network, want),
    start: async (name, startFiles) => {
      requireRoot()
      const record = await known(at, name)
      if ((await describeInstance(at, record)).running) return describeInstance(at, record)
      await network()
      await startInstance(at, record, "again", startFiles)
      return describeInstance(at, record)
    },
    stop: async (name) => {
      requireRoot()
      await stopInstance(at, await known(at, name))
    },
    keepEvidence: async (want) => {
      requireRoot()
      const record = await known(at, want.name)
      return (await import("./evidence.ts")).keepEvidence(at, record, want)
    },
    remove: async (name) => {
      requireRoot()
      await removeInstance(at, name)
    },
    list: async () => {
      requireRoot()
      return Promise.all((await listInstances(at)).map((record) => describeInstance(at, record)))
    },
    machine: (name) => instanceMachine(at, name),
    watch: async (name, tell, signal) =>
      (await import("../watch/inside.ts")).watchInside(await leader(at, name), tell, signal),
    volumes: async () => {
      requireRoot()
      return describeVolumes(at, await listInstances(at))
    },
    removeVolume: async (volume) => {
      requireRoot()
      await removeVolume(at, volume, await listInstances(at))
    },
    inventory: async () => {
      requireRoot()
      return inventory(at)
    },
    destroy: async (what) => {
      requireRoot()
      await destroy(at, what)
    },
  }
}

const create = async (at: Place, network: () => Promise<void>, want: InstanceWant): Promise<Instance> => {
  requireRoot()
  requireName(want.name)
  await makePrivate(at.home)
  const [{ lowers }] = await Promise.all([stackOf(at, want.from), network()])
  const record = await registerInstance(at, want, lowers)
  try {
    await startInstance(at, record, "new", want.startFiles)
  } catch (error) {
    await removeInstance(at, want.name)
    throw error
  }
  return describeInstance(at, record)
}

/** Sets the network up once for all that are made at the same time, and again when it has gone. */
const networkOf = (at: Place): (() => Promise<void>) => {
  let ready: Promise<void> | undefined
  return async () => {
    const seen = ready
    const there = await seen?.then(
      () => hasBridge(at),
      () => false,
    )
    if (there === false && ready === seen) ready = undefined
    ready ??= ensureNetwork(at)
    return ready
  }
}

const instanceMachine = (at: Place, name: string): Machine =>
  localMachine({
    name,
    leader: () => leader(at, name),
    address: async () => (await known(at, name)).address,
    lastWords: async (lines) => {
      const { process } = await known(at, name)
      return process === undefined ? undefined : lastWords(parts(instanceDirectory(at, name)), lines)
    },
  })

const stackOf = async (at: Place, from: Parameters<Engine["openScratch"]>[0]): Promise<Stack> =>
  "image" in from
    ? stackOnImage(at, from.image)
    : stackOnBase(at, await ensureBase(at, from.base, undefined, { digest: from.digest }))

const removeUnusedImage = async (at: Place, digest: string): Promise<void> => {
  const users = (await listInstances(at)).filter((record) => record.image === digest).map((record) => record.name)
  refuseUsedImage(digest, users)
  await removeImage(at, digest)
}

const known = async (at: Place, name: string): Promise<InstanceRecord> => {
  const record = await readInstance(at, name)
  if (record !== undefined) return record
  throw new FireclayError("FC_MACHINE_UNREACHABLE", `there is no local machine ${name}`, { remedy: "fireclay status" })
}

const leader = async (at: Place, name: string): Promise<number> => {
  requireRoot()
  const pid = await leaderOfDirectory(instanceDirectory(at, name))
  if (pid !== undefined) return pid
  await known(at, name)
  throw new FireclayError("FC_MACHINE_UNREACHABLE", `local machine ${name} is not running`, {
    at: name,
    remedy: "fireclay status, then fireclay apply, which starts it",
  })
}

const requireRoot = (): void => {
  if (process.getuid?.() === 0) return
  throw new FireclayError("FC_NOT_ROOT", "local machines need root", { remedy: "run the same command with sudo" })
}
