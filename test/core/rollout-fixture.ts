import type { Engine, Fleet, Router, Store } from "../../src/contract/index.ts"
import { type Bundle, bundle } from "../../src/core/release.ts"
import { rollOut } from "../../src/core/rollout/rollout.ts"
import { memoryEngine } from "../../src/engines/index.ts"
import { file } from "../../src/resources/index.ts"
import { memoryRouter } from "../../src/routers/index.ts"
import { fleet, local, replace, spec } from "../../src/spec/index.ts"
import { memoryStore } from "../../src/stores/index.ts"
import {
  allAtOnce,
  blueGreen,
  canary,
  immutable,
  rolling,
  rollingWithAdditionalBatch,
} from "../../src/strategies/index.ts"
import { type TestBench, testBench } from "../support/bench.ts"
import { nameFleet } from "../support/fleet.ts"
import type { Life } from "../support/mortal.ts"

export const policies = {
  "blue-green": blueGreen(),
  rolling: rolling(),
  "all-at-once": allAtOnce(),
  "rolling-with-additional-batch": rollingWithAdditionalBatch({ batch: 2 }),
  immutable: immutable({ together: "1ms" }),
  canary: canary({ steps: [{ weight: 50, for: "1ms" }], gates: [] }),
} as const
export type Policy = keyof typeof policies

/** What one version of the web server is: its health check asks for a path of its own. */
export const webSpec = (version: number) =>
  spec("web", {
    resources: [file("/srv/version", { content: String(version) })],
    port: 80,
    health: { path: `/v${version}`, within: "1s" },
  })

export const webBundle = (version: number): Promise<Bundle> => bundle(webSpec(version), "/")

export const webFleet = (policy: Policy, count = 3, drain = "1s"): Fleet => {
  return nameFleet(
    fleet(webSpec(1), {
      on: local({ count }),
      by: replace({ strategy: policies[policy], drain, ramp: "0s" }),
      listen: 8080,
    }),
  )
}

export interface World {
  readonly store: Store
  readonly engine: Engine
  readonly router: Router
  /** Versions whose instances do not become healthy. */
  readonly sick: Set<number>
  /** What was done against the rules, such as removing an instance that takes requests. */
  readonly sins: string[]
  /** A controller in this world; each is another process. */
  readonly controller: (life?: Life) => TestBench
  /** `NAME:RELEASE:STATE` of each instance, as engine and router see it. */
  readonly seen: () => Promise<readonly string[]>
}

/** Everything that outlives a controller. */
export const makeWorld = (router = memoryRouter()): World => {
  const [store, engine] = [memoryStore(), memoryEngine()]
  const sick = new Set<number>()
  const sins: string[] = []
  const stateOf = async (name: string) => (await router.peek()).find(({ id }) => id === name)?.state
  const watched: Engine = {
    ...engine,
    remove: async (name) => {
      if ((await stateOf(name)) === "ready") sins.push(`${name} was removed while it took requests`)
      await engine.remove(name)
    },
  }
  const watchedRouter: Router = {
    ...router,
    admit: async (backends) => {
      const instances = await engine.list()
      for (const { id, address } of backends)
        if (!instances.some((instance) => instance.name === id && instance.address === address && instance.running))
          sins.push(`${id} was admitted and is not there`)
      await router.admit(backends)
    },
  }
  let pid = 0
  return {
    store,
    engine,
    router,
    sick,
    sins,
    controller: (life) => {
      pid += 1
      const bind = <T extends object>(effects: T): T => life?.bind(effects) ?? effects
      return {
        ...testBench({
          pid,
          store: bind(store),
          engine: bind(watched),
          router: bind(watchedRouter),
          probe: async ({ health }) =>
            sick.has(Number(health.path.slice(2)))
              ? { healthy: false, lastError: "refused" }
              : { healthy: true, afterMs: 1 },
        }),
        // Every controller before this one is dead.
        isDead: (holder) => holder.pid < pid,
      }
    },
    seen: async () =>
      Promise.all(
        (await engine.list()).map(async ({ name, release }) => `${name}:${release}:${(await stateOf(name)) ?? "none"}`),
      ),
  }
}

export const apply = async (world: World, policy: Policy, version: number, count = 3) =>
  rollOut(world.controller(), webFleet(policy, count), { bundle: await webBundle(version) })
