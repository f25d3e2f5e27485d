import type { EngineItem, Fleet } from "../contract/index.ts"
import { withLease } from "./lease.ts"
import { settleMachines } from "./rollout/rollout.ts"
import { home } from "./transaction/paths.ts"
import type { Workbench } from "./workbench.ts"

/** What `destroy` would remove. */
export const listForDestroy = async (bench: Workbench): Promise<readonly EngineItem[]> => bench.engine().inventory()

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
      const engine = bench.engine()
      const ours = (await engine.list()).filter((instance) => instance.fleet === fleet.name)
      await Promise.all(ours.map(({ name }) => engine.remove(name)))
    }
    await bench.store.append([{ fleet: fleet.name, kind: "fleet.destroyed", body: {} }])
    bench.progress({ fleet: fleet.name, doing: "removed", done: true })
  })

/** Removes everything that the project's engine made, whatever fleet it belonged to. */
export const destroyEngine = (bench: Workbench, options: { readonly volumes: boolean }): Promise<void> =>
  bench.engine().destroy(options)

const letGo = async (bench: Workbench, fleet: Fleet, name: string): Promise<void> => {
  if (fleet.on.kind !== "ssh") return
  const host = fleet.on.hosts.find((candidate) => candidate.name === name)
  if (host !== undefined) await bench.sshMachine(host).sh(`rm -rf -- ${home}`)
}
