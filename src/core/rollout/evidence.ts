import { join } from "node:path"
import type { Fleet } from "../../contract/index.ts"
import { driftOf } from "../drift/drift.ts"
import { rulesOf } from "../drift/rules.ts"
import type { Workbench } from "../workbench.ts"
import type { Drifted } from "./drifted.ts"
import { allOf, type Instances, type Made } from "./instances.ts"

export const evidenceKind = "drift.replaced"

/** Where drifted instances are about to go. */
export interface EvidenceSite {
  readonly bench: Workbench
  readonly fleet: Fleet
  readonly instances: Instances
  /** What they were made of. */
  readonly target: Made
  readonly drifted: Drifted
}

/** Keeps aside what was written on those of some instances that drifted: once, before anything of them is gone. */
export const evidenceKeeper = (site: EvidenceSite): ((names: readonly string[]) => Promise<void>) => {
  const kept = new Set<string>()
  return async (names) => {
    const { instances, drifted } = site
    const going = names.filter((name) => !kept.has(name) && instances.isKnown(name, drifted.get(name)))
    await allOf(
      going.map(async (name) => {
        await keepEvidence(site, name)
        kept.add(name)
      }),
    )
  }
}

const keepEvidence = async ({ bench, fleet, instances, target }: EvidenceSite, name: string): Promise<void> => {
  const { engine } = instances
  const { number: release } = target.release
  bench.progress({ fleet: fleet.name, member: name, doing: "keeping evidence" })
  const at = new Date(bench.now()).toISOString()
  const rules = rulesOf(fleet.spec, bench.now())
  const drift = await driftOf(bench, { machine: engine.machine(name), instance: true }, target.bundle, { rules })
  const place = join(".fireclay", "evidence", fleet.name, `${name}-${at.replaceAll(":", "-")}`)
  const report = `${JSON.stringify({ fleet: fleet.name, release, at, ...drift }, undefined, 2)}\n`
  const digest = await engine.keepEvidence?.({ name, place: join(bench.directory, place), report })
  const body = { machine: name, release, ...(digest === undefined ? {} : { evidence: place, digest }) }
  await bench.store.append([{ fleet: fleet.name, kind: evidenceKind, body }])
}
