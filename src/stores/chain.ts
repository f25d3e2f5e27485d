import { createHash } from "node:crypto"
import { hostname, userInfo } from "node:os"
import type { Json, LogFault, NewEvent, StoredEvent } from "../contract/index.ts"

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

/** The first event that does not fit; `undefined`: the log is whole. Without a head, a cut-off end does not show. */
export const firstFault = (events: Iterable<StoredEvent>, head?: Head): LogFault | undefined => {
  let last: Head = { number: 0, hash: genesis }
  for (const event of events) {
    const number = last.number + 1
    if (event.number > number && event.number <= (head?.number ?? event.number)) return { number, how: "missing" }
    if (event.number > number) return { number: event.number, how: "added" }
    if (event.number < number || event.hash !== hashEvent(event, last.hash))
      return { number: event.number, how: number > (head?.number ?? number) ? "added" : "changed" }
    last = { number, hash: event.hash }
  }
  return head === undefined ? undefined : faultAtEnd(last, head)
}

const faultAtEnd = (last: Head, head: Head): LogFault | undefined => {
  if (last.number < head.number) return { number: last.number + 1, how: "cut-off" }
  if (last.number > head.number) return { number: head.number + 1, how: "added" }
  return last.hash === head.hash ? undefined : { number: last.number, how: "changed" }
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
