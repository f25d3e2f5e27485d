import { type Content, FireclayError, type Json, type Store, type StoredEvent } from "../contract/index.ts"
import type { Pace } from "./forecast.ts"
import type { Bundle, Manifest } from "./release.ts"
import { type Drifted, readDrifted } from "./rollout/drifted.ts"
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
  readonly sizing?: Sizing
  /** Instances of the release in force that others are to take the place of. */
  readonly drifted?: Drifted
}

/** How many instances a rollout was to end with, and how many the configuration said at that time. */
export interface Sizing {
  readonly size: number
  readonly configured: number
}

/** What the event log says of one fleet. */
export interface FleetRecord {
  readonly fleet: string
  readonly releases: readonly Release[]
  /** Number of the release in force; `undefined`: none was ever delivered, or the fleet was destroyed. */
  readonly current: number | undefined
  /** A rollout that has neither finished nor failed: its controller died. */
  readonly open: OpenRollout | undefined
  /** A rollout that was stopped half-way on purpose: some machines are at its release. */
  readonly stopped: OpenRollout | undefined
  /** Machines that were left at another release than the one in force, or at none, by rollouts that say so. */
  readonly elsewhere: ReadonlyMap<string, number | undefined>
  /** Since when the release in force is: ISO 8601. */
  readonly since?: string
  /** How many instances the last rollout that came to its end left. Absent: machines that stay, or an earlier Fireclay. */
  readonly sizing?: Sizing
  /** How long the moves of the last rollout took. */
  readonly pace?: Pace
  /** Releases from which people went back on purpose. */
  readonly rejected: ReadonlySet<number>
  /** Releases that were in force, oldest first, each as often as it was. */
  readonly history: readonly number[]
}

export const readFleet = async (store: Store, fleet: string): Promise<FleetRecord> =>
  (await store.events({ fleet })).reduce(fold, { fleet, releases: [], ...nothingYet })

const nothingYet = {
  current: undefined,
  open: undefined,
  stopped: undefined,
  elsewhere: new Map<string, number | undefined>(),
  history: [],
  rejected: new Set<number>(),
} as const

/** Where the log says that a machine is; `undefined`: nothing was delivered to it. */
export const expectedRelease = ({ elsewhere, current }: FleetRecord, member: string): number | undefined =>
  elsewhere.has(member) ? elsewhere.get(member) : current

const fold = (record: FleetRecord, event: StoredEvent): FleetRecord => {
  const { body } = event
  switch (event.kind) {
    case "release.created":
      return { ...record, releases: [...record.releases, toRelease(event)] }
    case "rollout.started":
      return { ...record, open: toRollout(body) }
    case "rollout.finished":
      return {
        ...record,
        open: undefined,
        stopped: undefined,
        elsewhere: toElsewhere(body, Number(body.to)),
        current: Number(body.to),
        ...(record.current === Number(body.to) ? {} : { since: event.at }),
        ...(record.open?.sizing === undefined ? {} : { sizing: record.open.sizing }),
        ...(typeof body.pace === "object" && body.pace !== null ? { pace: body.pace as unknown as Pace } : {}),
        rejected: rejectedAfter(record, body),
        history: [...record.history, Number(body.to)],
      }
    case "rollout.stopped":
      return { ...record, open: undefined, stopped: toRollout(body), elsewhere: toElsewhere(body, record.current) }
    case "rollout.reverted":
      return { ...record, open: undefined, current: toNumber(body.to) }
    case "rollout.failed":
      return { ...record, open: undefined }
    case "fleet.destroyed":
      return {
        fleet: record.fleet,
        releases: record.releases,
        ...nothingYet,
      }
    default:
      return record
  }
}

/** Going back to a release says that it is good, and that what was left is not. */
const rejectedAfter = ({ rejected, current }: FleetRecord, { to, back }: StoredEvent["body"]): ReadonlySet<number> => {
  const still = [...rejected].filter((number) => number !== to)
  return new Set(back === true && current !== undefined && current !== to ? [...still, current] : still)
}

const toNumber = (value: Json | undefined): number | undefined => (typeof value === "number" ? value : undefined)

const toRollout = (body: StoredEvent["body"]): OpenRollout => ({
  id: String(body.rollout),
  from: toNumber(body.from),
  to: Number(body.to),
  ...toSizing(body),
  ...readDrifted(body),
})

const toSizing = ({ size, configured }: StoredEvent["body"]): Pick<OpenRollout, "sizing"> =>
  typeof size === "number" && typeof configured === "number" ? { sizing: { size, configured } } : {}

/** An event's version map, as far as it differs from the release in force. Those of an earlier Fireclay have none. */
const toElsewhere = ({ versions }: StoredEvent["body"], current: number | undefined): FleetRecord["elsewhere"] =>
  new Map(
    Object.entries(typeof versions === "object" && versions !== null ? versions : {})
      .map(([member, release]) => [member, toNumber(release)] as const)
      .filter(([, release]) => release !== current),
  )

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
 * The release that a digest already is: the one in force, the one that a rollout was on its way to when its controller
 * died or it was stopped, or the newest if it never came into force. An older one of the same digest is history; the same again is a new release.
 */
export const knownRelease = (record: FleetRecord, digest: string): Release | undefined => {
  const newest = record.releases.at(-1)
  const unused = newest === undefined || record.history.includes(newest.number) ? undefined : newest.number
  return [record.current, record.open?.to, record.stopped?.to, unused]
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

/**
 * Numbers of all releases, in the order in which somebody may want to have them back: the one in force, then those that
 * were, the last first; then those that people went back from, and those that never were.
 */
export const byLastInForce = ({ releases, history, current, rejected }: FleetRecord): readonly number[] => [
  ...new Set([
    ...(current === undefined ? [] : [current]),
    ...history.toReversed().filter((number) => !rejected.has(number)),
    ...history.toReversed(),
    ...releases.map(({ number }) => number).toReversed(),
  ]),
]

/** A release with its bytes, from the store. */
export const loadBundle = async (
  store: Store,
  release: Pick<Release, "number" | "digest" | "manifest">,
): Promise<Bundle> => {
  const digests = contentsOf(release.manifest)
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

/** Digests of what a release has in the store. */
export const contentsOf = ({ resources }: Manifest): readonly string[] =>
  resources.flatMap(({ contents }) => contents.flatMap(digestsOf))

/** Of content with secrets only its template is in the store. */
const digestsOf = ({ sha256, sealed }: Content): readonly string[] => {
  if (sealed === undefined) return [sha256]
  return "template" in sealed ? [sealed.template] : []
}
