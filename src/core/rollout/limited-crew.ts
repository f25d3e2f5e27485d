import type { Member } from "../../contract/index.ts"
import { readMachineState } from "../machine-state.ts"
import { sideBySide } from "../side-by-side.ts"
import { type Changes, changesOf, type Hands, type MemberMove } from "./crew.ts"
import { fetchAhead } from "./fetch-ahead.ts"
import { admit, lookAt, machineAt, revertEach, type Site, serveAgain, takeBack, update } from "./site.ts"
import type { Traffic } from "./traffic.ts"

/**
 * Converges what a limited run is about. For the policy a machine without anything to do is at the target. One that takes
 * no requests is not admitted by this: it never was at a release.
 */
export class LimitedCrew implements Hands {
  readonly #site: Site
  readonly #releases = new Map<string, number | undefined>()
  /** Machines that this run changed, with the transaction that did, in order. */
  readonly #touched = new Map<string, string>()
  /** Machines that took no requests when the run began. */
  readonly #aside = new Set<string>()

  constructor(site: Site) {
    this.#site = site
  }

  get traffic(): Traffic {
    return this.#site.traffic
  }

  changed(): readonly string[] {
    return [...this.#touched.keys()]
  }

  async members(): Promise<readonly Member[]> {
    const { machines, traffic } = this.#site
    const unseen = [...machines.keys()].filter((id) => !this.#releases.has(id))
    const phases = await traffic.phases()
    await sideBySide(unseen, (id) => this.#look(id))
    for (const id of unseen) if (phases.get(id) !== "serving") this.#aside.add(id)
    return [...machines.keys()].map((id) => ({
      id,
      release: this.#releases.get(id),
      phase: this.#aside.has(id) ? "serving" : (phases.get(id) ?? "idle"),
    }))
  }

  async perform(move: MemberMove): Promise<Changes> {
    switch (move.do) {
      case "update":
        return this.#update(move.id)
      case "admit":
        await this.#admit(move.id)
        return changesOf(move, this.#site.target.release.number)
      case "drain":
        if (this.#aside.has(move.id)) return this.#update(move.id)
        await fetchAhead(this.#site, move.id)
        await this.#site.traffic.drain([move.id])
        return changesOf(move, this.#site.target.release.number)
      default:
        throw new TypeError(`${move.do} is not a move of delivery in place`)
    }
  }

  /** What is shown before it serves is a release, and this makes none. */
  async preview(): Promise<void> {}

  /** Each was well when it was changed, and what is limited does not wait. */
  async lookAfter(): Promise<void> {}

  /** Exactly, and only what this run did: the others stay as they are. */
  revert(): Promise<void> {
    return revertEach(this.#site, (id) => this.#revertOne(id))
  }

  async #look(id: string): Promise<void> {
    const plan = await lookAt(this.#site, id)
    this.#releases.set(id, plan.steps.length === 0 ? this.#site.target.release.number : plan.from)
  }

  async #update(id: string): Promise<Changes> {
    const converged = await update(this.#site, id)
    this.#releases.set(id, converged.release)
    if (converged.changed) this.#touched.set(id, converged.transaction)
    return new Map([[id, { release: converged.release }]])
  }

  async #revertOne(id: string): Promise<void> {
    const { bench, fleet, traffic } = this.#site
    const transaction = this.#touched.get(id)
    const drained = !this.#aside.has(id) && (await traffic.phases()).get(id) === "drained"
    if (transaction === undefined && !drained) return
    bench.progress({ fleet: fleet.name, member: id, doing: "undoing" })
    if (transaction !== undefined) {
      if (!this.#aside.has(id)) await traffic.drain([id])
      await takeBack(this.#site, id, transaction)
      this.#touched.delete(id)
    }
    const { state } = await readMachineState(machineAt(this.#site, id))
    // What took no requests may have been unwell before: no gate says more about it than the undo does.
    if (state?.release === undefined || this.#aside.has(id)) return
    await serveAgain(this.#site, id, state.release)
  }

  async #admit(id: string): Promise<void> {
    if (!this.#aside.has(id)) await admit(this.#site, id, this.#site.target.bundle.manifest)
  }
}
