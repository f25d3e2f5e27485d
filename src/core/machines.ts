import type { Fleet, InstanceWant, Machine } from "../contract/index.ts"
import { bake } from "./bake.ts"
import { pinSpec } from "./base.ts"
import { baseKey } from "./lock.ts"
import { bundle } from "./release.ts"
import { openStartFiles } from "./start-files.ts"
import { volumesOfMachine } from "./volumes.ts"
import type { Workbench } from "./workbench.ts"

/** A machine of a fleet in place, whether or not it exists yet. */
export interface FleetMachine {
  readonly name: string
  readonly exists: boolean
  readonly machine: Machine
}

/** The machines of a fleet that is delivered in place, in their order. Local ones may still have to be made. */
export const fleetMachines = async (bench: Workbench, fleet: Fleet): Promise<readonly FleetMachine[]> => {
  if (fleet.on.kind === "ssh")
    return fleet.on.hosts.map((host) => ({ name: host.name, exists: true, machine: bench.sshMachine(host) }))
  const engine = bench.engine(fleet)
  const existing = new Map((await engine.list()).map((instance) => [instance.name, instance]))
  return Array.from({ length: fleet.on.count }, (_, index) => {
    const name = `${fleet.name}-${index + 1}`
    return { name, exists: existing.get(name)?.running === true, machine: engine.machine(name) }
  })
}

/** Makes local machines that are not there, and starts those that stopped: all of a fleet, or those of these names. */
export const provision = async (
  bench: Workbench,
  fleet: Fleet,
  only?: ReadonlySet<string>,
): Promise<readonly string[]> => {
  if (fleet.on.kind === "ssh") return []
  const engine = bench.engine(fleet)
  const existing = new Map((await engine.list()).map((instance) => [instance.name, instance]))
  const names = Array.from({ length: fleet.on.count }, (_, index) => `${fleet.name}-${index + 1}`)
  const idle = names.filter((name) => only?.has(name) !== false && existing.get(name)?.running !== true)
  if (idle.length === 0) return []
  const from = await startOf(bench, fleet)
  const startFiles = await openStartFiles(bench.secrets, { fleet: fleet.name, userData: fleet.spec.userData })
  const bring = async (name: string): Promise<void> => {
    bench.progress({ fleet: fleet.name, member: name, doing: "starting" })
    if (existing.has(name)) await engine.start(name, startFiles)
    else
      await engine.create({
        name,
        from,
        fleet: fleet.name,
        volumes: volumesOfMachine(fleet, name),
        scratch: [],
        startFiles,
      })
    bench.progress({ fleet: fleet.name, member: name, doing: "up", done: true })
  }
  await Promise.all(idle.map(bring))
  return names.filter((name) => !existing.has(name))
}

/** What new machines start from: the base, or the image of the spec that theirs is based on, which is baked first. */
const startOf = async (bench: Workbench, fleet: Fleet): Promise<InstanceWant["from"]> => {
  const spec = await pinSpec(bench, fleet.spec)
  if ("from" in spec.base) {
    const { image } = await bake(bench, fleet.name, await bundle(spec.base.from, bench.directory))
    return { image: image.digest, writable: true }
  }
  // The one that images stand on, where there are any.
  const locked = (await bench.lock.read()).bases[baseKey(spec.base)]
  const tell = (line: string): void => bench.progress({ fleet: fleet.name, doing: line })
  const digest = await bench.engine(fleet).ensureBase(spec.base, tell, { digest: locked })
  return { base: spec.base, digest }
}
