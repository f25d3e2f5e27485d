import { createHash } from "node:crypto"
import type {
  Base,
  Engine,
  Image,
  Instance,
  InstanceWant,
  Machine,
  Output,
  Scratch,
  StartFiles,
  StoredImage,
} from "../contract/index.ts"
import { describeBase, FireclayError } from "../contract/index.ts"
import { type MemoryVolumes, memoryVolumes } from "./memory-volumes.ts"
import { refuseUsedImage } from "./name.ts"

/** A script that a machine of the memory engine was given. */
export interface MemoryScript {
  readonly machine: string
  readonly script: string
  readonly input: Uint8Array
}

export interface MemoryEngineOptions {
  /** Plays the machines. Default: every script succeeds and prints nothing. */
  readonly answer?: (call: MemoryScript) => Output | Promise<Output>
  /** Told at each start what the instance finds. */
  readonly onStart?: (name: string, files: ReadonlyMap<string, Uint8Array>) => void
}

/**
 * An engine that makes nothing: for tests of what stands above engines. No shell runs in its machines. What a scratch
 * machine was told stands for what would have changed in it, so the same scripts give the same digest.
 */
export const memoryEngine = (options: MemoryEngineOptions = {}): Engine => {
  const answer = options.answer ?? (() => silence)
  const images = new Map<string, StoredImage>()
  const instances = new Map<string, Instance>()
  const world: World = {
    answer,
    images,
    instances,
    volumes: memoryVolumes(),
    onStart: options.onStart ?? (() => undefined),
  }
  return {
    name: "memory",
    ensureBase: async (base, progress) => {
      progress?.(`made the base ${describeBase(base)}`)
      return baseDigest(base)
    },
    openScratch: async (from) => openScratch(world, from),
    image: async (digest) => asImage(images.get(digest)),
    images: async () => [...images.values()],
    removeImage: async (digest) => removeImage(world, digest),
    create: async (want) => create(world, want),
    start: async (name, startFiles) => {
      const { address, running } = knownInstance(world, name)
      if (!running) begin(world, { name, address }, startFiles)
      return setRunning(world, name, true)
    },
    stop: async (name) => {
      setRunning(world, name, false)
    },
    keepEvidence: async ({ name, report }) => {
      knownInstance(world, name)
      return `sha256:${createHash("sha256").update(report).digest("hex")}`
    },
    remove: async (name) => {
      instances.delete(name)
      world.volumes.forget(name)
    },
    list: async () => [...instances.values()].sort((a, b) => (a.name < b.name ? -1 : 1)),
    machine: (name) => instanceMachine(world, name),
    volumes: async () => world.volumes.list(),
    removeVolume: async (volume) => world.volumes.remove(volume),
    inventory: async () => [
      ...[...instances.keys()].map((name) => ({ kind: "process" as const, name })),
      ...[...images.keys()].map((name) => ({ kind: "directory" as const, name })),
    ],
    destroy: async ({ volumes }) => {
      for (const name of instances.keys()) world.volumes.forget(name)
      instances.clear()
      images.clear()
      if (volumes) world.volumes.clear()
    },
  }
}

interface World {
  readonly answer: (call: MemoryScript) => Output | Promise<Output>
  readonly images: Map<string, StoredImage>
  readonly instances: Map<string, Instance>
  readonly volumes: MemoryVolumes
  readonly onStart: NonNullable<MemoryEngineOptions["onStart"]>
}

/** What an instance finds when it starts; nothing, where another one holds what it needs for itself. */
const begin = (world: World, self: Pick<Instance, "name" | "address">, startFiles: StartFiles | undefined): void => {
  world.volumes.refuseHeld(self.name, (name) => world.instances.get(name)?.running === true)
  world.onStart(self.name, startFiles?.(self) ?? new Map())
}

const openScratch = (world: World, from: { readonly base: Base } | { readonly image: string }): Scratch => {
  if ("image" in from) knownImage(world, from.image)
  const content = createHash("sha256").update("image" in from ? from.image : baseDigest(from.base))
  let open = true
  let image: Image | undefined
  const machine = machineOf(
    "scratch",
    async () => "127.0.0.1",
    async (call) => {
      if (!open) throw unreachable("the scratch machine was committed or discarded")
      content.update(JSON.stringify([call.script, Buffer.from(call.input).toString("base64")]))
      return world.answer(call)
    },
  )
  return {
    machine,
    commit: async (examine) => {
      if (image !== undefined) return image
      if (!open) throw unreachable("the scratch machine was discarded")
      open = false
      await examine?.(nothing(), "{}")
      const digest = `sha256:${content.digest("hex")}`
      const below = "image" in from ? (world.images.get(from.image)?.layers ?? []) : [layer(baseDigest(from.base))]
      const layers = [...below, layer(digest)]
      image = { digest, size: layers.length }
      world.images.set(digest, { ...image, layers, createdAt: new Date().toISOString() })
      return image
    },
    discard: async () => {
      open = false
    },
  }
}

const nothing = async function* (): AsyncGenerator<Uint8Array> {}

const layer = (digest: string): StoredImage["layers"][number] => ({ digest, size: 1 })

const asImage = (stored: StoredImage | undefined): Image | undefined =>
  stored === undefined ? undefined : { digest: stored.digest, size: stored.size }

const removeImage = (world: World, digest: string): void => {
  const users = [...world.instances.values()].filter((instance) => instance.image === digest)
  refuseUsedImage(
    digest,
    users.map(({ name }) => name),
  )
  world.images.delete(digest)
}

const create = (world: World, want: InstanceWant): Instance => {
  if (world.instances.has(want.name))
    throw new FireclayError("FC_INSTANCE_START", `there is an instance ${want.name} already`)
  if ("image" in want.from) knownImage(world, want.from.image)
  const instance: Instance = {
    name: want.name,
    fleet: want.fleet,
    ...(want.release === undefined ? {} : { release: want.release }),
    ...("image" in want.from ? { image: want.from.image } : {}),
    address: freeAddress(world),
    running: true,
    createdAt: new Date().toISOString(),
  }
  world.volumes.add(want)
  try {
    begin(world, instance, want.startFiles)
  } catch (error) {
    world.volumes.forget(want.name)
    throw error
  }
  world.instances.set(want.name, instance)
  return instance
}

const setRunning = (world: World, name: string, running: boolean): Instance => {
  const instance = { ...knownInstance(world, name), running }
  world.instances.set(name, instance)
  return instance
}

const instanceMachine = (world: World, name: string): Machine =>
  machineOf(
    name,
    async () => knownInstance(world, name).address,
    async (call) => {
      if (!knownInstance(world, name).running) throw unreachable(`${name} is not running`)
      return world.answer(call)
    },
  )

const machineOf = (
  name: string,
  address: () => Promise<string>,
  answer: (call: MemoryScript) => Promise<Output>,
): Machine => ({
  name,
  description: `memory ${name}`,
  address,
  sh: async (script, options = {}) => {
    const output = await answer({ machine: name, script, input: options.input ?? new Uint8Array() })
    if (options.onStdout === undefined) return output
    if (output.stdout.length > 0) options.onStdout(output.stdout)
    return { ...output, stdout: Buffer.alloc(0) }
  },
  close: async () => undefined,
})

const silence: Output = { exitCode: 0, stdout: Buffer.alloc(0), stderr: Buffer.alloc(0) }

const baseDigest = (base: Base): string => {
  const inputs =
    "distribution" in base ? [base.distribution, base.suite, [...new Set(base.include)].sort()] : Object.values(base)
  return `sha256:${createHash("sha256").update(JSON.stringify(inputs)).digest("hex")}`
}

const freeAddress = (world: World): string => {
  const taken = new Set([...world.instances.values()].map((instance) => instance.address))
  let host = 2
  while (taken.has(`192.0.2.${host}`)) host++
  return `192.0.2.${host}`
}

const knownInstance = (world: World, name: string): Instance => {
  const instance = world.instances.get(name)
  if (instance === undefined) throw unreachable(`there is no machine ${name}`)
  return instance
}

const knownImage = (world: World, digest: string): void => {
  if (!world.images.has(digest)) throw new FireclayError("FC_IMAGE_UNKNOWN", `there is no image ${digest}`)
}

const unreachable = (message: string): FireclayError => new FireclayError("FC_MACHINE_UNREACHABLE", message)
