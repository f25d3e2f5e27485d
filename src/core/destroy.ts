import type { Engine, EngineItem, Fleet } from "../contract/index.ts"
import { withLease } from "./lease.ts"
import { settleMachines } from "./rollout/rollout.ts"
import { home } from "./transaction/paths.ts"
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

const enginesOf = (bench: Workbench, fleets: readonly Fleet[]): readonly Engine[] => {
  const made = fleets.filter(({ on }) => on.kind !== "ssh")
  return [...new Set(made.map((fleet) => bench.engine(fleet)))]
}

const letGo = async (bench: Workbench, fleet: Fleet, name: string): Promise<void> => {
  if (fleet.on.kind !== "ssh") return
  const host = fleet.on.hosts.find((candidate) => candidate.name === name)
  if (host !== undefined) await bench.sshMachine(host).sh(`rm -rf -- ${home}`)
}
