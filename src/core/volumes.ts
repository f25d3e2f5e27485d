import {
  type EngineVolume,
  FireclayError,
  type Fleet,
  type Member,
  type Project,
  type Store,
  type Volume,
} from "../contract/index.ts"
import { enginesOf } from "./engines.ts"
import { sizeOf } from "./fleet-size.ts"
import { forecast } from "./forecast.ts"
import type { Workbench } from "./workbench.ts"

export interface VolumeStatus extends EngineVolume {
  /** Name of the engine that keeps it. */
  readonly engine: string
  /** By the configuration, or by one that was applied before and has left it. */
  readonly protected: boolean
  /** No fleet of the configuration has it. */
  readonly orphaned: boolean
}

/** Everything that the engines of the project keep. */
export const listVolumes = async (bench: Workbench): Promise<readonly VolumeStatus[]> => {
  const remembered = await protectedByLog(bench.store)
  const engines = enginesOf(bench, Object.values(bench.project.fleets))
  const kept = await Promise.all(
    engines.map(async (engine) => (await engine.volumes()).map((volume) => ({ ...volume, engine: engine.name }))),
  )
  return kept.flat().map((volume) => {
    const described = describedIn(bench.project, volume)
    return {
      ...volume,
      protected: described?.protect === true || remembered.has(keyOf(volume)),
      orphaned: described === undefined,
    }
  })
}

/** In place each machine has its own, unless it is shared: `data` of `pets-1` is `pets-1.data`. */
export const volumesOfMachine = (fleet: Fleet, machine: string): readonly Volume[] =>
  fleet.spec.volumes.map((volume) =>
    volume.access === "shared" ? volume : { ...volume, name: `${machine}.${volume.name}` },
  )

/**
 * A fleet of which two instances would at some time hold what only one may: always, or while it goes to another release.
 *
 * @throws FireclayError FC_VOLUME_EXCLUSIVE
 */
export const refuseSurge = (bench: Workbench, fleet: Fleet, volumes: readonly Volume[]): void => {
  const exclusive = volumes.find(({ access }) => access !== "shared")
  if (fleet.by.delivery !== "replace" || exclusive === undefined) return
  const size = sizeOf(fleet)
  const most = size > 1 ? size : peakOfChange(bench, fleet)
  if (most < 2) return
  const why = size > 1 ? `${size} instances` : `${most} at a time by ${fleet.by.strategy.name}`
  throw new FireclayError(
    "FC_VOLUME_EXCLUSIVE",
    `${fleet.name} would have ${why}, and its volume ${exclusive.name} is for one`,
    {
      at: `specs.${fleet.spec.name}.volumes.${exclusive.name}`,
      remedy: `let the old instance go first: local({ count: 1 }) by rolling() or allAtOnce(); or, where the program bears it: { path: "${exclusive.path}", access: "shared" }`,
    },
  )
}

/** Writes down what the configuration protects, so that it stays so when it leaves the configuration. */
export const rememberProtection = async (bench: Workbench, fleet: Fleet): Promise<readonly string[]> => {
  const known = await protectedByLog(bench.store)
  const fresh = fleet.spec.volumes
    .filter(({ name, protect }) => protect === true && !known.has(`${fleet.name}/${name}`))
    .map(({ name }) => name)
  if (fresh.length > 0)
    await bench.store.append(fresh.map((volume) => ({ fleet: fleet.name, kind: "volume.protected", body: { volume } })))
  return fresh
}

/**
 * Ends the protection of a volume that the configuration protects no more.
 *
 * @param name `FLEET/NAME`, or the name alone where only one fleet has it
 * @throws FireclayError FC_VOLUME_PROTECTED while the configuration protects it; FC_VOLUME_UNKNOWN
 */
export const unprotectVolume = async (bench: Workbench, name: string): Promise<string> => {
  const known = [...(await protectedByLog(bench.store))]
  const configured = protectedByProject(bench.project)
  const found = matching([...new Set([...known, ...configured])], name, (key) => key)
  const [key] = found
  if (key === undefined || found.length > 1) throw unknownVolume(name, found, "no protected volume")
  if (configured.includes(key)) throw stillProtected(key)
  const [fleet = "", volume = ""] = key.split("/")
  await bench.store.append([{ fleet, kind: "volume.unprotected", body: { volume } }])
  return key
}

/**
 * The volumes that are to be deleted, before anything is.
 *
 * @param leaving whether the instances that have it will be gone by then
 * @throws FireclayError FC_VOLUME_UNKNOWN, FC_VOLUME_PROTECTED, FC_VOLUME_IN_USE
 */
export const chooseVolumes = (
  all: readonly VolumeStatus[],
  names: readonly string[],
  leaving: (volume: VolumeStatus) => boolean,
): readonly VolumeStatus[] =>
  names.map((name) => {
    const found = matching(all, name, labelOf)
    const [volume] = found
    if (volume === undefined || found.length > 1) throw unknownVolume(name, found.map(labelOf), "no volume")
    if (volume.protected) throw stillProtected(keyOf(volume))
    const [user] = volume.usedBy
    if (user !== undefined && !leaving(volume))
      throw new FireclayError("FC_VOLUME_IN_USE", `${user} has the volume ${labelOf(volume)}, and would stay`, {
        at: labelOf(volume),
        remedy: `destroy its fleet with it: fireclay destroy ${volume.fleet} --delete-volumes ${labelOf(volume)}`,
      })
    return volume
  })

/** How a volume is called where there are several fleets. */
export const labelOf = ({ fleet, name }: Pick<EngineVolume, "fleet" | "name">): string => `${fleet}/${name}`

/** The most instances of a fleet that is all there, while it goes to another release. */
const peakOfChange = (bench: Workbench, fleet: Fleet): number => {
  const strategy = bench.strategies.get(fleet.by.strategy.name)
  if (strategy === undefined) return 0
  const size = sizeOf(fleet)
  const members = Array.from({ length: size }, (_, index): Member => ({ id: `${index}`, release: 1, phase: "serving" }))
  return forecast(strategy, fleet.by.strategy.options, { delivery: "replace", target: 2, size, members }).peak
}

/** The volume as a specification calls it: what belongs to one machine has that machine's name before it. */
const describedName = ({ fleet, name }: Pick<EngineVolume, "fleet" | "name">): string =>
  name.startsWith(`${fleet}-`) ? name.replace(/^.*-\d+\./, "") : name

const keyOf = (volume: Pick<EngineVolume, "fleet" | "name">): string => `${volume.fleet}/${describedName(volume)}`

const describedIn = ({ fleets }: Project, volume: EngineVolume): Volume | undefined =>
  fleets[volume.fleet]?.spec.volumes.find(({ name }) => name === describedName(volume))

const protectedByProject = ({ fleets }: Project): readonly string[] =>
  Object.values(fleets).flatMap(({ name, spec }) =>
    spec.volumes.filter(({ protect }) => protect === true).map((volume) => `${name}/${volume.name}`),
  )

const protectedByLog = async (store: Store): Promise<ReadonlySet<string>> => {
  const events = await Promise.all(["volume.protected", "volume.unprotected"].map((kind) => store.events({ kind })))
  const keys = new Set<string>()
  for (const { kind, fleet, body } of events.flat().toSorted((a, b) => a.number - b.number)) {
    const key = `${fleet}/${String(body.volume)}`
    if (kind === "volume.protected") keys.add(key)
    else keys.delete(key)
  }
  return keys
}

const matching = <T>(all: readonly T[], name: string, label: (each: T) => string): readonly T[] =>
  all.filter((each) => label(each) === name || label(each).endsWith(`/${name}`))

const unknownVolume = (name: string, found: readonly string[], none: string): FireclayError =>
  new FireclayError(
    "FC_VOLUME_UNKNOWN",
    found.length === 0 ? `there is ${none} "${name}"` : `"${name}" may be ${found.join(" or ")}`,
    { at: name, remedy: found.length === 0 ? "fireclay volumes" : "name the fleet too" },
  )

const stillProtected = (key: string): FireclayError =>
  new FireclayError("FC_VOLUME_PROTECTED", `the volume ${key} is protected`, {
    at: key,
    remedy: `take protect out of the configuration, if it is still there, then: fireclay volumes unprotect ${key}`,
  })
