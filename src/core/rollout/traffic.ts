import type { Backend, BackendState, Fleet, MemberPhase, Served } from "../../contract/index.ts"
import type { Manifest } from "../release.ts"
import type { Workbench } from "../workbench.ts"
import { steadyRouter } from "./steady-router.ts"
import { evenWeight } from "./weights.ts"

/** Who of a fleet takes requests. Without a router it is a book of what was decided, so that policies need not know. */
export interface Traffic {
  readonly phases: () => Promise<ReadonlyMap<string, MemberPhase>>
  /** With the weights that were last said. */
  readonly admit: (backends: readonly Backend[]) => Promise<void>
  /** How much of the requests each one gets; also for those that are admitted later. */
  readonly weigh: (weights: ReadonlyMap<string, number>) => Promise<void>
  /** Every one the same again. */
  readonly even: () => Promise<void>
  /** Percent of new requests that these get, as it stands. */
  readonly shareOf: (ids: readonly string[]) => Promise<number>
  readonly preview: (backends: readonly Backend[]) => Promise<void>
  /** Tells of each request as it ends, until aborted. */
  readonly watch: (onServed: (served: Served) => void, signal: AbortSignal) => Promise<void>
  /** Resolves when nothing is in flight on them, or the fleet's drain deadlines have passed. */
  readonly drain: (ids: readonly string[]) => Promise<void>
  /** Whether somebody is still connected to it. */
  readonly isInUse: (id: string) => Promise<boolean>
  readonly remove: (ids: readonly string[]) => Promise<void>
}

/** Where a member of a release is reached, and how the router asks whether it is well: as that release says. */
export const backendOf = (
  id: string,
  address: string,
  { port = 0, health }: Pick<Manifest, "port" | "health">,
): Backend => ({
  id,
  address,
  port,
  check: health === undefined ? "connect" : { path: health.path, status: health.status },
})

export const openTraffic = async (bench: Workbench, fleet: Fleet): Promise<Traffic> => {
  const bare = bench.router(fleet)
  if (bare === undefined) return withoutRouter()
  await bare.start()
  const router = steadyRouter(bench, fleet, bare)
  let weights: ReadonlyMap<string, number> = new Map()
  const look = shared(async () => new Map((await router.list()).map((backend) => [backend.id, backend])))
  return {
    phases: async () =>
      new Map((await router.list()).map(({ id, state }) => [id, state === "ready" ? "serving" : "drained"])),
    admit: (backends) =>
      router.admit(
        backends.map((backend) => {
          const weight = weights.get(backend.id)
          return weight === undefined ? backend : { ...backend, weight }
        }),
      ),
    weigh: async (given) => {
      weights = given
      await router.weigh(given)
    },
    even: async () => {
      weights = new Map()
      const uneven = (await router.list()).filter(({ weight }) => weight !== evenWeight)
      if (uneven.length > 0) await router.weigh(new Map(uneven.map(({ id }) => [id, evenWeight])))
    },
    shareOf: async (ids) => shareOf(await router.list(), new Set(ids)),
    preview: async (backends) => {
      if (fleet.preview !== undefined) await router.preview(backends)
    },
    watch: (onServed, signal) => router.watch(onServed, signal),
    drain: async (ids) => {
      if (ids.length === 0) return
      await router.drain(ids)
      await waitDrained(bench, look, ids, fleet.by)
    },
    isInUse: async (id) => {
      const { inFlight = 0, webSockets = 0 } = (await look()).get(id) ?? {}
      return inFlight + webSockets > 0
    },
    remove: gathered((ids) => router.remove(ids)),
  }
}

const withoutRouter = (): Traffic => {
  const phases = new Map<string, MemberPhase>()
  return {
    phases: async () => phases,
    admit: async (backends) => {
      for (const { id } of backends) phases.set(id, "serving")
    },
    weigh: async () => undefined,
    even: async () => undefined,
    shareOf: async () => 0,
    preview: async () => undefined,
    watch: async (_onServed, signal) => {
      if (signal.aborted) return
      await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }))
    },
    drain: async (ids) => {
      for (const id of ids) phases.set(id, "drained")
    },
    isInUse: async () => false,
    remove: async (ids) => {
      for (const id of ids) phases.delete(id)
    },
  }
}

const shareOf = (backends: readonly BackendState[], ids: ReadonlySet<string>): number => {
  const ready = backends.filter(({ state, up }) => state === "ready" && up)
  const sum = (some: readonly BackendState[]): number => some.reduce((total, { weight }) => total + weight, 0)
  const all = sum(ready)
  return all === 0 ? 0 : (100 * sum(ready.filter(({ id }) => ids.has(id)))) / all
}

type Look = () => Promise<ReadonlyMap<string, BackendState>>

/**
 * Many ask side by side how it is, and one look is enough for all of them: one that begins after they asked, so that each
 * sees what it did itself.
 */
const shared = (look: Look): Look => {
  let last: Promise<unknown> = Promise.resolve()
  let next: ReturnType<Look> | undefined
  return () => {
    next ??= last.then(() => {
      const now = look()
      last = now.catch(() => undefined)
      next = undefined
      return now
    })
    return next
  }
}

/** Many leave side by side, and the router writes down once what left while it was busy. */
const gathered = (remove: Traffic["remove"]): Traffic["remove"] => {
  let last: Promise<unknown> = Promise.resolve()
  let next: { readonly ids: string[]; readonly done: Promise<void> } | undefined
  return (ids) => {
    if (next === undefined) {
      const all: string[] = []
      const done = last.then(() => {
        next = undefined
        return remove(all)
      })
      last = done.catch(() => undefined)
      next = { ids: all, done }
    }
    next.ids.push(...ids)
    return next.done
  }
}

/** Requests and web sockets have a deadline each: a socket may stay open for as long as its user likes. */
const waitDrained = async (
  bench: Workbench,
  look: Look,
  ids: readonly string[],
  { drainMs, drainWebSocketsMs }: Pick<Fleet["by"], "drainMs" | "drainWebSocketsMs">,
): Promise<void> => {
  const begun = bench.now()
  const socketsMs = drainWebSocketsMs ?? drainMs
  for (;;) {
    const afterMs = bench.now() - begun
    if (afterMs >= Math.max(drainMs, socketsMs)) return
    const backends = await look()
    const isBusy = (id: string): boolean => {
      const { inFlight = 0, webSockets = 0 } = backends.get(id) ?? {}
      return (inFlight > 0 && afterMs < drainMs) || (webSockets > 0 && afterMs < socketsMs)
    }
    if (!ids.some(isBusy)) return
    await bench.sleep(20)
  }
}
