import { type Engine, FireclayError, type Fleet, type Machine } from "../contract/index.ts"
import { withScratch } from "./bake/layer.ts"
import { heldVersions } from "./bake/versions.ts"
import { bake } from "./bake.ts"
import { canonical } from "./canonical.ts"
import { type FleetRecord, loadBundle, readFleet, releaseOf } from "./ledger.ts"
import { bundleFor } from "./machine-lists.ts"
import { fleetMachines } from "./machines.ts"
import type { Bundle } from "./release.ts"
import { compareTrees } from "./tree/compare.ts"
import { type Explained, explain, type Scene } from "./tree/explain.ts"
import { scanTree, type Tree } from "./tree/scan.ts"
import type { Workbench } from "./workbench.ts"

export interface Verified {
  /** The machine, and what it was compared with. */
  readonly one: string
  readonly other: string
  readonly release: number
  /** Paths and packages that were looked at. */
  readonly compared: number
  readonly differences: readonly Explained[]
  readonly notes: readonly string[]
}

/** What a machine is compared with. Absent: the image of the same release. */
export type VerifyWith = { readonly fleet: Fleet } | { readonly image: string } | undefined

/**
 * Compares a machine of a fleet, file by file, with the image of the release that it is at, with another image, or with a
 * machine of another fleet at the same release, and says of each difference why it is there.
 *
 * @throws FireclayError FC_VERIFY, FC_IMAGE_UNKNOWN, FC_SECRET_BAKED, FC_MACHINE_…, and what a bake does
 */
export const verify = async (bench: Workbench, fleet: Fleet, against: VerifyWith): Promise<Verified> => {
  const subject = await openSubject(bench, fleet)
  bench.progress({ fleet: fleet.name, doing: `looking at ${subject.machine.name}` })
  const one = await scanTree(subject.machine)
  const { name, tree: other } = await openOther(bench, subject, against)
  const touched = fleet.on.kind === "ssh" && !isFleet(against) ? await touchedBy(bench, subject, other) : undefined
  const scene: Scene = { one, other, manifest: subject.bundle.manifest, ...(touched === undefined ? {} : { touched }) }
  return {
    one: subject.machine.name,
    other: name,
    release: subject.release,
    compared: new Set([...one.entries.keys(), ...other.entries.keys()]).size + one.packages.size,
    differences: compareTrees(one, other).map((difference) => explain(difference, scene)),
    notes: [...new Set([...one.notes, ...other.notes])],
  }
}

/** The image whose digest begins like this. */
export const findImage = async (bench: Workbench, text: string): Promise<string | undefined> => {
  const start = text.replace(/^sha256:/, "")
  if (!/^[0-9a-f]{8,64}$/.test(start)) return undefined
  return (await bench.engine().images()).find(({ digest }) => digest.startsWith(`sha256:${start}`))?.digest
}

interface Subject {
  readonly fleet: Fleet
  readonly machine: Machine
  readonly release: number
  /** As far as it is this machine's. */
  readonly bundle: Bundle
  /** Digest of the image that it is an instance of; absent: it is converged in place. */
  readonly image?: string
}

const openSubject = async (bench: Workbench, fleet: Fleet): Promise<Subject> => {
  const record = await readFleet(bench.store, fleet.name)
  const { machine, image, release = record.current } = await firstMember(bench, fleet)
  if (release === undefined) throw incomparable(`nothing was delivered to ${fleet.name} yet`, fleet, "fireclay apply")
  refuseOtherwise(record, fleet, machine.name)
  const bundle = bundleFor(await loadBundle(bench.store, releaseOf(record, release)), machine.name)
  return { fleet, machine, release, bundle, ...(image === undefined ? {} : { image }) }
}

const firstMember = async (
  bench: Workbench,
  fleet: Fleet,
): Promise<{ readonly machine: Machine; readonly image?: string; readonly release?: number }> => {
  const none = incomparable(`nothing of ${fleet.name} runs`, fleet, "fireclay apply")
  if (fleet.by.delivery === "in-place") {
    const found = (await fleetMachines(bench, fleet)).find(({ exists }) => exists)
    if (found === undefined) throw none
    return { machine: found.machine }
  }
  const engine = bench.engine(fleet)
  const found = (await engine.list()).find((instance) => instance.fleet === fleet.name && instance.running)
  if (found === undefined) throw none
  const { name, image, release } = found
  return {
    machine: engine.machine(name),
    ...(image === undefined ? {} : { image }),
    ...(release === undefined ? {} : { release }),
  }
}

/** A machine that a rollout left elsewhere is not at the release in force. */
const refuseOtherwise = (record: FleetRecord, fleet: Fleet, machine: string): void => {
  if (fleet.by.delivery === "in-place" && record.elsewhere.has(machine))
    throw incomparable(`${machine} was left at another release than the one in force`, fleet, "fireclay apply")
}

const openOther = async (
  bench: Workbench,
  subject: Subject,
  against: VerifyWith,
): Promise<{ readonly name: string; readonly tree: Tree }> => {
  if (isFleet(against)) {
    const other = await openSubject(bench, against.fleet)
    refuseOtherRelease(subject, other)
    return { name: other.machine.name, tree: await scanTree(other.machine) }
  }
  const baked = async (): Promise<string> => (await bake(bench, subject.fleet.name, subject.bundle)).image.digest
  const image = against?.image ?? subject.image ?? (await baked())
  return { name: image, tree: await scanFrom(bench, { image }) }
}

const isFleet = (against: VerifyWith): against is { readonly fleet: Fleet } =>
  against !== undefined && "fleet" in against

/** Of two fleets only what is the same description can be expected to be the same. */
const refuseOtherRelease = (one: Subject, other: Subject): void => {
  const described = ({ bundle: { manifest } }: Subject): string => canonical([manifest.base, manifest.resources])
  if (described(one) === described(other)) return
  throw incomparable(
    `${one.fleet.name} release ${one.release} and ${other.fleet.name} release ${other.release} are not the same description`,
    other.fleet,
    "bring both to the same spec first: fireclay apply",
  )
}

/** What the image has otherwise than its base. */
const touchedBy = async (bench: Workbench, { bundle }: Subject, image: Tree): Promise<ReadonlySet<string>> => {
  const { base: digest } = await heldVersions(bench, bundle.manifest)
  const before = await scanFrom(bench, { base: bundle.manifest.base, ...(digest === undefined ? {} : { digest }) })
  return new Set(compareTrees(before, image).map(({ what }) => what))
}

const scanFrom = (bench: Workbench, from: Parameters<Engine["openScratch"]>[0]): Promise<Tree> =>
  withScratch(bench, from, ({ machine }) => scanTree(machine))

const incomparable = (message: string, fleet: Fleet, remedy: string): FireclayError =>
  new FireclayError("FC_VERIFY", message, { at: `fleets.${fleet.name}`, remedy })
