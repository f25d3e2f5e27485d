import type { Member, Move, RolloutView } from "../contract/index.ts"

/** The members of one side of a rollout, those that take traffic and those that do not. */
export interface Side {
  readonly serving: readonly Member[]
  readonly waiting: readonly Member[]
}

/** A fleet by release: what is at the target, and all that is not, whatever it is. */
export interface Sides {
  readonly fresh: Side
  readonly old: Side
}

export const sidesOf = ({ members, target }: RolloutView): Sides => ({
  fresh: side(members.filter((member) => member.release === target)),
  old: side(members.filter((member) => member.release !== target)),
})

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
  const room = Math.max(0, size - fresh.serving.length)
  return {
    admit: fresh.waiting.slice(0, room),
    surplus: fresh.serving.slice(size),
    spare: fresh.waiting.slice(room),
    missing: Math.max(0, room - fresh.waiting.length),
  }
}

export const ids = (members: readonly Member[]): readonly string[] => members.map(({ id }) => id)

export const each = (verb: "update" | "admit" | "drain" | "retire", members: readonly Member[]): readonly Move[] =>
  members.map(({ id }) => ({ do: verb, id }))

export const create = (count: number): readonly Move[] => (count > 0 ? [{ do: "create", count }] : [])

const side = (members: readonly Member[]): Side => ({
  serving: members.filter(({ phase }) => phase === "serving"),
  waiting: members.filter(({ phase }) => phase !== "serving"),
})
