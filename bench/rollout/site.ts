import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { openWorkbench } from "../../src/builtin.ts"
import type { Boot, Fleet, Project } from "../../src/contract/index.ts"
import { bundleSpec, type ProgressEvent, readFleet, rollOut, type Workbench } from "../../src/core/index.ts"
import { blueGreen, debian, defineProject, docker, fleet, local, replace, spec } from "../../src/index.ts"
import { file } from "../../src/resources/index.ts"
import { lastLines, run } from "../../src/system/process.ts"
import { appPath, freePort } from "../../test/support/load-app/start.ts"

/** What is rolled out, and where. */
export interface SiteWant {
  readonly engine: "local" | "docker"
  /** Local; absent: what the spec needs, which is no systemd. */
  readonly boot?: Boot
  /** How long the set before stays; absent: it goes at once. */
  readonly keep?: string
}

/** A project with one fleet, changed from a version to the other. */
export interface Site extends AsyncDisposable {
  /** What `apply` does once the command is loaded and the plan is agreed to. */
  readonly rollOut: (version: Version) => Promise<Timed>
  /** The command, as a user runs it: a process of its own. */
  readonly command: (version: Version) => Promise<void>
  /** To the release before, likewise. */
  readonly rollBack: () => Promise<Timed>
  readonly rollBackCommand: () => Promise<void>
  /** Works with the project as a command does. */
  readonly withBench: <T>(work: Work<T>) => Promise<T>
}

/** How long something took, and what was said meanwhile. */
export interface Timed {
  readonly ms: number
  readonly events: readonly (ProgressEvent & { readonly atMs: number })[]
}

export type Version = "v1" | "v2"

export const size = 3
export const appPort = 8000
const bin = join(import.meta.dirname, "..", "..", "bin", "fireclay.js")

/** A fleet that serves, with the images of both versions at hand, so that nothing is baked any more. */
export const openSite = async (want: SiteWant): Promise<Site> => {
  const directory = mkdtempSync(join(tmpdir(), "fireclay-bench-rollout-"))
  const listen = await freePort()
  copyFileSync(appPath, join(directory, "app.py"))
  const call = caller(directory)
  const dispose = async (): Promise<void> => {
    await call("destroy", "--yes")
    rmSync(directory, { recursive: true, force: true })
  }
  const command = async (version: Version): Promise<void> => {
    writeFileSync(join(directory, "fireclay.config.ts"), configOf(want, listen, version))
    await call("apply", "--yes")
  }
  const here = { directory, listen, want }
  try {
    await command("v1")
    await command("v2")
  } catch (error) {
    await dispose()
    throw error
  }
  return {
    command,
    rollOut: (version) => timedRollout(here, version),
    rollBack: () => timedRollback(here),
    rollBackCommand: () => call("rollback", "app", "--yes"),
    withBench: (work) => withBench(here, "v1", () => undefined, work),
    [Symbol.asyncDispose]: dispose,
  }
}

type Work<T> = (bench: Workbench, fleet: Fleet) => Promise<T>

interface Here {
  readonly directory: string
  readonly listen: number
  readonly want: SiteWant
}

const caller =
  (directory: string) =>
  async (...words: readonly string[]): Promise<void> => {
    const argv = [process.execPath, bin, "-C", directory, ...words]
    const { exitCode, stderr } = await run(argv, { env: { ...process.env, FIRECLAY_BUILT: "1" } })
    if (exitCode !== 0) throw new Error(`fireclay ${words[0]} ended with ${exitCode}:\n${lastLines(stderr).join("\n")}`)
  }

const withBench = async <T>(
  { directory, listen, want }: Here,
  version: Version,
  progress: (event: ProgressEvent) => void,
  work: Work<T>,
): Promise<T> => {
  const project = projectOf(want, listen, version)
  const bench = openWorkbench({ project, directory, progress })
  try {
    const { app } = project.fleets
    if (app === undefined) throw new Error("the project has no fleet")
    return await work(bench, app)
  } finally {
    await bench.close()
  }
}

const timedRollout = (here: Here, version: Version): Promise<Timed> =>
  timed(here, version, async (bench, app) => {
    const { created } = await rollOut(bench, app, { bundle: await bundleSpec(bench, app) })
    if (created !== size) throw new Error(`${created} instances were made`)
  })

const timedRollback = (here: Here): Promise<Timed> =>
  timed(here, "v1", async (bench, app) => {
    const { history, current } = await readFleet(bench.store, app.name)
    const release = history.findLast((number) => number !== current)
    if (release === undefined) throw new Error("there is nothing to go back to")
    const { created } = await rollOut(bench, app, { release, back: true })
    if (created !== 0) throw new Error(`${created} instances were made`)
  })

/** With a workbench of its own, which knows nothing of the run before. */
const timed = async (here: Here, version: Version, work: Work<void>): Promise<Timed> => {
  const began = performance.now()
  const events: Timed["events"][number][] = []
  const note = (event: ProgressEvent): void => {
    events.push({ ...event, atMs: performance.now() - began })
  }
  await withBench(here, version, note, work)
  return { ms: performance.now() - began, events }
}

const projectOf = ({ engine, boot, keep }: SiteWant, listen: number, version: Version): Project => {
  const app = spec("app", {
    base: debian("bookworm"),
    resources: [file("/srv/app.py", { source: "./app.py" })],
    run: { command: ["/usr/bin/python3", "-I", "-S", "/srv/app.py", String(appPort), version] },
    port: appPort,
    health: { path: "/health", within: "30s" },
  })
  const on = engine === "docker" ? docker({ count: size }) : local(instancesOf(boot))
  const by = replace({ strategy: blueGreen(keep === undefined ? {} : { keep }) })
  return defineProject({ name: "bench", fleets: { app: fleet(app, { on, by, listen }) } })
}

const instancesOf = (boot: Boot | undefined) => ({ count: size, ...(boot === undefined ? {} : { boot }) })

/** The same as a file. */
const configOf = ({ engine, boot, keep }: SiteWant, listen: number, version: Version): string => `
import { blueGreen, debian, defineProject, docker, fleet, local, replace, spec } from "fireclay"
import { file } from "fireclay/resources"

const app = spec("app", {
  base: debian("bookworm"),
  resources: [file("/srv/app.py", { source: "./app.py" })],
  run: { command: ["/usr/bin/python3", "-I", "-S", "/srv/app.py", "${appPort}", "${version}"] },
  port: ${appPort},
  health: { path: "/health", within: "30s" },
})

export default defineProject({
  name: "bench",
  fleets: {
    app: fleet(app, {
      on: ${engine}(${JSON.stringify(instancesOf(boot))}),
      by: replace({ strategy: blueGreen(${keep === undefined ? "" : JSON.stringify({ keep })}) }),
      listen: ${listen},
    }),
  },
})
`
