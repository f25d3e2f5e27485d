import { type FireclayError, type Fleet, isFireclayError } from "../../../contract/index.ts"
import { specsBelow } from "../../base.ts"
import { readFleet } from "../../ledger.ts"
import { writableOf } from "../../run-unit.ts"
import { sideBySide } from "../../side-by-side.ts"
import type { Workbench } from "../../workbench.ts"
import { subjectsOf } from "../drift.ts"
import { askOwners } from "../owners.ts"
import { ruleFor, rulesOf } from "../rules.ts"
import type { DataOf, Site } from "../survey.ts"
import { compareLists, foldOwned, type Unlike } from "./compare.ts"
import { type Digests, digestsOf, type Has, type HoldOptions, listParts } from "./parts.ts"

/** How the machines of a fleet differ from each other, whatever was delivered to them. */
export interface FleetComparison {
  readonly fleet: string
  /** Those that were compared. */
  readonly machines: readonly string[]
  readonly unlike: readonly Unlike[]
  /** How much more a rule of the spec hides. */
  readonly ignored: number
  /** How many paths and other things the first of them has that were compared. */
  readonly compared: number
  /** Those that could not be looked at. */
  readonly problems: readonly { readonly machine: string; readonly problem: FireclayError }[]
}

/**
 * Holds the machines of a fleet against each other. Needs no baseline and no release: it works on servers that were never
 * touched. Each says digests of its parts; of a part that is not everywhere the same, one machine for each digest says all.
 */
export const compareMachines = async (
  bench: Workbench,
  fleet: Fleet,
  options: HoldOptions = {},
): Promise<FleetComparison> => {
  const record = await readFleet(bench.store, fleet.name)
  const data = dataOf(fleet)
  const rules = rulesOf(fleet.spec, bench.now())
  const tell = (member: string, doing: string, done?: true): void =>
    bench.progress({ fleet: fleet.name, member, doing, ...(done === undefined ? {} : { done }) })
  const looked = await sideBySide(await subjectsOf(bench, fleet, record.current), async (subject) => {
    tell(subject.machine.name, "looking")
    const site: Site = { ...subject, data, watch: rules.watch }
    const digests = await orProblem(() => digestsOf(site, options))
    tell(subject.machine.name, "looked", true)
    return { site, digests }
  })
  const held = looked.flatMap(({ site, digests }): readonly Held[] => ("code" in digests ? [] : [{ site, digests }]))
  const unlikeParts = partsUnlike(held.map(({ digests }) => digests))
  const tellers = tellersOf(held, unlikeParts)
  const told = new Map<string, readonly Has[]>()
  await sideBySide([...tellers], async ([{ site, digests }, parts]) => {
    for (const [part, has] of await listParts(site, parts, options)) told.set(keyOf(part, digests), has)
  })
  const all = compareLists(
    held.map(({ site, digests }) => ({
      machine: site.machine.name,
      has: unlikeParts.flatMap((part) => told.get(keyOf(part, digests)) ?? []),
    })),
  )
  const owned = foldOwned(all, await ownersAmong(held, all))
  const unlike = owned.filter((each) => ruleFor(rules.ignore, each) === undefined)
  return {
    fleet: fleet.name,
    machines: held.map(({ site }) => site.machine.name),
    unlike,
    ignored: owned.length - unlike.length,
    compared: [...(held[0]?.digests.values() ?? [])].reduce((sum, { lines }) => sum + lines, 0),
    problems: looked.flatMap(({ site, digests }) =>
      "code" in digests ? [{ machine: site.machine.name, problem: digests }] : [],
    ),
  }
}

interface Held {
  readonly site: Site
  readonly digests: Digests
}

/** What the fleet's spec says of data: there need not be a release. */
const dataOf = ({ spec }: Fleet): DataOf => ({
  volumes: spec.volumes,
  scratch: [...specsBelow(spec), spec].flatMap(writableOf),
})

const orProblem = async <T>(look: () => Promise<T>): Promise<T | FireclayError> => {
  try {
    return await look()
  } catch (error) {
    if (!isFireclayError(error) || error.code === "FC_CANCELLED") throw error
    return error
  }
}

const partsUnlike = (all: readonly Digests[]): readonly string[] => {
  const parts = [...new Set(all.flatMap((digests) => [...digests.keys()]))]
  return parts.filter((part) => new Set(all.map((digests) => digests.get(part)?.digest)).size > 1)
}

/** Machines that say what a part is, one for each digest of it. */
const tellersOf = (held: readonly Held[], parts: readonly string[]): ReadonlyMap<Held, readonly string[]> => {
  const tellers = new Map<Held, string[]>()
  const asked = new Set<string>()
  for (const one of held)
    for (const part of parts) {
      if (!one.digests.has(part) || asked.has(keyOf(part, one.digests))) continue
      asked.add(keyOf(part, one.digests))
      tellers.set(one, [...(tellers.get(one) ?? []), part])
    }
  return tellers
}

const keyOf = (part: string, digests: Digests): string => `${part}\t${digests.get(part)?.digest}`

/** Each path is asked of a machine that has it. */
const ownersAmong = async (held: readonly Held[], unlike: readonly Unlike[]): Promise<ReadonlyMap<string, string>> => {
  const paths = unlike.filter(({ what }) => what.startsWith("/"))
  const owners = await sideBySide(held, async ({ site: { machine } }) => {
    const own = paths.filter(({ groups }) => groups.find(({ has }) => has !== undefined)?.machines[0] === machine.name)
    return own.length === 0
      ? []
      : [
          ...(await askOwners(
            machine,
            own.map(({ what }) => what),
          )),
        ]
  })
  return new Map(owners.flat())
}
