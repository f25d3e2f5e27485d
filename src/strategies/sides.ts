import type { Member, Move, Side } from "../contract/index.ts"

/** What the target's own side still needs by replacement, once the old one is out of the picture. */
export interface Settling {
  /** Take these in: they are up and there is room. */
  readonly admit: readonly Member[]
  /** Beyond the wanted size and serving. */
  readonly surplus: readonly Member[]
  /** Beyond the wanted size and not serving. */
  readonly spare: readonly Member[]
  /** How many do not exist yet. */
  readonly missing: number
}

export const settlingOf = (fresh: Side, size: number): Settling => {
  const room = Math.max(0, size - fresh.serving.size)
  return {
    admit: fresh.waiting.take(room),
    surplus: fresh.serving.size > size ? fresh.serving.take().slice(size) : [],
    spare: fresh.waiting.size > room ? fresh.waiting.take().slice(room) : [],
    missing: Math.max(0, room - fresh.waiting.size),
  }
}

/** How many may stop serving, so that at least so many go on. */
export const mayStop = (serving: number, least: number): number => Math.max(0, serving - Math.max(0, least))

export const ids = (members: readonly Member[]): readonly string[] => members.map(({ id }) => id)

export const each = (verb: "update" | "admit" | "drain" | "retire", members: readonly Member[]): readonly Move[] =>
  members.map(({ id }) => ({ do: verb, id }))

export const create = (count: number): readonly Move[] => (count > 0 ? [{ do: "create", count }] : [])
