import type { Fleet, Machine, Member, Move } from "../../contract/index.ts"
import { converge, refuseStale, refuseUnfit } from "../converge.ts"
import type { LeasedBench } from "../lease.ts"
import { type FleetRecord, loadBundle, releaseOf } from "../ledger.ts"
import type { Limit } from "../limit.ts"
import { readMachineState } from "../machine-state.ts"
import { planMachine } from "../plan.ts"
import { undoTransaction } from "../transaction/transaction.ts"
import type { Hands, Target } from "./crew.ts"
import { healthGate } from "./gate.ts"
import type { Shown } from "./in-place.ts"
import type { Traffic } from "./traffic.ts"

interface Site {
  readonly bench: LeasedBench
  readonly fleet: Fleet
  readonly record: FleetRecord
  /** Its release is a number that no release has: what is to be reached is none. */
  readonly target: Target
  readonly limit: Limit
  readonly shown: Shown
  readonly traffic: Traffic
  /** Those that it is limited to. */
  readonly machines: ReadonlyMap<string, Machine>
}

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

  changed(): readonly string[] {
    return [...this.#touched.keys()]
  }

  async members(): Promise<readonly Member[]> {
    const { machines, traffic } = this.#site
    const unseen = [...machines.keys()].filter((id) => !this.#releases.has(id))
    const phases = await traffic.phases()
    await Promise.all(unseen.map((id) => this.#look(id)))
    for (const id of unseen) if (phases.get(id) !== "serving") this.#aside.add(id)
    return [...machines.keys()].map((id) => ({
      id,
      release: this.#releases.get(id),
      phase: this.#aside.has(id) ? "serving" : (phases.get(id) ?? "idle"),
    }))
  }

  async perform(move: Move): Promise<void> {
    switch (move.do) {
      case "update":
        return this.#update(move.id)
      case "admit":
        return this.#admit(move.id, this.#site.target.bundle.manifest.port)
      case "drain":
        return this.#aside.has(move.id) ? this.#update(move.id) : this.#site.traffic.drain([move.id])
      default:
        throw new TypeError(`${move.do} is not a move of delivery in place`)
    }
  }

  /** Exactly, and only what this run did: the others stay as they are. */
  async revert(): Promise<void> {
    const failures: unknown[] = []
    for (const id of [...this.#site.machines.keys()].toReversed())
      await this.#revertOne(id).catch((error: unknown) => failures.push(error))
    if (failures.length > 0) throw failures[0]
  }

  async #look(id: string): Promise<void> {
    const { target, bench, fleet, limit, shown } = this.#site
    const plan = await planMachine(this.#machine(id), target.bundle, bench.types, { only: limit.only })
    // Before any machine is changed.
    refuseUnfit(bench, fleet, plan)
    await refuseStale(this.#machine(id), plan, shown.get(id))
    this.#releases.set(id, plan.steps.length === 0 ? target.release.number : plan.from)
  }

  async #update(id: string): Promise<void> {
    const { bench, fleet, target, limit, shown } = this.#site
    const machine = this.#machine(id)
    const sight = shown.get(id)
    const converged = await converge(bench, machine, {
      fleet,
      ...target,
      limit,
      ...(sight === undefined ? {} : { shown: sight }),
      verify: () => healthGate(bench, machine, target.bundle.manifest, bench.signal),
    })
    this.#releases.set(id, converged.release)
    if (converged.changed) this.#touched.set(id, converged.transaction)
  }

  async #revertOne(id: string): Promise<void> {
    const { bench, fleet, record, traffic } = this.#site
    const transaction = this.#touched.get(id)
    const drained = !this.#aside.has(id) && (await traffic.phases()).get(id) === "drained"
    if (transaction === undefined && !drained) return
    const machine = this.#machine(id)
    bench.progress({ fleet: fleet.name, member: id, doing: "undoing" })
    if (transaction !== undefined) {
      if (!this.#aside.has(id)) await traffic.drain([id])
      await undoTransaction(machine, transaction, bench.lease.epoch)
      this.#touched.delete(id)
    }
    const { state } = await readMachineState(machine)
    // What took no requests may have been unwell before: no gate says more about it than the undo does.
    if (state?.release === undefined || this.#aside.has(id)) return
    const { manifest } = await loadBundle(bench.store, releaseOf(record, state.release))
    await healthGate(bench, machine, manifest)
    await this.#admit(id, manifest.port)
    bench.progress({ fleet: fleet.name, member: id, doing: `back on release ${state.release}`, done: true })
  }

  async #admit(id: string, port = 0): Promise<void> {
    if (this.#aside.has(id)) return
    await this.#site.traffic.admit([{ id, address: await this.#machine(id).address(), port }])
  }

  #machine(id: string): Machine {
    const machine = this.#site.machines.get(id)
    if (machine === undefined) throw new TypeError(`no machine ${id}`)
    return machine
  }
}
