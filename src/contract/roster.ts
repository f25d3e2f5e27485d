import type { Group, Member, Sides } from "./strategy.ts"

/**
 * The members of a fleet, sorted by side and phase, and kept so: to change one member costs the same in a fleet of ten
 * and of ten thousand. In each group they stand in the order in which they were given.
 *
 * @example
 * new Roster(2, [{ id: "a", release: 1, phase: "serving" }]).old.serving.size // 1
 */
export class Roster implements Sides {
  readonly fresh = { serving: new MemberGroup(), waiting: new MemberGroup() }
  readonly old = { serving: new MemberGroup(), waiting: new MemberGroup() }
  readonly #target: number
  readonly #members = new Map<string, Member>()
  #baselines = 0

  /** @param target the release that makes a member one of the fresh side */
  constructor(target: number, members: readonly Member[]) {
    this.#target = target
    for (const member of members) this.put(member)
  }

  get size(): number {
    return this.#members.size
  }

  get baselines(): number {
    return this.#baselines
  }

  get(id: string): Member | undefined {
    return this.#members.get(id)
  }

  put(member: Member): void {
    this.remove(member.id)
    this.#members.set(member.id, member)
    this.#groupOf(member).add(member)
    if (this.#isBaseline(member)) this.#baselines += 1
  }

  remove(id: string): void {
    const member = this.#members.get(id)
    if (member === undefined) return
    this.#members.delete(id)
    this.#groupOf(member).delete(id)
    if (this.#isBaseline(member)) this.#baselines -= 1
  }

  all(): readonly Member[] {
    return [...this.#members.values()]
  }

  #groupOf({ release, phase }: Member): MemberGroup {
    const side = release === this.#target ? this.fresh : this.old
    return phase === "serving" ? side.serving : side.waiting
  }

  #isBaseline({ baseline, release }: Member): boolean {
    return baseline === true && release !== this.#target
  }
}

class MemberGroup implements Group {
  readonly #members = new Map<string, Member>()

  get size(): number {
    return this.#members.size
  }

  readonly take = (count = Number.POSITIVE_INFINITY): readonly Member[] => {
    const taken: Member[] = []
    for (const member of this.#members.values()) {
      if (taken.length >= count) break
      taken.push(member)
    }
    return taken
  }

  add(member: Member): void {
    this.#members.set(member.id, member)
  }

  delete(id: string): void {
    this.#members.delete(id)
  }
}
