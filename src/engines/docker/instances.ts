import { type EngineItem, FireclayError, type Instance, type InstanceWant } from "../../contract/index.ts"
import type { Place } from "../local/place.ts"
import { type DockerClient, messageOf, pathOf } from "./client.ts"
import { type ContainerWant, containerBody } from "./container.ts"
import { containerName, labels, ours, ownLabels, volumeName } from "./marks.ts"
import { ensureNetwork } from "./network.ts"

/** A container as the daemon lists it. */
export interface Container {
  readonly Id: string
  /** `running`, `exited`, `created`, `restarting` … */
  readonly State: string
  readonly Labels: { readonly [name: string]: string }
  readonly NetworkSettings?: {
    readonly Networks?: {
      readonly [name: string]: {
        readonly IPAddress?: string
        readonly IPAMConfig?: { readonly IPv4Address?: string } | null
      }
    }
  }
}

export const containersOf = (
  client: DockerClient,
  at: Place,
  more: readonly string[] = [],
): Promise<readonly Container[]> =>
  client.json({ method: "GET", path: pathOf("/containers/json", { all: "1", filters: ours(at, more) }) })

/** `undefined`: no such instance. */
export const findContainer = async (client: DockerClient, at: Place, name: string): Promise<Container | undefined> =>
  (await containersOf(client, at, [`${labels.name}=${name}`]))[0]

export const describeContainer = ({ State, Labels, NetworkSettings }: Container): Instance => {
  const release = Labels[labels.release]
  const image = Labels[labels.image]
  const [network] = Object.values(NetworkSettings?.Networks ?? {})
  return {
    name: Labels[labels.name] ?? "",
    fleet: Labels[labels.fleet] ?? "",
    ...(release === undefined ? {} : { release: Number(release) }),
    ...(image === undefined ? {} : { image }),
    address: Labels[labels.address] ?? (network?.IPAddress || network?.IPAMConfig?.IPv4Address || ""),
    // One that is being restarted is there; whether it serves, its health check says.
    running: State === "running" || State === "restarting",
    createdAt: Labels[labels.created] ?? "",
  }
}

/** Addresses that this process has given out and the daemon may not know of yet. */
export type Taken = Set<string>

/** Makes a container and starts it, in exclusive hold of its volumes. Whatever fails, nothing of it stays. */
export const createContainer = async (
  client: DockerClient,
  at: Place,
  taken: Taken,
  want: InstanceWant,
  image: string,
): Promise<Instance> => {
  await createVolumes(client, at, want)
  const network = want.network === undefined ? await ensureNetwork(client, at) : undefined
  for (;;) {
    const address = network === undefined ? undefined : await takeAddress(client, at, taken, network.prefix)
    const made = { want, image, network: network?.id ?? want.network ?? "", address }
    try {
      if (await registerAndStart(client, at, made)) return await created(client, at, want.name)
    } finally {
      if (address !== undefined) taken.delete(address)
    }
  }
}

const registerAndStart = async (client: DockerClient, at: Place, made: Made): Promise<boolean> => {
  const id = await register(client, at, made)
  const started = await start(client, id, made.want.name).catch(async (error: unknown) => {
    await removeContainer(client, id)
    throw error
  })
  if (!started) await removeContainer(client, id)
  return started
}

/** Starts it. False: another has its address, which an earlier look could not show. */
export const start = async (client: DockerClient, id: string, name: string): Promise<boolean> => {
  const answer = await client.call({
    method: "POST",
    path: `/containers/${id}/start`,
    accept: [304, 400, 403, 404, 409, 500],
  })
  if (answer.status < 400) return true
  const message = messageOf(answer)
  if (isAddressTaken(message)) return false
  throw new FireclayError("FC_INSTANCE_START", `${name} did not start: ${message}`, { at: name })
}

/** As Docker says it, and Podman with either of its networks. */
const isAddressTaken = (message: string): boolean =>
  (/address already in use/i.test(message) && !/port/i.test(message)) ||
  /requested ip address .*(is not available|already allocated)/i.test(message)

/** Removes a container with what was written to it; volumes with a name stay. Not there: no error. */
export const removeContainer = async (client: DockerClient, id: string): Promise<void> => {
  const path = pathOf(`/containers/${id}`, { force: "1", v: "1" })
  const { status } = await client.call({ method: "DELETE", path, accept: [404, 409] })
  // Someone else is removing it: it is gone when waiting for it ends.
  if (status === 409)
    await client.call({ method: "POST", path: `/containers/${id}/wait?condition=removed`, accept: [404] })
}

/** Stops it: its program is asked to end. */
export const stopContainer = async (client: DockerClient, { Id }: Pick<Container, "Id">): Promise<void> => {
  const path = `/containers/${Id}/stop?t=${gentlySeconds}`
  await client.call({ method: "POST", path, accept: [304, 404] })
}

export const containerItem = ({ Labels }: Container): EngineItem => ({
  kind: "container",
  name: Labels[labels.name] ?? "",
})

// As long as a unit has to stop.
const gentlySeconds = 20

type Made = Omit<ContainerWant, "createdAt">

const register = async (client: DockerClient, at: Place, made: Made): Promise<string> => {
  const { want } = made
  const answer = await client.call({
    method: "POST",
    path: pathOf("/containers/create", { name: containerName(at, want.name) }),
    json: containerBody(at, { ...made, createdAt: new Date().toISOString() }),
    accept: [400, 404, 409, 500],
  })
  if (answer.status < 300) return (JSON.parse(answer.body.toString()) as { readonly Id: string }).Id
  if (answer.status === 409)
    throw new FireclayError("FC_INSTANCE_START", `there is an instance ${want.name} already`, {
      at: want.name,
      remedy: "remove it first, or choose another name",
      details: [messageOf(answer)],
    })
  const message = messageOf(answer)
  throw new FireclayError("FC_INSTANCE_START", `${want.name} could not be made: ${message}`, {
    at: want.name,
    // Podman has it from a package of its own, which it merely recommends.
    ...(/container-init binary not found/.test(message) ? { remedy: "install catatonit where the daemon is" } : {}),
  })
}

const created = async (client: DockerClient, at: Place, name: string): Promise<Instance> => {
  const container = await findContainer(client, at, name)
  if (container !== undefined) return describeContainer(container)
  throw new FireclayError("FC_INSTANCE_START", `${name} was removed while it started`, { at: name })
}

/** A free one, the lowest: an instance keeps its address while it is stopped, which the daemon would not see to. */
const takeAddress = async (client: DockerClient, at: Place, taken: Taken, prefix: string): Promise<string> => {
  const used = new Set((await containersOf(client, at)).map((container) => describeContainer(container).address))
  for (let host = 2; host <= 254; host++) {
    const address = `${prefix}.${host}`
    if (used.has(address) || taken.has(address)) continue
    taken.add(address)
    return address
  }
  throw new FireclayError("FC_NETWORK", "all 253 addresses of the project's network are taken", {
    at: `${prefix}.0/24`,
  })
}

const createVolumes = async (client: DockerClient, at: Place, want: InstanceWant): Promise<void> => {
  const { fleet, volumes } = want
  for (const { name } of volumes) {
    const json = {
      Name: volumeName(at, fleet, name),
      Labels: { ...ownLabels(at), [labels.fleet]: fleet, [labels.volume]: name },
    }
    const answer = await client.call({ method: "POST", path: "/volumes/create", json, accept: [500] })
    // Docker takes the one that is there; Podman refuses when another made it at the same moment.
    if (answer.status === 500 && !/already exists/.test(messageOf(answer)))
      throw new FireclayError("FC_INSTANCE_START", `the volume ${name} could not be made: ${messageOf(answer)}`, {
        at: want.name,
      })
  }
}
