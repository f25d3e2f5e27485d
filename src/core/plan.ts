import type { Machine } from "../contract/index.ts"
import { openEyes } from "./eyes/eyes.ts"
import { Foresight } from "./foresee/foresee.ts"
import { irreversibleIn } from "./irreversible.ts"
import { bundleFor } from "./machine-lists.ts"
import { patchType } from "./patch/released.ts"
import { type Past, patchOn } from "./patch/type.ts"
import { askAhead, parseAhead } from "./plan/ahead.ts"
import { Earlier } from "./plan/earlier.ts"
import { observeAll, typeOf } from "./plan/observe.ts"
import { mergeSteps } from "./plan/order.ts"
import { emptiedDirectories, leavingSteps, lostWay, orphansOf, removeOrphans } from "./plan/orphans.ts"
import { planResources } from "./plan/resources.ts"
import { sealedEyes } from "./plan/sealed-eyes.ts"
import { type Seen, sightOf } from "./plan/sight.ts"
import { type Territory, territoryOf } from "./plan/territory.ts"
import type { MachinePlan, ResourceTypes } from "./plan/types.ts"
import type { Bundle, Manifest, ReleasedResource } from "./release.ts"

export interface PlanOptions {
  /** Ids of the only resources that may change. What left the description stays then. Absent: all. */
  readonly only?: ReadonlySet<string> | undefined
  /** What the whole description is about, where the bundle is a part of it. */
  readonly territory?: Territory | undefined
  /** Milliseconds since 1970. Default: this computer's clock. */
  readonly now?: () => number
}

/**
 * Looks at a machine, through a few round trips whatever the number of resources, and says what would be done.
 * Changes nothing.
 *
 * @throws FireclayError FC_MACHINE_UNREACHABLE, FC_HOST_KEY, FC_OBSERVE
 */
export const planMachine = async (
  machine: Machine,
  whole: Bundle,
  given: ResourceTypes,
  { only, territory: within, now = Date.now }: PlanOptions = {},
): Promise<MachinePlan> => {
  const bundle = bundleFor(whole, machine.name)
  const territory = within ?? territoryOf(bundle.manifest)
  const withFacts = whole.facts?.has(machine.name) ?? false
  const batched = openEyes(machine, askAhead(withFacts))
  const ahead = batched.first().then((fields) => parseAhead(machine, fields, withFacts, now()))
  const unaware = withPatchType(given, undefined, bundle.manifest)
  const looked = only === undefined ? bundle.manifest.resources : chosen(bundle, unaware, only)
  const eyes = sealedEyes(batched.eyes, looked, async () => (await ahead).state, bundle.opened?.seal)
  const foresight = new Foresight(machine.name, batched, bundle)
  const [{ state, broken, turn, present, facts, nowMs }, haves] = await Promise.all([
    ahead,
    observeAll(eyes, looked, unaware),
    foresight.begin(looked),
  ])
  const types = withPatchType(given, state, bundle.manifest)
  const orphans = only === undefined ? orphansOf(bundle, state) : []
  const [orphanHaves] = await Promise.all([observeAll(eyes, orphans, types), foresight.begin(orphans)])
  const seen = pair(looked, haves)
  const earlier = new Earlier(bundle.bytes)
  const removals = removeOrphans(orphans, orphanHaves, types, state, territory, earlier)
  const emptied = only === undefined ? emptiedDirectories(state, territory) : []
  const leaving = leavingSteps(removals, emptied)
  earlier.add(emptied)
  const haveOf = new Map(seen.map(([{ id }, have]) => [id, have]))
  const scene = { bundle, haves: haveOf, state, only, territory, earlier }
  const { differences: described, owes } = planResources(scene, types)
  const differences = [...removals, ...described].filter(({ steps }) => steps.length > 0)
  const steps = mergeSteps([...leaving, ...described.flatMap((difference) => difference.steps)])
  const { problem, notes } = await foresight.foresee({ steps, present, nowMs })
  return {
    machine: machine.name,
    from: state?.release,
    differences,
    only,
    owes,
    steps,
    texts: earlier.texts,
    irreversible: irreversibleIn(steps),
    sight: sightOf(bundle.digest, state, [...pair(orphans, orphanHaves), ...seen]),
    state,
    broken,
    turn,
    problem: problem ?? lostWay(machine.name, removals, territory),
    notes,
    ...(facts === undefined ? {} : { facts }),
    roundTrips: batched.rounds(),
  }
}

/** What a patch would do depends on what earlier ones did, which only the machine knows. */
const withPatchType = (types: ResourceTypes, past: Past, manifest: Manifest): ResourceTypes =>
  new Map([...types, [patchType, patchOn(past, manifest)]])

/** Those that may change, and those that might have to react to it. */
const chosen = (bundle: Bundle, types: ResourceTypes, only: ReadonlySet<string>): readonly ReleasedResource[] =>
  bundle.manifest.resources.filter(
    ({ id, type, want }) => only.has(id) || (typeOf(types, type).answersTo?.(want) ?? []).length > 0,
  )

const pair = (resources: readonly { readonly id: string }[], haves: readonly unknown[]): readonly Seen[] =>
  resources.map((resource, index) => [resource, haves[index]])
