import {
  type Engine,
  type EngineItem,
  FireclayError,
  type Instance,
  type InstanceWant,
  type StartFiles,
} from "../../contract/index.ts"
import { localEngine } from "../local/engine.ts"
import { type LocalOptions, type Place, place } from "../local/place.ts"
import { refuseUsedImage, requireName } from "../name.ts"
import { type ClientOptions, type DockerClient, dockerClient } from "./client.ts"
import { isGated } from "./container.ts"
import { forgetImage, imagesOf, provideBase, provideImage } from "./images.ts"
import {
  type Container,
  containerItem,
  containersOf,
  createContainer,
  describeContainer,
  findContainer,
  removeContainer,
  start,
  stopContainer,
  type Taken,
} from "./instances.ts"
import { containerMachine } from "./machine.ts"
import { imageName, labels } from "./marks.ts"
import { networksOf, removeNetwork } from "./network.ts"
import { giveFiles } from "./start-files.ts"
import { describeVolumes, holderOf, holding, removeKept, removeVolume, volumesOf } from "./volumes.ts"

export type DockerOptions = LocalOptions & ClientOptions

/**
 * Containers of a Docker daemon, or of Podman through the same API. Images are baked by the local engine, so they are
 * the same, and loaded into the daemon where they are missing. Making the engine does nothing.
 *
 * @throws FireclayError FC_DOCKER_UNREACHABLE, FC_DOCKER_REFUSED, FC_DOCKER_CONTEXT, from each verb
 * @example
 * const containers = dockerEngine({ project: "shop", projectDirectory: "/srv/shop", context: "far" })
 * await containers.list()
 */
export const dockerEngine = (options: DockerOptions): Engine => {
  const at = place(options)
  const client = dockerClient(options)
  const bakery = localEngine(options)
  const taken: Taken = new Set()
  const provide = provider(client, at)
  return {
    name: "docker",
    ...(bakery.layout === undefined ? {} : { layout: bakery.layout }),
    ensureBase: bakery.ensureBase,
    openScratch: bakery.openScratch,
    image: bakery.image,
    images: bakery.images,
    ...(bakery.checkImage === undefined ? {} : { checkImage: bakery.checkImage }),
    removeImage: async (digest) => {
      await refuseUsed(client, at, digest)
      await bakery.removeImage(digest)
      await forgetImage(client, imageName(at, digest))
    },
    create: async (want) => {
      requireName(want.name)
      const image = await provide(want.from)
      return holding(client, at, want, async () => {
        const made = await createContainer(client, at, taken, want, image)
        const give =
          want.startFiles === undefined ? undefined : giveTo(client, at, made, want.startFiles, isGated(want))
        await give?.catch(async (error: unknown) => {
          await remove(client, await known(client, at, want.name))
          throw error
        })
        return made
      })
    },
    start: (name, startFiles) => startAgain(client, at, name, startFiles),
    stop: async (name) => stopContainer(client, await known(client, at, name)),
    keepEvidence: async (want) => {
      const container = await known(client, at, want.name)
      return (await import("./evidence.ts")).keepEvidence(client, at, container, want)
    },
    remove: async (name) => {
      const container = await findContainer(client, at, name)
      if (container !== undefined) await remove(client, container)
    },
    list: async () => (await containersOf(client, at)).map(describeContainer).sort(byName),
    machine: (name) => containerMachine(client, at, name),
    watch: async (name, tell, signal) => {
      const { Id } = await known(client, at, name)
      await (await import("./watch.ts")).watchContainer(client, Id, tell, signal)
    },
    volumes: () => describeVolumes(client, at),
    removeVolume: (volume) => removeKept(client, at, volume),
    inventory: async () => [...(await inventory(client, at)), ...(await bakery.inventory())],
    destroy: async (what) => {
      await destroy(client, at, what)
      await bakery.destroy(what)
    },
  }
}

const startAgain = async (
  client: DockerClient,
  at: Place,
  name: string,
  startFiles: StartFiles | undefined,
): Promise<Instance> => {
  const container = await known(client, at, name)
  if (describeContainer(container).running) return describeContainer(container)
  return holding(client, at, holderOf(container), async () => {
    if (!(await start(client, container.Id, name)))
      throw new FireclayError("FC_INSTANCE_START", `another container has the address of ${name}`, { at: name })
    const started = describeContainer(await known(client, at, name))
    const gated = container.Labels[labels.gated] !== undefined
    if (gated || (startFiles !== undefined && container.Labels[labels.prepared] === undefined))
      await giveTo(client, at, started, startFiles ?? (() => new Map()), gated)
    return started
  })
}

const giveTo = (
  client: DockerClient,
  at: Place,
  self: Instance,
  startFiles: StartFiles,
  gated: boolean,
): Promise<void> => giveFiles(containerMachine(client, at, self.name), startFiles(self), { gated })

/** Loads an image once for all that are made from it at the same time. */
const provider = (client: DockerClient, at: Place): ((from: InstanceWant["from"]) => Promise<string>) => {
  const loading = new Map<string, Promise<string>>()
  return (from) => {
    const key = JSON.stringify(from)
    const found = loading.get(key)
    if (found !== undefined) return found
    const name = "image" in from ? provideImage(client, at, from.image) : provideBase(client, at, from.base)
    loading.set(key, name)
    return name.finally(() => loading.delete(key))
  }
}

const remove = async (client: DockerClient, container: Container): Promise<void> => {
  if (container.Labels[labels.gentle] !== undefined) await stopContainer(client, container)
  await removeContainer(client, container.Id)
}

const inventory = async (client: DockerClient, at: Place): Promise<readonly EngineItem[]> => {
  const [containers, networks, volumes, images] = await Promise.all([
    containersOf(client, at),
    networksOf(client, at),
    volumesOf(client, at),
    imagesOf(client, at),
  ])
  return [
    ...containers.map(containerItem),
    ...networks.map(({ name }): EngineItem => ({ kind: "network", name })),
    ...volumes.map(({ Name }): EngineItem => ({ kind: "volume", name: Name })),
    ...images.map((name): EngineItem => ({ kind: "image", name })),
  ]
}

/** Removes all of that, found by its labels, whatever state a killed controller left it in. */
const destroy = async (client: DockerClient, at: Place, options: { readonly volumes: boolean }): Promise<void> => {
  await Promise.all((await containersOf(client, at)).map((container) => removeContainer(client, container.Id)))
  for (const network of await networksOf(client, at)) await removeNetwork(client, network)
  for (const { Name, Labels } of await volumesOf(client, at))
    if (options.volumes || Labels?.[labels.volume] === undefined) await removeVolume(client, Name)
  for (const name of await imagesOf(client, at)) await forgetImage(client, name)
}

const refuseUsed = async (client: DockerClient, at: Place, digest: string): Promise<void> => {
  const users = (await containersOf(client, at, [`${labels.image}=${digest}`])).map(
    (container) => describeContainer(container).name,
  )
  refuseUsedImage(digest, users)
}

const known = async (client: DockerClient, at: Place, name: string): Promise<Container> => {
  const container = await findContainer(client, at, name)
  if (container !== undefined) return container
  throw new FireclayError("FC_MACHINE_UNREACHABLE", `there is no container ${name}`, { remedy: "fireclay status" })
}

const byName = (one: Instance, other: Instance): number => (one.name < other.name ? -1 : 1)
