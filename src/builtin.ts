import { hostname, userInfo } from "node:os"
import { join } from "node:path"
import { setTimeout as wait } from "node:timers/promises"
import { openPins } from "./builtin/bases.ts"
import { type Connections, openConnections } from "./builtin/connections.ts"
import { lockFile } from "./builtin/lock-file.ts"
import { openSecrets } from "./builtin/secrets.ts"
import type { Engine, Fleet, LeaseHolder, Machine, Project, ResourceType, Router, Secrets } from "./contract/index.ts"
import type { ProgressEvent, Workbench } from "./core/index.ts"
import { dockerEngine, type LocalOptions, localEngine } from "./engines/index.ts"
import * as resources from "./resources/index.ts"
import { haproxyRouter } from "./routers/index.ts"
import { sqliteStore } from "./stores/index.ts"
import { strategies } from "./strategies/index.ts"
import { isGone, processBegan } from "./system/alive.ts"

export interface WorkbenchOptions {
  readonly project: Project
  /** The directory of the configuration; its `.fireclay` holds the project's state. */
  readonly directory: string
  readonly progress?: (event: ProgressEvent) => void
  readonly signal?: AbortSignal
  /** Connections that were begun already. They are closed with the workbench. */
  readonly connections?: Connections | undefined
  /** Look up again what bases mean, and write that into the lock file. */
  readonly update?: boolean
  /** Absent: read as the configuration says. */
  readonly secrets?: Secrets | undefined
  /** Which Fireclay this is. */
  readonly version?: () => string
}

/** Core with everything that comes in this package. The one place that knows both. */
export const openWorkbench = (options: WorkbenchOptions): Workbench & { readonly close: () => Promise<void> } => {
  const { project, directory, progress = () => undefined, signal } = options
  const secrets = options.secrets ?? openSecrets({ directory })
  const connections = options.connections ?? openConnections({ directory, readSecret: secrets.read })
  const state = join(directory, ".fireclay")
  const store = sqliteStore({ directory: state })
  const engines = keepEngines({ project: project.name, projectDirectory: directory })
  const routers = new Map<string, Router>()
  const since = new Date().toISOString()
  const began = beganAt(process.pid)
  return {
    project,
    directory,
    store,
    types: new Map(
      Object.values(resources).map(({ resourceType }: { resourceType: ResourceType }) => [
        resourceType.type,
        resourceType,
      ]),
    ),
    strategies: new Map(strategies.map((strategy) => [strategy.name, strategy])),
    engine: engines.of,
    pin: openPins({ directory, update: options.update === true }),
    // Loaded here: only some fleets want to know who signed.
    trust: async (image, verify) =>
      (await import("./builtin/signing.ts")).trust(engines.of(), image, verify, directory),
    sshMachine: connections.machine,
    router: (fleet) =>
      fleet.listen === undefined
        ? undefined
        : remember(routers, fleet.name, () => routerOf(state, fleet, fleet.listen ?? 0)),
    // Loaded here: node:http takes longer to load than all the rest.
    probe: async (target, abort) => (await import("./probes/index.ts")).httpProbe(target, abort),
    check: async (gate, abort) => (await import("./probes/index.ts")).outsideCheck(gate, abort),
    secrets,
    lock: lockFile(directory),
    baselines: true,
    ...(options.version === undefined ? {} : { version: options.version }),
    holder: () => ({ who: userInfo().username, host: hostname(), pid: process.pid, ...began, since, expires: since }),
    isDead,
    progress,
    now: Date.now,
    sleep,
    ...(signal === undefined ? {} : { signal }),
    close: async () => {
      await connections.close()
      await engines.close()
      await store.close()
    },
  }
}

const routerOf = (state: string, fleet: Fleet, listen: number): Router => {
  const { health } = fleet.spec
  const { sticky } = fleet.by.strategy.options
  return haproxyRouter({
    fleet: fleet.name,
    home: join(state, "routers", fleet.name),
    listen,
    ...(fleet.preview === undefined ? {} : { preview: fleet.preview }),
    ...(fleet.holdMs === undefined ? {} : { holdMs: fleet.holdMs }),
    ...(typeof sticky === "string" ? { sticky } : {}),
    ...(health === undefined ? {} : { check: { path: health.path, status: health.status } }),
  })
}

const sleep = (ms: number, signal?: AbortSignal): Promise<void> =>
  wait(ms, undefined, signal === undefined ? {} : { signal }).catch(() => undefined)

/** Of other computers nothing is known: their lease has to expire. */
const isDead = (holder: LeaseHolder): boolean => holder.host === hostname() && isGone(holder)

const beganAt = (pid: number): Pick<LeaseHolder, "began"> => {
  const began = processBegan(pid)
  return began === undefined ? {} : { began }
}

const remember = <T>(known: Map<string, T>, key: string, make: () => T): T => {
  const found = known.get(key) ?? make()
  known.set(key, found)
  return found
}

interface KeptEngines {
  readonly of: Workbench["engine"]
  readonly close: () => Promise<void>
}

/** Engines are made when they are first needed, one for each daemon, and keep one connection to each machine. */
const keepEngines = (options: LocalOptions): KeptEngines => {
  const machines = new Map<string, Machine>()
  const engines = new Map<string, Engine>()
  const kept = (key: string, make: () => Engine): Engine =>
    remember(engines, key, () => {
      const engine = make()
      return { ...engine, machine: (name) => remember(machines, `${key} ${name}`, () => engine.machine(name)) }
    })
  return {
    of: (fleet) => {
      if (fleet?.on.kind !== "docker") return kept("local", () => localEngine(options))
      const { context } = fleet.on
      return kept(`docker ${context ?? ""}`, () => dockerEngine({ ...options, context }))
    },
    close: async () => {
      await Promise.all([...machines.values()].map((machine) => machine.close()))
    },
  }
}
