import { randomBytes } from "node:crypto"
import { FireclayError, type Fleet, type Machine, type Step } from "../contract/index.ts"
import { madeWith, nothingMade, together } from "./bake/made.ts"
import { type Meant, meantBy, nothingMeant } from "./drift/meant.ts"
import { refuseOtherFacts } from "./facts/refuse.ts"
import { describeHolder, type LeasedBench } from "./lease.ts"
import type { Release } from "./ledger.ts"
import type { Limit } from "./limit.ts"
import { bundleFor } from "./machine-lists.ts"
import { type MachineState, readMachineState } from "./machine-state.ts"
import { mergeSteps } from "./plan/order.ts"
import { compareSights, stalePlan } from "./plan/sight.ts"
import { type Identity, stateAfter } from "./plan/state-after.ts"
import type { MachinePlan, Sight } from "./plan/types.ts"
import { planMachine } from "./plan.ts"
import type { Bundle } from "./release.ts"
import { bytesToWrite } from "./seal.ts"
import type { Upgraded } from "./transaction/follow.ts"
import { home } from "./transaction/paths.ts"
import { lockedBy } from "./transaction/refusal.ts"
import { type Applied, transact } from "./transaction/transaction.ts"
import type { Workbench } from "./workbench.ts"

export interface ConvergeWant {
  readonly fleet: Fleet
  readonly release: Release
  readonly bundle: Bundle
  /** A limited run is no release: the machine keeps the number of the one that it was at. */
  readonly limit?: Limit | undefined
  /** What the plan that was shown had seen; absent: none was shown. */
  readonly shown?: Sight | undefined
  /** What a look at the machine just now has led to; absent: it is looked at. */
  readonly plan?: MachinePlan | undefined
  /** Says whether the machine is well; throws when it is not, and everything is undone. */
  readonly verify: () => Promise<void>
}

/** Where a machine is afterwards. */
export interface Converged {
  readonly release: number
  /** The transaction that brought it there. */
  readonly transaction: string
  /** False: it was there already. */
  readonly changed: boolean
  /** What was done. */
  readonly steps: readonly Step[]
  readonly meant: Meant
  /** Absent: no package was to be upgraded. */
  readonly upgraded?: Upgraded
}

/**
 * Brings one machine to a release, or leaves it exactly where it was.
 *
 * @throws FireclayError FC_PLAN_STALE, FC_STEP_FAILED, FC_UNHEALTHY, FC_UNCONFIRMED, FC_LEASE_LOST, FC_FENCED, FC_MACHINE_…
 */
export const converge = async (bench: LeasedBench, machine: Machine, want: ConvergeWant): Promise<Converged> => {
  const { fleet, release, bundle, limit } = want
  const plan = want.plan ?? (await planMachine(machine, bundle, bench.types, { only: limit?.only }))
  refuseUnfit(bench, fleet, plan)
  await refuseStale(machine, plan, want.shown)
  refuseOtherFacts(fleet, plan, bundle)
  const steps = plan.mending === undefined ? plan.steps : mergeSteps([...plan.mending.steps, ...plan.steps])
  if (limit === undefined ? isInForce(plan, release) : plan.steps.length === 0)
    return {
      release: release.number,
      transaction: plan.state?.transaction ?? "",
      changed: false,
      steps: [],
      meant: nothingMeant,
    }
  await bench.lease.ensure()
  const { epoch, holder } = bench.lease
  const transaction = `${fleet.name}-${limit === undefined ? release.number : "limited"}-${randomBytes(6).toString("hex")}`
  const applied = await transact(machine, {
    id: transaction,
    steps,
    bytes: bytesToWrite(bundle, plan.texts),
    there: plan.mending?.there,
    hide: bundle.opened?.hide,
    holder: describeHolder(holder),
    epoch,
    turn: plan.turn,
    allowLost: fleet.by.irreversible === "allow",
    confirmMs: fleet.by.confirmMs + (bundle.manifest.health?.withinMs ?? 0) + (bundle.manifest.task?.timeoutMs ?? 0),
    onStep: (step) =>
      bench.progress({
        fleet: fleet.name,
        member: machine.name,
        doing: steps[step - 1]?.do.replaceAll("-", " ") ?? "",
        step,
        steps: steps.length,
      }),
    onWait: (holder) =>
      bench.progress({
        fleet: fleet.name,
        member: machine.name,
        doing: `waiting for ${holder}, which holds the package manager's lock`,
      }),
  })
  // The new connection is made while the machine proves itself.
  const proof = want.verify().then(() => bench.lease.ensure())
  const [reached, well] = await Promise.allSettled([applied.reach(), proof])
  if (reached.status === "rejected") throw reached.reason
  if (well.status === "rejected") {
    await abort(bench, applied)
    throw well.reason
  }
  const at = new Date(bench.now()).toISOString()
  const identity = {
    project: bench.project.name,
    fleet: fleet.name,
    store: epoch.store,
    by: describeHolder(holder),
    transaction,
  }
  const before = plan.state === undefined ? await madeWith(bench, fleet, machine.name) : nothingMade
  // What comes back is no more Fireclay's than it was.
  const came = plan.mending === undefined ? applied.packages : []
  const made = together(before, { created: [], packages: came })
  await applied.confirm(stateAfter(plan, bundle, { ...identity, ...releaseAfter(plan, want) }, made, at))
  const { resources } = bundleFor(bundle, machine.name).manifest
  const meant = limit === undefined ? meantBy(plan.state?.resources ?? [], resources) : nothingMeant
  return { release: release.number, transaction, changed: true, steps, meant, ...upgradedBy(steps, applied) }
}

const upgradedBy = (steps: readonly Step[], { upgraded }: Applied): Pick<Converged, "upgraded"> =>
  steps.some((step) => step.do === "upgrade-packages") ? { upgraded } : {}

/** A limited run of the very description that is in force leaves it in force. */
const releaseAfter = ({ state }: MachinePlan, want: ConvergeWant): Pick<Identity, "release" | "digest" | "limited"> => {
  const { release, bundle, limit } = want
  if (limit === undefined) return { release: release.number, digest: release.digest }
  const same = state?.digest === bundle.digest && state.limited === undefined
  return { release: state?.release, digest: state?.digest, ...(same ? {} : { limited: true }) }
}

/** Where another controller has taken over, the transaction is its business; this one only does not confirm it. */
const abort = async (bench: LeasedBench, applied: Applied): Promise<void> => {
  const lost = await bench.lease.ensure().then(
    () => false,
    () => true,
  )
  if (!lost) await applied.abort()
}

/** The release is there, by number and in fact. */
export const isInForce = (
  { steps, mending, state }: MachinePlan,
  release: Pick<Release, "number" | "digest">,
): boolean =>
  steps.length === 0 &&
  (mending === undefined || mending.steps.length === 0) &&
  state?.release === release.number &&
  state.digest === release.digest &&
  state.limited === undefined

/**
 * A machine that is not ours to change, or that nobody should change before it is mended.
 *
 * @throws FireclayError FC_MACHINE_BROKEN, FC_MACHINE_FOREIGN, or what was foreseen
 */
export const refuseUnfit = (
  bench: Workbench,
  fleet: Fleet,
  plan: Pick<MachinePlan, "machine" | "state" | "broken"> & Partial<Pick<MachinePlan, "problem">>,
): void => {
  if (plan.broken !== undefined)
    throw new FireclayError("FC_MACHINE_BROKEN", `an undo on ${plan.machine} did not finish: ${plan.broken}`, {
      at: plan.machine,
      remedy: `mend it by hand, then remove the transaction under ${home}/txn on the machine`,
    })
  if (isForeign(bench, fleet, plan.state))
    throw new FireclayError("FC_MACHINE_FOREIGN", `${plan.machine} is managed as ${ownerOf(plan.state)}`, {
      at: plan.machine,
      remedy: "take it out of the other fleet first: fireclay destroy there lets go of it",
    })
  if (plan.problem !== undefined) throw plan.problem
}

/** What the machine says of itself names another fleet. */
export const isForeign = (bench: Workbench, fleet: Fleet, state: MachineState | undefined): boolean =>
  state !== undefined && ownerOf(state) !== `${bench.project.name}/${fleet.name}`

const ownerOf = (state: MachineState | undefined): string => `${state?.project}/${state?.fleet}`

/**
 * A machine that is no longer what was seen when somebody agreed to change it.
 *
 * @throws FireclayError FC_PLAN_STALE; FC_MACHINE_LOCKED when the look fell into another's change
 */
export const refuseStale = async (machine: Machine, plan: MachinePlan, shown: Sight | undefined): Promise<void> => {
  if (shown === undefined || compareSights(shown, plan.sight).length === 0) return
  // Who it was, a look into the middle of a change does not say; a later one does.
  const { state, busy } = await readMachineState(machine)
  if (busy !== "") throw lockedBy(machine, busy)
  const transaction = state?.transaction ?? null
  const changed = compareSights(shown, { ...plan.sight, transaction }, state?.by)
  throw stalePlan(`${plan.machine} changed after the plan was made`, "nothing was done to it", plan.machine, changed)
}
