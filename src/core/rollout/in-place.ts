import type { FireclayError, Fleet, Member, MemberPhase, OnFailure } from "../../contract/index.ts"
import { converge, isForeign, isInForce, refuseUnfit } from "../converge.ts"
import type { LeasedBench } from "../lease.ts"
import { expectedRelease, type FleetRecord, loadBundle, releaseOf } from "../ledger.ts"
import { type MachineState, readMachineState } from "../machine-state.ts"
import { fleetMachines, provision } from "../machines.ts"
import { mustRestart } from "../patch/restart.ts"
import { openBundle } from "../seal.ts"
import { sideBySide } from "../side-by-side.ts"
import { type Changes, type Crew, changesOf, type MemberMove, type Target, type Versions } from "./crew.ts"
import { fetchAhead } from "./fetch-ahead.ts"
import { healthGate, stillWell, watch } from "./gate.ts"
import { Setbacks } from "./setbacks.ts"
import {
  admit,
  lookAt,
  type MendMachine,
  machineAt,
  revertEach,
  type Shown,
  type Site,
  serveAgain,
  startAnew,
  takeBack,
  update,
} from "./site.ts"
import { backendOf, openTraffic, type Traffic } from "./traffic.ts"

/** How much is looked for, and what is done beyond the release. */
export interface CrewOptions {
  readonly shown?: Shown
  readonly restarts?: boolean
  readonly mend?: MendMachine
}

/** Converges the machines of a fleet where they stand. Local ones that are missing are made first. */
export const inPlaceCrew = async (
  bench: LeasedBench,
  fleet: Fleet,
  record: FleetRecord,
  target: Target,
  { shown = new Map(), restarts = false, mend }: CrewOptions,
): Promise<Crew> => {
  await provision(bench, fleet)
  const traffic = await openTraffic(bench, fleet)
  const machines = new Map((await fleetMachines(bench, fleet)).map(({ name, machine }) => [name, machine]))
  const given = { bench, fleet, record, target, shown, restarts }
  const site = { ...given, traffic, machines, looks: new Map(), fetching: new Map() }
  return new InPlaceCrew(mend === undefined ? site : { ...site, mend })
}

class InPlaceCrew implements Crew {
  readonly #site: Site
  readonly #setbacks: Setbacks
  /** The release of each machine as the policy sees it; kept up to date by what is done to it. */
  readonly #releases = new Map<string, number | undefined>()
  /** The release that each machine says it is at, also where it has drifted from it. */
  readonly #versions = new Map<string, number | undefined>()
  /** Machines that this rollout changed, with the transaction that did, in order. */
  readonly #touched = new Map<string, string>()
  /** Those of them that came through the batch in which they were changed. */
  readonly #passed = new Set<string>()

  constructor(site: Site) {
    this.#site = site
    this.#setbacks = new Setbacks(site.fleet)
  }

  get traffic(): Traffic {
    return this.#site.traffic
  }

  async members(): Promise<readonly Member[]> {
    const { machines, traffic } = this.#site
    const unseen = [...machines.keys()].filter((id) => !this.#releases.has(id))
    await sideBySide(unseen, (id) => this.#look(id))
    const phases = await traffic.phases()
    for (const id of this.#touched.keys()) if (phases.get(id) === "serving") this.#passed.add(id)
    return [...machines.keys()]
      .filter((id) => !this.failures().has(id))
      .map((id) => ({ id, release: this.#releases.get(id), phase: phases.get(id) ?? "idle" }))
  }

  async perform(move: MemberMove): Promise<Changes> {
    switch (move.do) {
      case "update":
        await this.#setbacks.allow(
          move.id,
          () => this.#update(move.id),
          () => this.#restore(move.id, "stop"),
        )
        break
      case "admit":
        await this.#setbacks.allow(
          move.id,
          () => this.#admit(move.id),
          () => this.#restore(move.id, "undo-all"),
        )
        break
      case "drain":
        await fetchAhead(this.#site, move.id)
        await this.#site.traffic.drain([move.id])
        break
      default:
        throw new TypeError(`${move.do} is not a move of delivery in place`)
    }
    const gone = this.failures().has(move.id)
    return gone ? new Map([[move.id, undefined]]) : changesOf(move, this.#site.target.release.number)
  }

  async preview(ids: readonly string[]): Promise<void> {
    const { machines, target, traffic } = this.#site
    const chosen = ids.flatMap((id) => machines.get(id) ?? [])
    await traffic.preview(
      await Promise.all(
        chosen.map(async (machine) => backendOf(machine.name, await machine.address(), target.bundle.manifest)),
      ),
    )
  }

  async lookAfter(ids: readonly string[]): Promise<void> {
    const { bench, target } = this.#site
    await sideBySide(ids, (id) => stillWell(bench, machineAt(this.#site, id), target.bundle.manifest))
  }

  /** With `undo-all`, also what a controller changed before it died goes back to where the log says it was. */
  async revert(scope: OnFailure): Promise<void> {
    const phases = await this.#site.traffic.phases()
    return revertEach(this.#site, (id) => this.#revertOne(id, phases.get(id), scope))
  }

  async versions(): Promise<Versions> {
    const seen = [...this.#site.machines.keys()].filter((id) => this.#versions.has(id))
    return Object.fromEntries(seen.map((id) => [id, this.#versions.get(id) ?? null]))
  }

  failures(): ReadonlyMap<string, FireclayError> {
    return this.#setbacks.failures
  }

  /** Machines that left the fleet take no more traffic. They are not touched otherwise: their data is theirs. */
  async tidy(): Promise<void> {
    const { machines, traffic } = this.#site
    const strangers = [...(await traffic.phases()).keys()].filter((id) => !machines.has(id))
    await traffic.drain(strangers)
    await traffic.remove(strangers)
  }

  async #revertOne(id: string, phase: MemberPhase | undefined, scope: OnFailure): Promise<void> {
    const { bench, fleet, record } = this.#site
    const { state, broken } = await readMachineState(machineAt(this.#site, id))
    const touched = this.#touched.has(id)
    // Another fleet's was refused before it was touched; what another store's controller does is its own.
    if (!touched && (isForeign(bench, fleet, state) || this.#isElses(state))) return
    refuseUnfit(bench, fleet, { machine: id, state, broken })
    if (touched && !this.#goesBack(id, scope)) return phase === "serving" ? undefined : this.#serve(id)
    const elsewhere = record.current !== undefined && state?.release !== expectedRelease(record, id)
    if (touched || (elsewhere && scope === "undo-all") || phase === "drained") await this.#restore(id, scope)
  }

  /** What failed always goes back; of the rest, as much as the fleet says. */
  #goesBack(id: string, scope: OnFailure): boolean {
    if (scope === "undo-all" || this.#setbacks.failed.has(id)) return true
    return scope === "undo-batch" && !this.#passed.has(id)
  }

  /** A machine that says it is at the target but has drifted from it is not there: the policy has it converged again. */
  async #look(id: string): Promise<void> {
    const { target } = this.#site
    const plan = await lookAt(this.#site, id)
    const isThere = isInForce(plan, target.release) && !(await this.#mustRestart(id))
    const drifted = plan.from === target.release.number && !isThere
    this.#releases.set(id, drifted ? undefined : plan.from)
    this.#versions.set(id, plan.from)
  }

  async #update(id: string): Promise<void> {
    const converged = await update(this.#site, id)
    this.#releases.set(id, converged.release)
    this.#versions.set(id, converged.release)
    if (converged.changed) this.#touched.set(id, converged.transaction)
    // Confirmed before: what is open at boot is undone.
    if (await this.#mustRestart(id)) await startAnew(this.#site, id)
  }

  async #mustRestart(id: string): Promise<boolean> {
    return this.#site.restarts === true && mustRestart(machineAt(this.#site, id))
  }

  async #admit(id: string): Promise<void> {
    await this.#serve(id)
    const { bench, fleet, target } = this.#site
    await watch(bench, machineAt(this.#site, id), target.bundle.manifest, fleet.by.settleMs ?? 0)
  }

  #serve(id: string): Promise<void> {
    return admit(this.#site, id, this.#site.target.bundle.manifest)
  }

  /** Back to what served before, with nothing in flight while the machine changes. */
  async #restore(id: string, scope: OnFailure): Promise<void> {
    const { bench, fleet, traffic } = this.#site
    bench.progress({ fleet: fleet.name, member: id, doing: "undoing" })
    const state = await this.#undo(id, scope)
    this.#releases.set(id, state?.release)
    this.#versions.set(id, state?.release)
    if (state?.release === undefined) return traffic.remove([id])
    await serveAgain(this.#site, id, state.release)
  }

  /** Exactly, where this rollout changed the machine; then by converging, where an earlier one had left it elsewhere. */
  async #undo(id: string, scope: OnFailure): Promise<MachineState | undefined> {
    const { bench, fleet, record, traffic } = this.#site
    const machine = machineAt(this.#site, id)
    const transaction = this.#touched.get(id)
    if (transaction !== undefined) {
      await traffic.drain([id])
      await takeBack(this.#site, id, transaction)
      this.#touched.delete(id)
    }
    const { state } = await readMachineState(machine)
    const expected = expectedRelease(record, id)
    if (scope !== "undo-all" || expected === undefined || state?.release === expected) return state
    await traffic.drain([id])
    const release = releaseOf(record, expected)
    const bundle = await openBundle(bench.secrets, await loadBundle(bench.store, release))
    await converge(bench, machine, {
      fleet,
      release,
      bundle,
      verify: () => healthGate(bench, machine, bundle.manifest),
    })
    return (await readMachineState(machine)).state
  }

  /** Its releases are counted in another store: a number that is ours too says nothing. */
  #isElses(state: MachineState | undefined): boolean {
    return state?.store !== undefined && state.store !== this.#site.bench.lease.epoch.store
  }
}
