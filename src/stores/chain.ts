import { createHash } from "node:crypto"
import { hostname, userInfo } from "node:os"
import type { Json, NewEvent, StoredEvent } from "../contract/index.ts"

/** What the first event follows. */
export const genesis = "0".repeat(64)

/** Pure: the event as it is stored, chained to the hash of the one before it. */
export const chain = (
  event: NewEvent,
  place: { readonly number: number; readonly at: string; readonly who: string; readonly previous: string },
): StoredEvent => {
  const { number, at, who, previous } = place
  const { fleet, kind } = event
  // Through JSON once, so that the hash is over what will be read back, whatever the caller put in.
  const body = JSON.parse(JSON.stringify(event.body)) as StoredEvent["body"]
  const hash = hashEvent({ number, at, fleet, kind, who, body }, previous)
  return { number, at, fleet, kind, who, body, hash }
}

/** Lower-case hexadecimal sha256 of the event and the hash before it. */
export const hashEvent = (event: Omit<StoredEvent, "hash">, previous: string): string => {
  const { number, at, fleet, kind, who, body } = event
  return sha256(canonicalJson({ number, at, fleet, kind, who, body, previous }))
}

/** The end of a log, kept apart from its rows: without it a cut-off end would not show. */
export interface Head {
  readonly number: number
  readonly hash: string
}

/** Number of the first event that does not fit; `undefined`: the log is whole. */
export const firstMisfit = (events: Iterable<StoredEvent>, head: Head): number | undefined => {
  let previous = genesis
  let number = 0
  for (const event of events) {
    number += 1
    if (event.number !== number || event.hash !== hashEvent(event, previous)) return event.number
    previous = event.hash
  }
  if (number !== head.number) return Math.min(number, head.number) + 1
  return previous === head.hash ? undefined : number
}

/** JSON with sorted keys and no white space: equal data gives equal text. */
export const canonicalJson = (value: Json): string => {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(",")}]`
  if (typeof value !== "object" || value === null) return JSON.stringify(value)
  const entries = Object.entries(value).toSorted(([left], [right]) => (left < right ? -1 : 1))
  return `{${entries.map(([key, each]) => `${JSON.stringify(key)}:${canonicalJson(each)}`).join(",")}}`
}

export const sha256 = (bytes: Uint8Array | string): string => createHash("sha256").update(bytes).digest("hex")

/** `user@host` of this process. */
export const whoAmI = (): string => `${userName()}@${hostname()}`

const userName = (): string => {
  try {
    return userInfo().username
  } catch {
    return String(process.getuid?.() ?? "unknown") // A user without an entry in passwd.
  }
}
