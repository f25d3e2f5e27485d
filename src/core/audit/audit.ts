import { isFireclayError, type LogFault, type Store, type StoredEvent } from "../../contract/index.ts"
import { contentsOf } from "../ledger.ts"
import type { Manifest } from "../release.ts"
import { type Anchor, anchorOf, contradiction, renderAnchor } from "./anchor.ts"

/** A log that can be checked: a store, or what was exported from one. */
export interface CheckedLog {
  readonly store: string
  readonly events: readonly StoredEvent[]
  readonly fault: LogFault | undefined
}

export interface Audited {
  readonly store: string
  readonly events: number
  /** The end of the log as it is; absent: it is empty. */
  readonly anchor?: string
  /** What is wrong with it, in words. None: it is as it was written, as far as hashes and anchors reach. */
  readonly faults: readonly string[]
  /** Files of releases that were looked at. */
  readonly files: number
}

/** Checks a project's log: its chain, the files of its releases, and what is known from elsewhere of its end. */
export const auditStore = async (store: Store, anchors: readonly Anchor[]): Promise<Audited> => {
  const [identity, events, fault] = [await store.identity(), await store.events(), await store.verify()]
  const audited = auditLog({ store: identity, events, fault }, anchors)
  const digests = new Set(events.filter(({ kind }) => kind === "release.created").flatMap(digestsIn))
  const lost: string[] = []
  for (const digest of digests) {
    const why = await faultOf(store, digest)
    if (why !== undefined) lost.push(`${why}: sha256 ${digest}`)
  }
  return { ...audited, faults: [...audited.faults, ...lost], files: digests.size }
}

/** Pure: what the events alone say. */
export const auditLog = ({ store, events, fault }: CheckedLog, anchors: readonly Anchor[]): Audited => {
  const end = anchorOf(store, events)
  const contradicted = anchors.flatMap((anchor) => {
    const why = contradiction(anchor, store, events)
    return why === undefined ? [] : [`the anchor of ${anchor.number} events does not hold: ${why}`]
  })
  return {
    store,
    events: events.length,
    ...(end === undefined ? {} : { anchor: renderAnchor(end) }),
    faults: [...(fault === undefined ? [] : [faults[fault.how](fault.number)]), ...contradicted],
    files: 0,
  }
}

const faults: { readonly [how in LogFault["how"]]: (number: number) => string } = {
  changed: (number) => `event ${number} was changed, or does not stand where it stood`,
  missing: (number) => `event ${number} was taken out`,
  "cut-off": (number) => `event ${number} and all after it were cut off`,
  added: (number) => `event ${number} was not written by Fireclay`,
}

/** An edited event may say anything, also what is no manifest. */
const digestsIn = ({ body: { manifest } }: StoredEvent): readonly string[] => {
  try {
    return contentsOf(manifest as unknown as Manifest)
  } catch {
    return []
  }
}

const faultOf = async (store: Store, digest: string): Promise<string | undefined> => {
  try {
    return (await store.blob(digest)) === undefined ? "a release's file is missing" : undefined
  } catch (error) {
    if (isFireclayError(error) && error.code === "FC_STORE_EDITED") return "a release's file was changed"
    throw error
  }
}
