import { type BackendState, type Engine, FireclayError, type Router, type Store } from "../../src/contract/index.ts"
import type { Workbench } from "../../src/core/workbench.ts"
import { memoryEngine } from "../../src/engines/index.ts"
import { memoryRouter } from "../../src/routers/index.ts"
import { memoryStore } from "../../src/stores/index.ts"
import { testBench } from "../support/bench.ts"
import type { Life } from "../support/mortal.ts"
import { type VirtualClock, virtualClock } from "./clock.ts"

/** What happens to a fleet that nobody asked for, and when: milliseconds after the rollout began. */
export type Fault =
  | { readonly kind: "instance dies"; readonly atMs: number; readonly pick: number }
  | { readonly kind: "instance falls sick"; readonly atMs: number; readonly pick: number }
  | { readonly kind: "nothing starts"; readonly atMs: number; readonly forMs: number }

/** How long things take: milliseconds. */
export interface Timings {
  readonly createMs: number
  readonly healthyAfterMs: number
  readonly inFlightMs: number
}

export interface World {
  readonly clock: VirtualClock
  readonly store: Store
  /** What was done against the rules. */
  readonly sins: string[]
  readonly controller: (life?: Life) => Workbench
  /** From now on no fewer than so many have to serve, less what faults broke. */
  readonly promise: (least: number) => void
  readonly suffer: (faults: readonly Fault[]) => void
  /** Versions that answer, and badly. */
  readonly bad: Set<number>
  /** Versions that never become healthy. */
  readonly sick: Set<number>
  /** `RELEASE:STATE` of each running instance, sorted. */
  readonly seen: () => Promise<readonly string[]>
}

/** A fleet's surroundings in memory, in virtual time, which watch what is done to them. */
export const makeWorld = (timings: Timings): World => {
  const clock = virtualClock()
  const store = memoryStore({ who: "simulation", now: clock.now })
  const [engine, router, sins] = [memoryEngine(), memoryRouter(), [] as string[]]
  const [sick, bad, ill] = [new Set<number>(), new Set<number>(), new Set<string>()]
  const healthyFrom = new Map<string, number>()
  const drainedAt = new Map<string, number>()
  let [broken, least, startsAgainAt, pid] = [0, 0, 0, 0]

  const instances = async () => new Map((await engine.list()).map((instance) => [instance.name, instance]))
  const isWell = (name: string, release: number | undefined, running: boolean): boolean =>
    running && !ill.has(name) && !sick.has(release ?? 0) && (healthyFrom.get(name) ?? 0) <= clock.now()
  const checkCapacity = async (after: string): Promise<void> => {
    const all = await instances()
    const serving = (await router.peek()).filter(({ id, state }) => {
      const instance = all.get(id)
      return state === "ready" && instance !== undefined && isWell(id, instance.release, instance.running)
    })
    if (serving.length < least - broken)
      sins.push(`${after}: ${serving.length} serve, of ${least} less ${broken} broken`)
  }
  const watchedEngine: Engine = {
    ...engine,
    create: async (want) => {
      await clock.sleep(timings.createMs)
      if (clock.now() < startsAgainAt) throw new FireclayError("FC_INSTANCE_START", `${want.name} did not start`)
      healthyFrom.set(want.name, clock.now() + timings.healthyAfterMs)
      ill.delete(want.name)
      return engine.create(want)
    },
    remove: async (name) => {
      const backend = (await router.peek()).find(({ id }) => id === name)
      if (backend?.state === "ready") sins.push(`${name} was removed while it took requests`)
      await engine.remove(name)
    },
  }
  const watchedRouter: Router = {
    ...router,
    list: async () =>
      (await router.list()).map((backend): BackendState => {
        const sinceMs = clock.now() - (drainedAt.get(backend.id) ?? clock.now())
        return { ...backend, inFlight: backend.state === "drain" && sinceMs < timings.inFlightMs ? 1 : 0 }
      }),
    admit: async (backends) => {
      const all = await instances()
      for (const { id } of backends) {
        const instance = all.get(id)
        // What broke between the gate and this moment is found by the router's own checks.
        if (instance === undefined || sick.has(instance.release ?? 0) || (healthyFrom.get(id) ?? 0) > clock.now())
          sins.push(`${id} was admitted and is not well`)
      }
      await router.admit(backends)
    },
    drain: async (ids) => {
      for (const id of ids) drainedAt.set(id, clock.now())
      await router.drain(ids)
      await checkCapacity(`after a drain of ${ids.join(", ")}`)
    },
    remove: async (ids) => {
      await router.remove(ids)
      await checkCapacity(`after ${ids.join(", ")} left the router`)
    },
  }

  const strike = async (fault: Fault): Promise<void> => {
    await clock.sleep(fault.atMs)
    if (fault.kind === "nothing starts") {
      startsAgainAt = clock.now() + fault.forMs
      return
    }
    const running = (await engine.list()).filter(({ running: runs }) => runs)
    const victim = running[fault.pick % Math.max(1, running.length)]
    if (victim === undefined) return
    broken += 1
    if (fault.kind === "instance dies") await engine.stop(victim.name)
    else ill.add(victim.name)
  }

  return {
    clock,
    store,
    sins,
    sick,
    bad,
    promise: (count) => {
      least = count
    },
    suffer: (faults) => {
      for (const fault of faults) void strike(fault)
    },
    controller: (life) => {
      pid += 1
      const bind = <T extends object>(effects: T): T => life?.bind(effects) ?? effects
      return {
        ...testBench({
          pid,
          store: bind(store),
          engine: bind(watchedEngine),
          router: bind({ ...watchedRouter, watch: watchWith(clock, router, bad, instances) }),
          probe: async ({ address, health }) => {
            const until = clock.now() + health.withinMs
            for (;;) {
              const instance = [...(await instances()).values()].find((each) => each.address === address)
              if (instance !== undefined && isWell(instance.name, instance.release, instance.running))
                return { healthy: true, afterMs: 1 }
              if (clock.now() >= until) return { healthy: false, lastError: "refused" }
              await clock.sleep(100)
            }
          },
        }),
        now: clock.now,
        sleep: clock.sleep,
        isDead: (holder) => holder.pid < pid,
      }
    },
    seen: async () => {
      const states = new Map((await router.peek()).map(({ id, state }) => [id, state]))
      return (await engine.list())
        .filter(({ running }) => running)
        .map(({ name, release }) => `${release}:${states.get(name) ?? "none"}`)
        .toSorted()
    },
  }
}

/** Requests while somebody watches: twenty to each that serves, every 100 ms. */
const watchWith =
  (
    clock: VirtualClock,
    router: Router,
    bad: ReadonlySet<number>,
    instances: () => Promise<ReadonlyMap<string, { readonly release?: number }>>,
  ): Router["watch"] =>
  async (onServed, signal) => {
    while (!signal.aborted) {
      const all = await instances()
      for (const { id, state, weight } of await router.peek())
        for (let count = 0; state === "ready" && weight > 0 && count < 20; count += 1)
          onServed({ id, status: bad.has(all.get(id)?.release ?? 0) ? 503 : 200, latencyMs: 5 })
      await clock.sleep(100, signal)
    }
  }
