import { type Content, FireclayError, type Json, type Store, type StoredEvent } from "../contract/index.ts"
import type { Bundle, Manifest } from "./release.ts"
import { closeManifest } from "./seal.ts"

export interface Release {
  readonly number: number
  readonly digest: string
  readonly manifest: Manifest
  readonly createdAt: string
}

export interface OpenRollout {
  readonly id: string
  readonly from: number | undefined
  readonly to: number
}

/** What the event log says of one fleet. */
export interface FleetRecord {
  readonly fleet: string
  readonly releases: readonly Release[]
  /** Number of the release in force; `undefined`: none was ever delivered, or the fleet was destroyed. */
  readonly current: number | undefined
  /** A rollout that has neither finished nor failed: its controller died. */
  readonly open: OpenRollout | undefined
  /** Releases that were in force, oldest first, each as often as it was. */
  readonly history: readonly number[]
}

export const readFleet = async (store: Store, fleet: string): Promise<FleetRecord> =>
  (await store.events({ fleet })).reduce(fold, {
    fleet,
    releases: [],
    current: undefined,
    open: undefined,
    history: [],
  })

const fold = (record: FleetRecord, event: StoredEvent): FleetRecord => {
  const { body } = event
  switch (event.kind) {
    case "release.created":
      return { ...record, releases: [...record.releases, toRelease(event)] }
    case "rollout.started":
      return { ...record, open: { id: String(body.rollout), from: toNumber(body.from), to: Number(body.to) } }
    case "rollout.finished":
      return { ...record, open: undefined, current: Number(body.to), history: [...record.history, Number(body.to)] }
    case "rollout.reverted":
      return { ...record, open: undefined, current: toNumber(body.to) }
    case "rollout.failed":
      return { ...record, open: undefined }
    case "fleet.destroyed":
      return { ...record, open: undefined, current: undefined, history: [] }
    default:
      return record
  }
}

const toNumber = (value: Json | undefined): number | undefined => (typeof value === "number" ? value : undefined)

const toRelease = ({ body, at }: StoredEvent): Release => ({
  number: Number(body.number),
  digest: String(body.digest),
  manifest: body.manifest as unknown as Manifest,
  createdAt: at,
})

export const releaseOf = (record: FleetRecord, number: number): Release => {
  const found = record.releases.find((release) => release.number === number)
  if (found !== undefined) return found
  throw new FireclayError("FC_RELEASE_UNKNOWN", `${record.fleet} has no release ${number}`, {
    at: `fleets.${record.fleet}`,
    remedy: `fireclay releases ${record.fleet}`,
  })
}

/**
 * The release that a digest already is: the one in force, the one a dead controller was on its way to, or the newest if
 * it never came into force. An older one of the same digest is history; the same again is a new release.
 */
export const knownRelease = (record: FleetRecord, digest: string): Release | undefined => {
  const newest = record.releases.at(-1)
  const unused = newest === undefined || record.history.includes(newest.number) ? undefined : newest.number
  return [record.current, record.open?.to, unused]
    .flatMap((number) => record.releases.filter((release) => release.number === number))
    .find((release) => release.digest === digest)
}

/** The number that the next new release gets. */
export const nextNumber = ({ releases }: FleetRecord): number =>
  Math.max(0, ...releases.map(({ number }) => number)) + 1

/** Keeps a bundle as the fleet's next release. Contents are stored before the event that names them. */
export const createRelease = async (store: Store, record: FleetRecord, bundle: Bundle): Promise<Release> => {
  await Promise.all([...bundle.bytes.values()].map((bytes) => store.putBlob(bytes)))
  const number = nextNumber(record)
  const manifest = await closeManifest(bundle.manifest)
  const [event] = await store.append([
    {
      fleet: record.fleet,
      kind: "release.created",
      body: { number, digest: bundle.digest, manifest: manifest as unknown as Json },
    },
  ])
  if (event === undefined) throw new FireclayError("FC_STORE", "the store did not answer")
  return toRelease(event)
}

/** A release with its bytes, from the store. */
export const loadBundle = async (
  store: Store,
  release: Pick<Release, "number" | "digest" | "manifest">,
): Promise<Bundle> => {
  const digests = release.manifest.resources.flatMap(({ contents }) => contents.flatMap(digestsOf))
  const load = async (digest: string): Promise<readonly [string, Uint8Array]> => {
    const bytes = await store.blob(digest)
    if (bytes === undefined)
      throw new FireclayError("FC_STORE", `a file of release ${release.number} is missing from the store`, {
        at: `.fireclay/blobs/sha256/${digest}`,
        remedy: "restore .fireclay from a copy",
      })
    return [digest, bytes]
  }
  return { manifest: release.manifest, digest: release.digest, bytes: new Map(await Promise.all(digests.map(load))) }
}

/** Of content with secrets only its template is in the store. */
const digestsOf = ({ sha256, sealed }: Content): readonly string[] => {
  if (sealed === undefined) return [sha256]
  return "template" in sealed ? [sealed.template] : []
}
