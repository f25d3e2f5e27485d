import { readFile } from "node:fs/promises"
import { join } from "node:path"
import type { Fleet, Machine, Resource, Router, Store } from "../../src/contract/index.ts"
import { bundle } from "../../src/core/release.ts"
import { type RolloutResult, rollOut } from "../../src/core/rollout/rollout.ts"
import { file } from "../../src/resources/index.ts"
import { memoryRouter } from "../../src/routers/index.ts"
import { fleet, type InPlaceOptions, inPlace, spec, ssh } from "../../src/spec/index.ts"
import { memoryStore } from "../../src/stores/index.ts"
import { rolling } from "../../src/strategies/index.ts"
import { me } from "../support/apply.ts"
import { type TestBench, testBench } from "../support/bench.ts"
import { nameFleet } from "../support/fleet.ts"
import { openShellMachine, type ShellMachine, sharedRoot } from "../support/shell-machine.ts"

/** A fleet of shell machines behind a router in memory, and controllers for it, one after the other. */
export interface InPlaceWorld {
  readonly hosts: readonly string[]
  readonly shells: readonly ShellMachine[]
  readonly store: Store
  readonly router: Router
  /** `web2 v3`: that machine does not become healthy with that version; `web2` alone: with none. */
  readonly sick: Set<string>
  /** `web2 v3`: after so many healthy answers it becomes unhealthy. */
  readonly falling: Map<string, number>
  readonly fleet: (by?: Partial<InPlaceOptions>, more?: { readonly listen?: boolean }) => Fleet
  readonly controller: () => TestBench
  readonly apply: (version: number, on?: Fleet, more?: readonly Resource[]) => Promise<RolloutResult>
  /** What stands on the machines. */
  readonly versions: () => Promise<readonly string[]>
  /** What the machines say of themselves. */
  readonly releases: () => Promise<readonly (number | undefined)[]>
  /** Those that take requests. */
  readonly serving: () => Promise<readonly string[]>
  readonly dispose: () => Promise<void>
}

export const makeInPlaceWorld = async (count: number): Promise<InPlaceWorld> => {
  const hosts = Array.from({ length: count }, (_, index) => `web${index + 1}`)
  const shells = await Promise.all(hosts.map((host) => openShellMachine(host, { shared: true })))
  const [store, router, sick, falling] = [memoryStore(), memoryRouter(), new Set<string>(), new Map<string, number>()]
  const isIll = (host: string, version: string): boolean => {
    const left = falling.get(`${host} ${version}`)
    if (left !== undefined) falling.set(`${host} ${version}`, left - 1)
    return sick.has(host) || sick.has(`${host} ${version}`) || left === 0 || (left ?? 0) < 0
  }
  let pid = 0
  const world: InPlaceWorld = {
    hosts,
    shells,
    store,
    router,
    sick,
    falling,
    fleet: (by = {}, { listen = true } = {}) => {
      const options = { strategy: rolling(), drain: "1s", confirm: "20s", ...by }
      return nameFleet(
        fleet(specOf(1), {
          on: ssh({ hosts }),
          by: inPlace(options),
          ...(listen ? { listen: 8080 } : {}),
        }),
      )
    },
    controller: () => {
      pid += 1
      const own = pid
      return {
        ...testBench({
          store,
          router,
          pid,
          machines: addressed(shells),
          probe: async ({ health, address }) => {
            const host = hosts[Number(address.split(".").at(-1)) - 1] ?? ""
            return isIll(host, health.path.slice(1))
              ? { healthy: false, lastError: "refused" }
              : { healthy: true, afterMs: 1 }
          },
        }),
        isDead: (holder) => holder.pid < own,
      }
    },
    apply: async (version, on = world.fleet(), more = []) =>
      rollOut(world.controller(), on, { bundle: await bundle(specOf(version, more), "/") }),
    versions: () =>
      Promise.all(shells.map(({ root }) => readFile(join(root, "srv/version"), "utf8").catch(() => "none"))),
    releases: () => Promise.all(shells.map(releaseOn)),
    serving: async () => (await router.peek()).flatMap(({ id, state }) => (state === "ready" ? [id] : [])).toSorted(),
    dispose: async () => {
      await Promise.all(shells.map((shell) => shell.dispose()))
    },
  }
  return world
}

/** What one version of the web server is: its health check asks for a path of its own. */
export const specOf = (version: number, more: readonly Resource[] = []) =>
  spec("web", {
    resources: [file(join(sharedRoot, "srv/version"), { content: String(version), ...me }), ...more],
    port: 80,
    health: { path: `/v${version}`, within: "1s" },
  })

/** Each machine is at an address of its own, so that a probe knows which one it asks. */
const addressed = (shells: readonly ShellMachine[]): ReadonlyMap<string, Machine> =>
  new Map(
    shells.map(({ machine }, index) => [machine.name, { ...machine, address: async () => `192.0.2.${index + 1}` }]),
  )

const releaseOn = async ({ home }: ShellMachine): Promise<number | undefined> => {
  const text = await readFile(join(home, "current.json"), "utf8").catch(() => "{}")
  return (JSON.parse(text) as { readonly release?: number }).release
}
