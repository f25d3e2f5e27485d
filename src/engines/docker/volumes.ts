import { type EngineVolume, FireclayError, type Volume } from "../../contract/index.ts"
import type { Place } from "../local/place.ts"
import { exclusiveOf, type Holder, holdingVolumes } from "../local/volumes.ts"
import { type DockerClient, pathOf } from "./client.ts"
import { type Container, containersOf, describeContainer } from "./instances.ts"
import { labels, ours, volumeName } from "./marks.ts"

type VolumeKey = Pick<EngineVolume, "fleet" | "name">

export interface VolumeDocument {
  readonly Name: string
  readonly Mountpoint?: string
  readonly Labels?: { readonly [name: string]: string } | null
}

/** Volumes of the project: those that are kept, and what a container left behind. */
export const volumesOf = async (client: DockerClient, at: Place): Promise<readonly VolumeDocument[]> => {
  const [kept, left] = await Promise.all([
    find(client, ours(at, [labels.volume])),
    find(client, { ...ours(at), dangling: ["true"] }),
  ])
  return [...new Map([...kept, ...left].map((volume) => [volume.Name, volume])).values()]
}

export const describeVolumes = async (client: DockerClient, at: Place): Promise<readonly EngineVolume[]> => {
  const [volumes, containers] = await Promise.all([find(client, ours(at, [labels.volume])), containersOf(client, at)])
  return volumes.map(({ Labels, Mountpoint = "" }) => {
    const key = { fleet: Labels?.[labels.fleet] ?? "", name: Labels?.[labels.volume] ?? "" }
    return { ...key, path: Mountpoint, usedBy: holdersOf(containers, key).map(({ name }) => name) }
  })
}

/** @throws FireclayError FC_VOLUME_IN_USE */
export const removeKept = async (client: DockerClient, at: Place, volume: VolumeKey): Promise<void> => {
  const [user] = holdersOf(await containersOf(client, at), volume)
  if (user !== undefined)
    throw new FireclayError(
      "FC_VOLUME_IN_USE",
      `${user.name} was made with the volume ${volume.name} of ${volume.fleet}`,
      {
        at: `${volume.fleet}/${volume.name}`,
        remedy: `remove its instances first: fireclay destroy ${volume.fleet}`,
      },
    )
  await removeVolume(client, volumeName(at, volume.fleet, volume.name))
}

export const removeVolume = async (client: DockerClient, name: string): Promise<void> => {
  await client.call({ method: "DELETE", path: `/volumes/${name}`, accept: [404] })
}

/**
 * Does what starts a container while no other run of this computer starts one with the same exclusive volume.
 *
 * @throws FireclayError FC_VOLUME_IN_USE
 */
export const holding = <T>(client: DockerClient, at: Place, holder: Holder, action: () => Promise<T>): Promise<T> =>
  holdingVolumes(at, holder, async () => {
    if (exclusiveOf(holder).length > 0) refuseHeld(await containersOf(client, at), holder)
    return action()
  })

export const holderOf = (container: Container): Holder => ({
  name: container.Labels[labels.name] ?? "",
  fleet: container.Labels[labels.fleet] ?? "",
  volumes: (JSON.parse(container.Labels[labels.volumes] ?? "[]") as readonly Omit<Volume, "path">[]).map((volume) => ({
    ...volume,
    path: "",
  })),
})

const refuseHeld = (containers: readonly Container[], holder: Holder): void => {
  for (const { name } of exclusiveOf(holder)) {
    const others = holdersOf(
      containers.filter((container) => describeContainer(container).running),
      { ...holder, name },
    )
    const other = others.find((found) => found.name !== holder.name)
    if (other !== undefined)
      throw new FireclayError("FC_VOLUME_IN_USE", `${other.name} holds the volume ${name} of ${holder.fleet}`, {
        at: holder.name,
        remedy: `stop ${other.name} first, or give the volume access: "shared"`,
      })
  }
}

const holdersOf = (containers: readonly Container[], { fleet, name }: VolumeKey): readonly Holder[] =>
  containers
    .map(holderOf)
    .filter((holder) => holder.fleet === fleet && holder.volumes.some((volume) => volume.name === name))

const find = async (client: DockerClient, filters: object): Promise<readonly VolumeDocument[]> => {
  const path = pathOf("/volumes", { filters })
  const { Volumes } = await client.json<{ readonly Volumes?: readonly VolumeDocument[] | null }>({
    method: "GET",
    path,
  })
  return Volumes ?? []
}
