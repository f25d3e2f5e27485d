import { readFileSync } from "node:fs"
import { appPath, freePort } from "../support/load-app/start.ts"
import { type CliResult, makeProject } from "../support/project.ts"
import type { Cell } from "./cells.ts"

/** A fleet of the application, changed as a user would: by the command line, in processes of its own. */
export interface LoadFleet {
  /** Where its router serves. */
  readonly url: string
  readonly directory: string
  /** Writes the configuration of a version and applies it. */
  readonly apply: (version: string) => Promise<void>
  readonly rollback: () => Promise<void>
  readonly fireclay: (...words: readonly string[]) => Promise<CliResult>
  readonly dispose: () => Promise<void>
}

export const openFleet = async (cell: Cell, size: number): Promise<LoadFleet> => {
  const project = await makeProject("load")
  const port = await freePort()
  await project.write("app.py", readFileSync(appPath, "utf8"))
  const must = async (...words: readonly string[]): Promise<void> => {
    const { exitCode, stdout, stderr } = await project.fireclay(...words)
    if (exitCode !== 0) throw new Error(`fireclay ${words.join(" ")} ended with ${exitCode}:\n${stderr}\n${stdout}`)
  }
  return {
    url: `http://127.0.0.1:${port}`,
    directory: project.directory,
    apply: async (version) => {
      await project.write("fireclay.config.ts", configOf(cell, size, port, version))
      await must("apply", "--yes")
    },
    rollback: () => must("rollback", fleetName, "--yes"),
    fireclay: project.fireclay,
    dispose: async () => {
      await project.fireclay("destroy", "--yes")
      await project.dispose()
    },
  }
}

const appPort = 8000

/** What `configOf` calls its project and its fleet. */
export const [projectName, fleetName] = ["load", "app"] as const

/** The configuration of one version. */
export const configOf = (cell: Cell, size: number, port: number, version: string, within = "30s"): string => {
  const inPlace = cell.by === "in place"
  const hosts = `${cell.engine}({ ${inPlace ? "machines" : "count"}: ${size} })`
  const by = inPlace ? "inPlace" : "replace"
  const delivery = `${by}({ strategy: fireclay.${cell.source}, drain: "20s", drainWebSockets: "1s" })`
  const more = cell.fleet === undefined ? "" : `, ${cell.fleet}`
  return `import * as fireclay from "fireclay"
import { file } from "fireclay/resources"

const app = fireclay.spec("app", {
  base: fireclay.debian("bookworm"),
  resources: [file("/srv/app.py", { source: "./app.py" })],
  run: { command: ["/usr/bin/python3", "-I", "-S", "/srv/app.py", "${appPort}", "${version}"] },
  port: ${appPort},
  health: { path: "/health", within: "${within}" },
})

export default fireclay.defineProject({
  name: "${projectName}",
  fleets: {
    ${fleetName}: fireclay.fleet(app, { on: fireclay.${hosts}, by: fireclay.${delivery}, listen: ${port}${more} }),
  },
})
`
}
