import { type Fleet, isFireclayError } from "../contract/index.ts"
import { pinSpec } from "./base.ts"
import { factsOfFleet } from "./facts/facts.ts"
import { type FactsByMachine, rememberedFacts, rememberFacts, sameFacts } from "./facts/remember.ts"
import { withLease } from "./lease.ts"
import { readFleet } from "./ledger.ts"
import { dependsOnMachine } from "./machine-lists.ts"
import { provision } from "./machines.ts"
import { carryPatches } from "./patch/released.ts"
import type { Planned } from "./plan/saved.ts"
import { type FleetPlan, planFleet } from "./plan-fleet.ts"
import { type Bundle, bundle } from "./release.ts"
import type { Workbench } from "./workbench.ts"

/**
 * What `apply` would do to a fleet as its spec stands. Where the list of resources depends on the machine it is built from
 * what the machine last said of itself, and asked in the same round trip as what it says now; only where that has
 * changed the list is built and asked again. Of a machine that was never asked it costs a round trip more.
 *
 * @throws FireclayError FC_SPEC_…, FC_MACHINE_UNREACHABLE, FC_OBSERVE and whatever a plan refuses
 */
export const planSpec = async (bench: Workbench, given: Fleet): Promise<Planned> => {
  const fleet = { ...given, spec: await pinSpec(bench, given.spec) }
  if (!dependsOnMachine(fleet.spec)) {
    const bundled = await bundleSpec(bench, fleet)
    return { fleet, bundled, plan: await planFleet(bench, fleet, bundled) }
  }
  const remembered = await rememberedFacts(bench.store, fleet.name)
  const facts = await factsOfFleet(bench, fleet, remembered)
  const attempt = await planWith(bench, fleet, facts).catch((error: unknown) => ({ error }))
  const now = "error" in attempt ? await askAgain(bench, fleet, attempt.error) : factsIn(attempt.plan, facts)
  await rememberFacts(bench.store, fleet.name, remembered, now)
  const changed = [...now].some(([machine, said]) => !sameFacts(facts.get(machine), said))
  if ("error" in attempt) {
    if (!changed) throw attempt.error
  } else {
    if (!changed) return attempt
    const bundled = await bundleWith(bench, fleet, now)
    if (bundled.digest === attempt.bundled.digest) return { ...attempt, bundled }
  }
  return planWith(bench, fleet, now)
}

/** A spec as it would be released. Where it depends on the machines, they are asked. */
export const bundleSpec = async (bench: Workbench, fleet: Fleet): Promise<Bundle> => {
  const spec = await pinSpec(bench, fleet.spec)
  const facts = dependsOnMachine(spec) ? await factsOfFleet(bench, fleet, new Map()) : undefined
  return bundleWith(bench, { ...fleet, spec }, facts)
}

/** What the fleet was patched to stays so, whatever else is new. */
const bundleWith = async (bench: Workbench, { name, spec }: Fleet, facts?: FactsByMachine): Promise<Bundle> =>
  carryPatches(await bundle(spec, bench.directory, facts), await readFleet(bench.store, name))

/** What a list that is out of date led to is not for people to see. Who could not be asked is not asked again. */
const askAgain = async (bench: Workbench, fleet: Fleet, error: unknown): Promise<FactsByMachine> => {
  if (isFireclayError(error) && notReached.has(error.code)) throw error
  return factsOfFleet(bench, fleet, new Map())
}

const notReached: ReadonlySet<string> = new Set(["FC_MACHINE_UNREACHABLE", "FC_HOST_KEY", "FC_SUDO", "FC_CANCELLED"])

/**
 * The same with the machines that were missing: they are made first, since nothing can be said of a machine that is not
 * there. They are new, so nothing on them can be lost.
 */
export const completePlan = async (bench: Workbench, planned: Planned): Promise<Planned> => {
  const { fleet, limit, plan } = planned
  if (limit !== undefined || plan.missing.length === 0 || !dependsOnMachine(fleet.spec)) return planned
  await withLease(bench, fleet.name, `making machines of ${fleet.name}`, (leased) => provision(leased, fleet))
  return planSpec(bench, fleet)
}

const planWith = async (bench: Workbench, fleet: Fleet, facts: FactsByMachine): Promise<Planned> => {
  const bundled = await bundleWith(bench, fleet, facts)
  return { fleet, bundled, plan: await planFleet(bench, fleet, bundled) }
}

const factsIn = ({ machines }: FleetPlan, before: FactsByMachine): FactsByMachine =>
  new Map([
    ...before,
    ...machines.flatMap(({ machine, facts }) => (facts === undefined ? [] : [[machine, facts] as const])),
  ])
