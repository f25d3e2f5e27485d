import type { Fleet, Machine, Member, Move } from "../../contract/index.ts"
import { converge, isInForce } from "../converge.ts"
import { type FleetRecord, loadBundle, releaseOf } from "../ledger.ts"
import { readMachineState } from "../machine-state.ts"
import { fleetMachines, provision } from "../machines.ts"
import { planMachine } from "../plan.ts"
import { undoTransaction } from "../transaction/transaction.ts"
import type { Workbench } from "../workbench.ts"
import type { Crew, Target } from "./crew.ts"
import { healthGate } from "./gate.ts"
import { openTraffic } from "./traffic.ts"

/** Fingerprints of the plans that were shown, by machine. */
export type Shown = ReadonlyMap<string, string>

/** Converges the machines of a fleet where they stand. */
export const inPlaceCrew = async (
  bench: Workbench,
  fleet: Fleet,
  record: FleetRecord,
  target: Target,
  shown: Shown,
): Promise<Crew> => {
  await provision(bench, fleet)
  const traffic = await openTraffic(bench, fleet)
  const machines = new Map((await fleetMachines(bench, fleet)).map(({ name, machine }) => [name, machine]))
  /** The release of each machine; kept up to date by what is done to it. */
  const releases = new Map<string, number | undefined>()
  /** Machines that this rollout changed, with the transaction that did. */
  const touched = new Map<string, string>()

  const machineOf = (id: string): Machine => {
    const machine = machines.get(id)
    if (machine === undefined) throw new TypeError(`no machine ${id}`)
    return machine
  }

  /** A machine that says it is at the target but has drifted from it is not there: the policy has it converged again. */
  const look = async (id: string): Promise<void> => {
    const plan = await planMachine(machineOf(id), target.bundle, bench.types)
    const drifted = plan.from === target.release.number && !isInForce(plan, target.release)
    releases.set(id, drifted ? undefined : plan.from)
  }

  const members = async (): Promise<readonly Member[]> => {
    await Promise.all([...machines.keys()].filter((id) => !releases.has(id)).map(look))
    const phases = await traffic.phases()
    return [...machines.keys()].map((id) => ({ id, release: releases.get(id), phase: phases.get(id) ?? "idle" }))
  }

  const admit = async (id: string): Promise<void> => {
    await traffic.admit([{ id, address: await machineOf(id).address(), port: target.bundle.manifest.port ?? 0 }])
  }

  const update = async (id: string): Promise<void> => {
    const machine = machineOf(id)
    const shownHere = shown.get(id)
    const state = await converge(bench, machine, {
      fleet,
      ...target,
      ...(shownHere === undefined ? {} : { shown: shownHere }),
      verify: () => healthGate(bench, machine, target.bundle.manifest, bench.signal),
    })
    releases.set(id, state.release)
    if (state.changed) touched.set(id, state.transaction)
  }

  /** Back to what served before, with nothing in flight while the machine changes. */
  const restore = async (id: string, transaction: string | undefined): Promise<void> => {
    const machine = machineOf(id)
    bench.progress({ fleet: fleet.name, member: id, doing: "undoing" })
    if (transaction !== undefined) {
      await traffic.drain([id])
      await undoTransaction(machine, transaction)
    }
    const { state } = await readMachineState(machine)
    releases.set(id, state?.release)
    if (state === undefined) return traffic.remove([id])
    const earlier = await loadBundle(bench.store, releaseOf(record, state.release))
    await healthGate(bench, machine, earlier.manifest)
    await admit(id)
    bench.progress({ fleet: fleet.name, member: id, doing: `back on release ${state.release}`, done: true })
  }

  const revert = async (): Promise<void> => {
    const phases = await traffic.phases()
    const waiting = [...machines.keys()].filter((id) => !touched.has(id) && phases.get(id) === "drained")
    for (const id of waiting) await restore(id, undefined)
    for (const [id, transaction] of [...touched].toReversed()) await restore(id, transaction)
  }

  const perform = async (move: Move): Promise<void> => {
    switch (move.do) {
      case "update":
        return update(move.id)
      case "admit":
        return admit(move.id)
      case "drain":
        return traffic.drain([move.id])
      default:
        throw new TypeError(`${move.do} is not a move of delivery in place`)
    }
  }

  /** Machines that left the fleet take no more traffic. They are not touched otherwise: their data is theirs. */
  const tidy = async (): Promise<void> => {
    const strangers = [...(await traffic.phases()).keys()].filter((id) => !machines.has(id))
    await traffic.drain(strangers)
    await traffic.remove(strangers)
  }

  return { members, perform, revert, tidy }
}
