import type { EngineItem, Fleet } from "../contract/index.ts"
import { enginesOf } from "./engines.ts"
import { withLease } from "./lease.ts"
import { settleMachines } from "./rollout/rollout.ts"
import { home } from "./transaction/paths.ts"
import type { VolumeStatus } from "./volumes.ts"
import type { Workbench } from "./workbench.ts"

/** What `destroy` would remove of what the engines of these fleets made. */
export const listForDestroy = async (bench: Workbench, fleets: readonly Fleet[]): Promise<readonly EngineItem[]> => {
  const items = (await Promise.all(enginesOf(bench, fleets).map((engine) => engine.inventory()))).flat()
  // One engine may build on another, and then both list what that made.
  return [...new Map(items.map((item) => [`${item.kind} ${item.name}`, item])).values()]
}

/**
 * Removes one fleet: its router, and the machines that Fireclay made. Servers that existed before are let go as they are.
 *
 * @throws FireclayError FC_MACHINE_LOCKED when a controller with another store is at work on one
 */
export const destroyFleet = (outer: Workbench, fleet: Fleet): Promise<void> =>
  withLease(outer, fleet.name, `destroy ${fleet.name}`, async (bench) => {
    bench.progress({ fleet: fleet.name, doing: "removing" })
    // A server is let go at rest: what was left waiting there is undone, and what another is doing is left to it.
    if (fleet.on.kind === "ssh") await settleMachines(bench, fleet)
    await bench.router(fleet)?.destroy()
    if (fleet.on.kind === "ssh") await Promise.all(fleet.on.hosts.map((host) => letGo(bench, fleet, host.name)))
    else {
      const engine = bench.engine(fleet)
      const ours = (await engine.list()).filter((instance) => instance.fleet === fleet.name)
      await Promise.all(ours.map(({ name }) => engine.remove(name)))
    }
    await bench.store.append([{ fleet: fleet.name, kind: "fleet.destroyed", body: {} }])
    bench.progress({ fleet: fleet.name, doing: "removed", done: true })
  })

/** Removes everything that the engines of these fleets made for the project, whatever fleet it belonged to. */
export const destroyEngines = async (
  bench: Workbench,
  fleets: readonly Fleet[],
  options: { readonly volumes: boolean },
): Promise<void> => {
  // One after the other, because one may build on another.
  for (const engine of enginesOf(bench, fleets)) await engine.destroy(options)
}

/**
 * Removes the data of volumes, and says so in the log.
 *
 * @throws FireclayError FC_VOLUME_IN_USE
 */
export const deleteVolumes = async (bench: Workbench, volumes: readonly VolumeStatus[]): Promise<void> => {
  const engines = enginesOf(bench, Object.values(bench.project.fleets))
  for (const volume of volumes) {
    await engines.find(({ name }) => name === volume.engine)?.removeVolume(volume)
    await bench.store.append([{ fleet: volume.fleet, kind: "volume.deleted", body: { volume: volume.name } }])
  }
}

const letGo = async (bench: Workbench, fleet: Fleet, name: string): Promise<void> => {
  if (fleet.on.kind !== "ssh") return
  const host = fleet.on.hosts.find((candidate) => candidate.name === name)
  if (host === undefined) return
  // A baseline that is still being taken would write to what was just removed.
  const waiting = `if [ -e ${home}/baseline/lock ]; then exec 7>>${home}/baseline/lock && flock -w 60 7; fi`
  await bench.sshMachine(host).sh(`${waiting}; rm -rf -- ${home}`)
}
