import { FireclayError, type Fleet, isFireclayError, type Machine } from "../contract/index.ts"
import { bake } from "./bake.ts"
import { canonical } from "./canonical.ts"
import { type FleetRecord, loadBundle, readFleet, releaseOf } from "./ledger.ts"
import { bundleFor } from "./machine-lists.ts"
import { fleetMachines } from "./machines.ts"
import type { Bundle } from "./release.ts"
import { compareTrees } from "./tree/compare.ts"
import { type Explained, explain, type Scene } from "./tree/explain.ts"
import { explainByPast } from "./tree/past.ts"
import { scanTree, type Tree } from "./tree/scan.ts"
import { scanImage, touchedBy } from "./tree/scan-image.ts"
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
  const touched =
    fleet.on.kind === "ssh" && !isFleet(against) ? await touchedBy(bench, subject.bundle.manifest, other) : undefined
  const scene: Scene = { one, other, manifest: subject.bundle.manifest, ...(touched === undefined ? {} : { touched }) }
  const explained = compareTrees(one, other).map((difference) => explain(difference, scene))
  const { differences, notes } = await withPast(bench, subject, one, explained)
  return {
    one: subject.machine.name,
    other: name,
    release: subject.release,
    compared: new Set([...one.entries.keys(), ...other.entries.keys()]).size + one.packages.size,
    differences,
    notes: [...new Set([...one.notes, ...other.notes, ...notes])],
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
  readonly record: FleetRecord
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
  return { fleet, record, machine, release, bundle, ...(image === undefined ? {} : { image }) }
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
  return { name: image, tree: await scanImage(bench, { image }) }
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

/** Releases that a machine is searched for remains of, the last ones first. */
const pastReleases = 5

/** A machine that is converged has a past, which no image has. */
const withPast = async (
  bench: Workbench,
  { fleet, machine, release, bundle, image, record }: Subject,
  tree: Tree,
  explained: readonly Explained[],
): Promise<Pick<Verified, "differences" | "notes">> => {
  const before = [...new Set(record.history.toReversed())].filter((number) => number !== release)
  const notes: string[] = []
  let differences = explained
  if (image !== undefined || before.length === 0 || !differences.some(isUnexplained)) return { differences, notes }
  const scanBaked = async (baked: Bundle): Promise<Tree> =>
    scanImage(bench, { image: (await bake(bench, fleet.name, baked)).image.digest })
  const touched = await touchedBy(bench, bundle.manifest, await scanBaked(bundle))
  for (const number of before.slice(0, pastReleases)) {
    if (!differences.some(isUnexplained)) break
    bench.progress({ fleet: fleet.name, doing: `looking at what release ${number} left` })
    try {
      const earlier = bundleFor(await loadBundle(bench.store, releaseOf(record, number)), machine.name)
      const left = { release: number, image: await scanBaked(earlier) }
      differences = explainByPast(differences, tree, touched, left)
    } catch (error) {
      if (!isFireclayError(error)) throw error
      notes.push(`what release ${number} left could not be told: ${error.message}`)
    }
  }
  return { differences, notes }
}

const isUnexplained = ({ kind }: Explained): boolean => kind === "unexplained"

const incomparable = (message: string, fleet: Fleet, remedy: string): FireclayError =>
  new FireclayError("FC_VERIFY", message, { at: `fleets.${fleet.name}`, remedy })
