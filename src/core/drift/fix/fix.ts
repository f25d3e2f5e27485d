import { FireclayError, type Fleet, type Json, type Machine } from "../../../contract/index.ts"
import { canonical } from "../../canonical.ts"
import { foreseePackages } from "../../foresee/packages.ts"
import { irreversibleIn } from "../../irreversible.ts"
import { loadBundle, readFleet, releaseOf } from "../../ledger.ts"
import { bundleFor } from "../../machine-lists.ts"
import { readMachineState } from "../../machine-state.ts"
import { fleetMachines } from "../../machines.ts"
import { mergeSteps } from "../../plan/order.ts"
import { stalePlan } from "../../plan/sight.ts"
import type { MachinePlan } from "../../plan/types.ts"
import { planMachine } from "../../plan.ts"
import type { Bundle } from "../../release.ts"
import { rollOut } from "../../rollout/rollout.ts"
import type { MendMachine } from "../../rollout/site.ts"
import { openBundle } from "../../seal.ts"
import { sideBySide } from "../../side-by-side.ts"
import { transactionDirectory } from "../../transaction/paths.ts"
import type { Workbench } from "../../workbench.ts"
import { type DriftWant, type FleetDrift, findDrift, hasDrifted, type MachineDrift } from "../drift.ts"
import { rulesOf } from "../rules.ts"
import { startBaseline } from "../survey.ts"
import { mendDirectory } from "./ask.ts"
import { lookForMends, type MendLook, type Mends, mendingOf } from "./look.ts"

/** What would be done to a machine that has drifted. */
export interface MachineFix extends Mends {
  readonly machine: string
  /** Of what is described. */
  readonly plan: MachinePlan
}

/** What it would take to have a fleet as it was delivered again. */
export interface FleetFix {
  readonly fleet: string
  /** Absent: nothing was delivered yet. */
  readonly release?: number
  readonly found: FleetDrift
  /** Those that have drifted. */
  readonly machines: readonly MachineFix[]
}

export interface FixWant extends DriftWant {
  /** Default: true; somebody is asked then, or was. */
  readonly allowIrreversible?: boolean
}

/**
 * Looks at the machines of a fleet, and says what it would take to have them back at the release in force: what is described,
 * and what nobody asked for. Changes nothing on them.
 *
 * @throws FireclayError FC_USAGE for a fleet by replacement; FC_MACHINE_UNREACHABLE when one cannot be looked at
 */
export const planFix = async (bench: Workbench, fleet: Fleet, want: FixWant = {}): Promise<FleetFix> => {
  refuseReplaced(fleet)
  const found = await findDrift(bench, fleet, want)
  const problem = found.machines.find((machine) => machine.problem !== undefined)?.problem
  if (problem !== undefined) throw problem
  if (found.release === undefined) return { fleet: fleet.name, found, machines: [] }
  const bundle = await bundleInForce(bench, fleet, found.release)
  const drifted = new Set(found.machines.filter(hasDrifted).map(({ machine }) => machine))
  const subjects = (await fleetMachines(bench, fleet)).filter(({ name }) => drifted.has(name))
  const machines = await sideBySide(subjects, async ({ machine }): Promise<MachineFix> => {
    const mends = await lookForMends(machine, lookOf(bench, fleet, bundle, machine, want))
    const plan = await planMachine(machine, bundle, bench.types)
    refuseElsewhere(fleet, plan, found.release)
    return { machine: machine.name, plan: await foresee(machine, plan, mends, bundle), ...mends }
  })
  return { fleet: fleet.name, release: found.release, found, machines }
}

const refuseReplaced = (fleet: Fleet): void => {
  if (fleet.by.delivery === "in-place") return
  throw new FireclayError("FC_USAGE", `${fleet.name} is delivered by replacement: its instances are not put right`, {
    at: `fleets.${fleet.name}`,
    remedy: `start clean ones: fireclay drift ${fleet.name} --replace`,
  })
}

/** What it was when it came to another release says nothing of what it should be at this one. */
const refuseElsewhere = ({ name }: Fleet, { machine, from }: MachinePlan, release: number | undefined): void => {
  if (from === release) return
  throw new FireclayError(
    "FC_USAGE",
    `${machine} is at ${from === undefined ? "no release" : `release ${from}`}, not at the one in force, ${release}`,
    { at: machine, remedy: `bring it there first: fireclay rollback ${name} --to ${release}` },
  )
}

const bundleInForce = async (bench: Workbench, fleet: Fleet, release: number): Promise<Bundle> => {
  const record = await readFleet(bench.store, fleet.name)
  return openBundle(bench.secrets, await loadBundle(bench.store, releaseOf(record, release)))
}

const lookOf = (bench: Workbench, fleet: Fleet, bundle: Bundle, machine: Machine, want: FixWant): MendLook => ({
  manifest: bundleFor(bundle, machine.name).manifest,
  rules: rulesOf(fleet.spec, bench.now()),
  full: want.full ?? false,
  allowIrreversible: want.allowIrreversible ?? true,
})

/** What packages will do, and what could not be undone, of all of it together. */
const foresee = async (machine: Machine, plan: MachinePlan, mends: Mends, bundle: Bundle): Promise<MachinePlan> => {
  const { steps } = mendingOf(mends)
  const all = mergeSteps([...steps, ...plan.steps])
  const foreseen = await foreseePackages(machine, { ...plan, steps: all, irreversible: irreversibleIn(all) }, bundle)
  return { ...foreseen, steps: plan.steps, mending: mendingOf(mends) }
}

/** What became of it. */
export interface Fixed {
  readonly fleet: string
  readonly release: number
  readonly machines: readonly FixedMachine[]
}

export interface FixedMachine {
  readonly machine: string
  /** What was taken back: ids of resources, and what nobody had asked for. */
  readonly fixed: readonly string[]
  /** What is still otherwise than delivered. */
  readonly drift: MachineDrift
  /** Why, as far as that was known before. */
  readonly left: Mends["left"]
  /** Where on the machine what was displaced lies, until its next change. */
  readonly kept: string
}

/**
 * Does it: by the fleet's strategy, machine by machine a transaction that proves itself by its health, and is undone else.
 *
 * @throws FireclayError FC_PLAN_STALE when a machine is no longer as it was looked at; FC_ROLLOUT_REVERTED, FC_ROLLOUT_FAILED
 */
export const fixDrift = async (bench: Workbench, fleet: Fleet, fix: FleetFix, want: FixWant = {}): Promise<Fixed> => {
  const { release = 0 } = fix
  const busy = fix.machines.filter(({ plan, mends }) => plan.steps.length + mends.length > 0)
  if (busy.length > 0) {
    const bundle = await bundleInForce(bench, fleet, release)
    const shown = new Map(busy.map(({ machine, plan }) => [machine, plan.sight]))
    const mend = mendAsShown(bench, fleet, bundle, busy, want)
    await rollOut(bench, fleet, { release, shown, mend }).finally(() => tidy(bench, fleet, busy))
    await settleBaselines(bench, fleet, bundle, busy)
  }
  const after = await findDrift(bench, fleet, want)
  const machines = await sideBySide(fix.machines, (machine) => whatBecame(bench, fleet, machine, after))
  const events = machines.map((machine) => ({ fleet: fleet.name, kind: "drift.fixed", body: bodyOf(machine) }))
  if (busy.length > 0) await bench.store.append(events)
  return { fleet: fleet.name, release, machines }
}

/** Looks again, and refuses what nobody has seen. */
const mendAsShown = (
  bench: Workbench,
  fleet: Fleet,
  bundle: Bundle,
  shown: readonly MachineFix[],
  want: FixWant,
): MendMachine => {
  const byName = new Map(shown.map((fix) => [fix.machine, fix]))
  return async (machine) => {
    const was = byName.get(machine.name)
    if (was === undefined) return undefined
    const now = await lookForMends(machine, lookOf(bench, fleet, bundle, machine, want))
    const [before, after] = [was, now].map(({ mends }) => mends.map((mend) => canonical(mend as unknown as Json)))
    const changed = now.mends
      .filter((_, place) => !before?.includes(after?.[place] ?? ""))
      .concat(was.mends.filter((_, place) => !after?.includes(before?.[place] ?? "")))
    if (changed.length === 0) return mendingOf(now)
    const names = [...new Set(changed.map(({ finding }) => finding.what))]
    throw stalePlan(`${machine.name} changed after it was looked at`, "nothing was done to it", machine.name, names)
  }
}

/** What files had in them is not to lie about. One that cannot be reached is tidied the next time. */
const tidy = async (bench: Workbench, fleet: Fleet, fixes: readonly MachineFix[]): Promise<void> => {
  const machines = await machinesOf(bench, fleet)
  await Promise.allSettled(fixes.map(({ machine }) => machines.get(machine)?.sh(`rm -rf -- ${mendDirectory}`)))
}

const machinesOf = async (bench: Workbench, fleet: Fleet): Promise<ReadonlyMap<string, Machine>> =>
  new Map((await fleetMachines(bench, fleet)).map(({ name, machine }) => [name, machine]))

/**
 * The baseline stays what it was, but for the times of what was put back and the books of packages; what is left goes on
 * differing.
 */
const settleBaselines = async (
  bench: Workbench,
  fleet: Fleet,
  bundle: Bundle,
  fixes: readonly MachineFix[],
): Promise<void> => {
  if (bench.baselines !== true) return
  const { watch } = rulesOf(fleet.spec, bench.now())
  const machines = await machinesOf(bench, fleet)
  await sideBySide(fixes, async ({ machine: name, left }) => {
    const machine = machines.get(name)
    if (machine === undefined) return
    const paths = left.map(({ finding }) => finding.what).filter((what) => what.startsWith("/"))
    await startBaseline({ machine, data: bundle.manifest, watch }, false, { left: paths })
  })
}

const whatBecame = async (
  bench: Workbench,
  fleet: Fleet,
  { machine: name, plan, mends, left }: MachineFix,
  after: FleetDrift,
): Promise<FixedMachine> => {
  const machine = (await machinesOf(bench, fleet)).get(name)
  const drift = after.machines.find((each) => each.machine === name)
  if (machine === undefined || drift === undefined) throw new TypeError(`no machine ${name}`)
  const { state } = await readMachineState(machine)
  const still = new Set([...drift.declared.map(({ id }) => id), ...drift.undeclared.map(({ what }) => what)])
  const meant = [...plan.differences.map(({ id }) => id), ...mends.map(({ finding }) => finding.what)]
  return {
    machine: name,
    fixed: [...new Set(meant)].filter((what) => !still.has(what)),
    drift,
    left,
    kept: `${transactionDirectory(state?.transaction ?? "")}/before`,
  }
}

const bodyOf = ({ machine, fixed, drift }: FixedMachine) => ({
  machine,
  fixed: fixed as Json,
  left: [...drift.declared.map(({ id }) => id), ...drift.undeclared.map(({ kind, what }) => `${kind} ${what}`)] as Json,
})
