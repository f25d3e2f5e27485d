import { setTimeout as sleep } from "node:timers/promises"
import type { Backend, Fleet, MemberPhase, Router } from "../../contract/index.ts"
import type { Workbench } from "../workbench.ts"

/** Who of a fleet takes requests. Without a router it is a book of what was decided, so that policies need not know. */
export interface Traffic {
  readonly phases: () => Promise<ReadonlyMap<string, MemberPhase>>
  readonly admit: (backends: readonly Backend[]) => Promise<void>
  /** Resolves when nothing is in flight on them, or the fleet's drain deadline has passed. */
  readonly drain: (ids: readonly string[]) => Promise<void>
  readonly remove: (ids: readonly string[]) => Promise<void>
}

export const openTraffic = async (bench: Workbench, fleet: Fleet): Promise<Traffic> => {
  const router = bench.router(fleet)
  if (router === undefined) return withoutRouter()
  await router.start()
  return {
    phases: async () =>
      new Map((await router.list()).map(({ id, state }) => [id, state === "ready" ? "serving" : "drained"])),
    admit: (backends) => router.admit(backends),
    drain: async (ids) => {
      if (ids.length === 0) return
      await router.drain(ids)
      await waitDrained(bench, router, ids, fleet.by.drainMs)
    },
    remove: (ids) => router.remove(ids),
  }
}

const withoutRouter = (): Traffic => {
  const phases = new Map<string, MemberPhase>()
  return {
    phases: async () => phases,
    admit: async (backends) => {
      for (const { id } of backends) phases.set(id, "serving")
    },
    drain: async (ids) => {
      for (const id of ids) phases.set(id, "drained")
    },
    remove: async (ids) => {
      for (const id of ids) phases.delete(id)
    },
  }
}

const waitDrained = async (
  bench: Workbench,
  router: Router,
  ids: readonly string[],
  drainMs: number,
): Promise<void> => {
  const deadline = bench.now() + drainMs
  while (bench.now() < deadline) {
    const busy = (await router.list()).some(
      ({ id, inFlight, webSockets }) => ids.includes(id) && inFlight + webSockets > 0,
    )
    if (!busy) return
    await sleep(20)
  }
}
