import { setTimeout as sleep } from "node:timers/promises"
import { FireclayError } from "../../contract/index.ts"
import { hash, type Place } from "../local/place.ts"
import { type Answer, type DockerClient, messageOf, pathOf } from "./client.ts"
import { networkName, ours, ownLabels } from "./marks.ts"

export interface Network {
  readonly id: string
  readonly name: string
  /** The beginning of its addresses, such as `10.214.7`. */
  readonly prefix: string
}

/**
 * Makes the project's network unless it is there. A daemon takes one name twice: of several the oldest is meant, by
 * all who look.
 */
export const ensureNetwork = async (client: DockerClient, at: Place): Promise<Network> => {
  const [before] = await networksOf(client, at)
  if (before !== undefined) return before
  // Each daemon's is another: this computer has to tell the ways to them apart.
  const first = Number.parseInt(hash(at.home + (client.context ?? "")).slice(0, 2), 16)
  for (let step = 0; step < 256; step++) {
    const refusal = await create(client, at, `10.214.${(first + step) % 256}`)
    if (refusal !== undefined && !isTaken(refusal))
      throw new FireclayError("FC_NETWORK", `the containers' network could not be made: ${refusal}`)
    const made = await found(client, at, refusal === undefined ? 1 : 10)
    if (made !== undefined) return made
  }
  throw new FireclayError("FC_NETWORK", "no network of 10.214.0.0/16 is free", { remedy: "docker network prune" })
}

interface NetworkDocument {
  readonly Id: string
  readonly Name: string
  readonly Created: string
  readonly IPAM?: { readonly Config?: readonly { readonly Subnet?: string }[] | null }
}

/** Networks of the project, the oldest first. */
export const networksOf = async (client: DockerClient, at: Place): Promise<readonly Network[]> => {
  const path = pathOf("/networks", { filters: ours(at) })
  const documents = await client.json<readonly NetworkDocument[]>({ method: "GET", path })
  return documents
    .toSorted((one, other) => (`${one.Created} ${one.Id}` < `${other.Created} ${other.Id}` ? -1 : 1))
    .map(({ Id, Name, IPAM }) => ({
      id: Id,
      name: Name,
      prefix: IPAM?.Config?.[0]?.Subnet?.split(".").slice(0, 3).join(".") ?? "",
    }))
}

export const removeNetwork = async (client: DockerClient, { id }: Network): Promise<void> => {
  await client.call({ method: "DELETE", path: `/networks/${id}`, accept: [404] })
}

/** Makes it on a subnet; answers why not. */
const create = async (client: DockerClient, at: Place, prefix: string): Promise<string | undefined> => {
  const answer: Answer = await client.call({
    method: "POST",
    path: "/networks/create",
    json: {
      Name: networkName(at),
      Driver: "bridge",
      CheckDuplicate: true,
      Labels: ownLabels(at),
      IPAM: { Config: [{ Subnet: `${prefix}.0/24`, Gateway: `${prefix}.1` }] },
    },
    accept: [400, 403, 409, 500],
  })
  return answer.status < 300 ? undefined : messageOf(answer)
}

const isTaken = (message: string): boolean => /overlap|already (used|being used|allocated|exists)|in use/i.test(message)

/** Another run that was faster holds the subnet before its network can be seen. */
const found = async (client: DockerClient, at: Place, looks: number): Promise<Network | undefined> => {
  for (let look = 0; look < looks; look++) {
    if (look > 0) await sleep(50)
    const [network] = await networksOf(client, at)
    if (network !== undefined) return network
  }
  return undefined
}
