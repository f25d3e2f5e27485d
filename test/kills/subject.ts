import { readdir, readFile } from "node:fs/promises"
import { join } from "node:path"
import type { Engine, Store, StoredEvent } from "../../src/contract/index.ts"
import { dockerEngine, localEngine } from "../../src/engines/index.ts"
import {
  addressesDirectory,
  instancesDirectory,
  type LocalOptions,
  type Place,
  place,
  scratchesDirectory,
} from "../../src/engines/local/place.ts"
import { placesOf } from "../../src/routers/haproxy/files.ts"
import { findProcesses } from "../../src/routers/haproxy/process.ts"
import { look } from "../../src/routers/haproxy/runtime.ts"
import { sqliteStore } from "../../src/stores/index.ts"
import type { Cell } from "../load/cells.ts"
import { configOf, fleetName, projectName } from "../load/fleet.ts"
import { appPath, freePort } from "../support/load-app/start.ts"
import { openPrivateDocker, type PrivateDocker } from "../support/private-docker.ts"
import { makeProject, type TestProject } from "../support/project.ts"

/** A fleet in which something will be killed. */
export interface Subject {
  readonly cell: Cell
  readonly project: TestProject
  readonly engine: Engine
  readonly store: Store
  readonly at: Place
  readonly docker: PrivateDocker | undefined
  /** HAProxy's configuration file, which each of its processes names. */
  readonly routerConfig: string
  readonly url: string
  readonly size: number
  /** Writes the configuration of a version. */
  readonly want: (version: string) => Promise<void>
  readonly events: () => Promise<readonly StoredEvent[]>
  /** Names of the router's servers. */
  readonly servers: () => Promise<readonly string[]>
  readonly dispose: () => Promise<void>
}

/** Brought up at v1. */
export const openSubject = async (cell: Cell, size: number): Promise<Subject> => {
  const docker = cell.engine === "docker" ? await openPrivateDocker() : undefined
  const project = await makeProject("kills", docker?.environment)
  const port = await freePort()
  await project.write("app.py", await readFile(appPath, "utf8"))
  const where = { project: projectName, projectDirectory: project.directory }
  const engine = docker === undefined ? localEngine(where) : dockerEngine({ ...where, environment: docker.environment })
  const state = join(project.directory, ".fireclay")
  const store = sqliteStore({ directory: state })
  const router = placesOf(join(state, "routers", fleetName))
  const want = (version: string): Promise<void> =>
    project.write("fireclay.config.ts", configOf(cell, size, port, version, "15s"))
  const dispose = async (): Promise<void> => {
    await store.close()
    await destroy(project, where, router.config)
    await project.dispose()
    await docker?.dispose()
  }
  try {
    await want("v1")
    const { exitCode, stderr } = await project.fireclay("apply", "--yes")
    if (exitCode !== 0) throw new Error(`the fleet did not come up: ${stderr}`)
  } catch (error) {
    await dispose()
    throw error
  }
  return {
    ...{ cell, project, engine, store, docker, size, want, dispose },
    at: place(where),
    routerConfig: router.config,
    url: `http://127.0.0.1:${port}/`,
    events: () => store.events({ fleet: fleetName }),
    servers: async () => (await look(router.socket, router.checks)).servers.map(({ id }) => id),
  }
}

/** A daemon that did not come back keeps nothing of the rest from it. */
const destroy = async (project: TestProject, where: LocalOptions, routerConfig: string): Promise<void> => {
  if ((await project.fireclay("destroy", "--yes")).exitCode === 0) return
  for (const pid of await findProcesses(routerConfig)) process.kill(pid, "SIGKILL")
  await localEngine(where).destroy({ volumes: true })
}

/**
 * What there is of the fleet beside its members: how many of each kind the engine made, and what is half-made or given
 * back to nobody.
 */
export const belongings = async ({ engine, at }: Subject): Promise<readonly string[]> => {
  const counts = Map.groupBy(await engine.inventory(), ({ kind }) => kind)
  // Images are kept on purpose, and how many programs run in a machine is its own business.
  const counted = [...counts].filter(([kind]) => kind !== "image" && kind !== "process")
  const names = async (directory: string): Promise<readonly string[]> => readdir(directory).catch(() => [])
  return [
    ...counted.map(([kind, items]) => `${items.length} × ${kind}`),
    `${(await names(instancesDirectory(at))).length} × directory of an instance`,
    `${(await names(addressesDirectory(at))).length} × address`,
    `${(await names(scratchesDirectory(at))).length} × scratch machine`,
  ].toSorted()
}
