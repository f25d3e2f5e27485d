import { hash, type Place } from "../local/place.ts"

/** What everything that is made for the project bears, so that it is found whatever it is called. */
export const labels = {
  /** The place of the project: its name, and the directory of its configuration. */
  place: "fireclay.place",
  project: "fireclay.project",
  fleet: "fireclay.fleet",
  release: "fireclay.release",
  image: "fireclay.image",
  name: "fireclay.name",
  created: "fireclay.created",
  address: "fireclay.address",
  /** Name of a volume that is kept. */
  volume: "fireclay.volume",
  /** What of them a container was made with, as JSON. */
  volumes: "fireclay.volumes",
  /** On a container that waits for what it is to find at its start. */
  gated: "fireclay.gated",
  /** On a container that has what it is to find at its start with its command. */
  prepared: "fireclay.prepared",
  /** On a container that has something to lose when it is killed. */
  gentle: "fireclay.gentle",
} as const

export const ownLabels = (at: Place): { readonly [name: string]: string } => ({
  [labels.place]: at.bridge,
  [labels.project]: at.project,
})

/** The daemon's `filters`, for what belongs to the project. */
export const ours = (at: Place, more: readonly string[] = []): { readonly label: readonly string[] } => ({
  label: [`${labels.place}=${at.bridge}`, ...more],
})

/** Names are the daemon's for all its users: two checkouts of one project must not meet. */
export const containerName = (at: Place, name: string): string => `${at.bridge}-${name}`
export const networkName = (at: Place): string => at.bridge
export const volumeName = (at: Place, fleet: string, volume: string): string => `${at.bridge}-${fleet}-${volume}`

/** What images of the project are called, without their tag. */
export const repository = (at: Place): string => `fireclay/${at.project}-${hash(at.home).slice(0, 8)}`
export const imageName = (at: Place, digest: string): string => `${repository(at)}:${digest.replace(/^sha256:/, "")}`
