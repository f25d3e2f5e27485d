import { type Eyes, FireclayError, type Fleet, type Machine } from "../../../contract/index.ts"
import { openEyes } from "../../eyes/eyes.ts"
import { fleetMachines } from "../../machines.ts"
import type { Workbench } from "../../workbench.ts"
import { hasDrifted, type MachineDrift } from "../drift.ts"
import { enablement } from "../judge.ts"
import { adopt, commonAdoption, type MachineAdoption } from "./adopt.ts"
import { type Adoption, mostBytes, mostPaths, type Seen, type SeenPath, type SeenUnit } from "./adoption.ts"
import { isSecretPath } from "./secrets.ts"

/**
 * Only machines that are kept have changes worth keeping.
 *
 * @throws FireclayError FC_USAGE
 */
export const refuseAdopting = ({ name, by }: Fleet): void => {
  if (by.delivery === "in-place") return
  throw new FireclayError(
    "FC_USAGE",
    `${name} is delivered by replacement: what is changed on an instance goes with it`,
    {
      at: `fleets.${name}.by`,
      remedy: `describe it in the specification and apply that; fireclay drift ${name} --replace lets clean instances take over`,
    },
  )
}

/** Writes down whose changes became a part of the description. */
export const recordAdoption = async (
  bench: Workbench,
  fleet: Fleet,
  machine: string,
  resources: readonly string[],
): Promise<void> => {
  await bench.store.append([{ fleet: fleet.name, kind: "drift.adopted", body: { machine, resources } }])
}

/**
 * The changes of the machine that is meant, or of one of several that drifted alike.
 *
 * @param on names of machines; none: all that drifted
 * @throws FireclayError FC_TARGET_UNKNOWN; FC_USAGE where they drifted in different ways
 */
export const chooseAdoption = async (
  bench: Workbench,
  fleet: Fleet,
  drifts: readonly MachineDrift[],
  on: readonly string[],
): Promise<MachineAdoption | undefined> => {
  const machines = new Map((await fleetMachines(bench, fleet)).map(({ name, machine }) => [name, machine]))
  const unknown = on.find((name) => !machines.has(name))
  if (unknown !== undefined)
    throw new FireclayError("FC_TARGET_UNKNOWN", `${fleet.name} has no machine ${unknown}`, {
      at: `--on ${unknown}`,
      remedy: `one of ${[...machines.keys()].join(", ")}`,
    })
  const drifted = drifts.filter((drift) => hasDrifted(drift) && (on.length === 0 || on.includes(drift.machine)))
  const adoptions = await Promise.all(
    drifted.flatMap((drift) => {
      const machine = machines.get(drift.machine)
      return machine === undefined
        ? []
        : [adoptionOf(bench, machine, drift).then((adoption) => ({ machine: drift.machine, adoption }))]
    }),
  )
  return commonAdoption(fleet.name, adoptions)
}

/** What it takes to describe a machine as it is. Changes nothing on it. */
export const adoptionOf = async (
  { secrets }: Pick<Workbench, "secrets">,
  machine: Machine,
  drift: MachineDrift,
): Promise<Adoption> => adopt(drift, await see(openEyes(machine).eyes, drift, secrets.redact))

const see = async (
  eyes: Eyes,
  { declared, undeclared }: MachineDrift,
  redact: (text: string) => string,
): Promise<Seen> => {
  const there = undeclared.filter(({ change }) => change !== "removed")
  const named = (kind: string): readonly string[] => there.filter((each) => each.kind === kind).map(({ what }) => what)
  const users = named("account")
  const directories = there.filter(({ kind, change }) => kind === "directory" && change === "added")
  const trees = await Promise.all(directories.map(async ({ what }) => ({ what, entries: await eyes.tree(what) })))
  const large = new Set(trees.flatMap(({ what, entries }) => (entries.length > mostPaths ? what : [])))
  const paths = new Set([
    ...declared.flatMap(({ id }) => /^(?:file|directory|link):(.*)$/s.exec(id)?.[1] ?? []),
    ...there.map(({ what }) => what).filter((what) => what.startsWith("/")),
    ...trees.flatMap(({ what, entries }) => (large.has(what) ? [] : entries.map(({ path }) => path))),
    ...users.map((name) => `/home/${name}`),
  ])
  const units = new Set([
    ...undeclared.flatMap(({ kind, what }) => (kind === "running unit" ? what : (enablement(what)?.unit ?? []))),
  ])
  const [seenPaths, seenUsers, groups, packages, seenUnits] = await Promise.all([
    mapOf(paths, (path) => seePath(eyes, path, redact)),
    mapOf(users, (name) => eyes.user(name)),
    mapOf(named("group"), (name) => eyes.group(name)),
    mapOf(
      named("package").map((name) => name.replace(/:.*/, "")),
      (name) => eyes.package(name),
    ),
    mapOf(units, (unit) => seeUnit(eyes, unit)),
  ])
  return { paths: seenPaths, large, users: seenUsers, groups, packages, units: seenUnits }
}

const mapOf = async <T>(
  keys: Iterable<string>,
  look: (key: string) => Promise<T | undefined>,
): Promise<ReadonlyMap<string, T>> => {
  const all = await Promise.all([...keys].map(async (key) => [key, await look(key)] as const))
  return new Map(all.flatMap(([key, value]) => (value === undefined ? [] : [[key, value] as const])))
}

const seePath = async (eyes: Eyes, path: string, redact: (text: string) => string): Promise<SeenPath | undefined> => {
  const state = await eyes.stat(path)
  if (state?.kind !== "file" || state.size > mostBytes || isSecretPath(path)) return state
  const { exitCode, stdout } = await eyes.run(["base64", "-w0", "--", path])
  if (exitCode !== 0) return state
  const bytes = Buffer.from(stdout, "base64")
  const text = bytes.toString()
  return { ...state, bytes, ...(redact(text) === text ? {} : { secret: true }) }
}

const seeUnit = async (eyes: Eyes, unit: string): Promise<SeenUnit> => {
  const [{ enabled, active }, { stdout }] = await Promise.all([
    eyes.unit(unit),
    eyes.run(["systemctl", "show", "--property=FragmentPath", "--value", "--", unit]),
  ])
  return { enabled, active, fragment: stdout }
}
