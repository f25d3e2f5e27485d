import { setTimeout as sleep } from "node:timers/promises"
import type {
  Engine,
  Fleet,
  LockFile,
  Machine,
  ProbeAnswer,
  ProbeTarget,
  Router,
  Store,
} from "../../src/contract/index.ts"
import { emptyLock } from "../../src/core/lock.ts"
import type { ProgressEvent, Workbench } from "../../src/core/workbench.ts"
import { memoryEngine } from "../../src/engines/index.ts"
import * as resources from "../../src/resources/index.ts"
import { memoryRouter } from "../../src/routers/index.ts"
import { defineProject } from "../../src/spec/index.ts"
import { memoryStore } from "../../src/stores/index.ts"
import { strategies } from "../../src/strategies/index.ts"
import { testSecrets } from "./secrets.ts"

export interface TestBench extends Workbench {
  readonly store: Store
  readonly events: ProgressEvent[]
  /** The kinds of all events of the log, in order. */
  readonly kinds: () => Promise<readonly string[]>
}

interface TestBenchOptions {
  readonly store?: Store
  readonly engine?: Engine
  readonly router?: Router
  readonly probe?: (target: ProbeTarget) => Promise<ProbeAnswer>
  readonly machines?: ReadonlyMap<string, Machine>
  readonly pid?: number
}

/** A lock that is gone with the process. */
const testLock = (): LockFile => {
  let kept = emptyLock
  return {
    read: async () => kept,
    write: async (lock) => {
      kept = lock
    },
  }
}

export const resourceTypes: Workbench["types"] = new Map(
  Object.values(resources).map(({ resourceType }) => [resourceType.type, resourceType]),
)

/** A workbench in memory. Give two of them the same store, engine and router to have a second controller. */
export const testBench = (options: TestBenchOptions = {}): TestBench => {
  const store = options.store ?? memoryStore()
  const engine = options.engine ?? memoryEngine()
  const router = options.router ?? memoryRouter()
  const events: ProgressEvent[] = []
  return {
    project: defineProject({ name: "project", fleets: {} }),
    directory: "/",
    store,
    types: resourceTypes,
    strategies: new Map(strategies.map((strategy) => [strategy.name, strategy])),
    engine: () => engine,
    pin: async (base) => base,
    trust: async () => undefined,
    sshMachine: ({ name }) => {
      const machine = options.machines?.get(name)
      if (machine === undefined) throw new Error(`no machine ${name}`)
      return machine
    },
    router: (fleet: Fleet) => (fleet.listen === undefined ? undefined : router),
    check: async () => ({ good: true, said: "" }),
    probe: options.probe ?? (async () => ({ healthy: true, afterMs: 1 })),
    holder: () => ({
      who: "tester",
      host: "here",
      pid: options.pid ?? 1,
      since: "2026-01-01T00:00:00.000Z",
      expires: "",
    }),
    secrets: testSecrets(),
    lock: testLock(),
    isDead: () => false,
    progress: (event) => events.push(event),
    now: Date.now,
    sleep: (ms, signal) => sleep(ms, undefined, signal === undefined ? {} : { signal }).catch(() => undefined),
    events,
    kinds: async () => (await store.events()).map(({ kind }) => kind),
  }
}
