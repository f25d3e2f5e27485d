import { FireclayError, type StoredEvent } from "../../contract/index.ts"

/**
 * The end of a log at one moment. Kept elsewhere, it shows later whether all that stood there then still does: who can
 * write the log can give all of it new hashes, but none that end in this one.
 */
export interface Anchor {
  /** Identity of the store. */
  readonly store: string
  /** How many events there were. */
  readonly number: number
  /** Hash of the last one. */
  readonly hash: string
}

export const anchorOf = (store: string, events: readonly StoredEvent[]): Anchor | undefined => {
  const last = events.at(-1)
  return last === undefined ? undefined : { store, number: last.number, hash: last.hash }
}

/** `3f0a…:42:9c0d…`: one word, for a ticket, a mail or another system's log. */
export const renderAnchor = ({ store, number, hash }: Anchor): string => `${store}:${number}:${hash}`

/**
 * @throws FireclayError FC_USAGE
 *
 * @example parseAnchor(`4Yx0Zb7hQ2mW9sKp:42:${"0a".repeat(32)}`)
 */
export const parseAnchor = (text: string): Anchor => {
  const [, store = "", number = "", hash = ""] =
    /^([0-9A-Za-z]{16,}):([1-9]\d*):([0-9a-f]{64})$/.exec(text.trim()) ?? []
  if (store === "")
    throw new FireclayError("FC_USAGE", "this is no anchor", {
      at: "--anchor",
      remedy: "give it as it was printed by: fireclay audit anchor",
    })
  return { store, number: Number(number), hash }
}

/** Why the log is not the one of which this was the end; `undefined`: it is. */
export const contradiction = (anchor: Anchor, store: string, events: readonly StoredEvent[]): string | undefined => {
  if (anchor.store !== store) return "it is of another log"
  const event = events.find(({ number }) => number === anchor.number)
  if (event === undefined) return `the log has no event ${anchor.number} any more`
  return event.hash === anchor.hash ? undefined : `event ${anchor.number}, or one before it, is not what it was`
}
