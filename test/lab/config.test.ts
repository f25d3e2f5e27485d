import { mkdtemp, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { loadConfig } from "../../src/cli/config.ts"
import { inPlace, rolling } from "../../src/index.ts"
import { configText, type Variant } from "../../src/lab/config.ts"

const own = `
import { defineProject, fleet, inPlace, local, rolling, spec } from "fireclay"
import { file } from "fireclay/resources"
const app = spec("app", {
  resources: [file("/etc/own", { content: "x" })],
  run: { command: ["/usr/bin/app"] },
  volumes: { data: { path: "/data", protect: true } },
  port: 80,
  health: { path: "/" },
})
export default defineProject({ name: "p", fleets: { f: fleet(app, { on: local({ machines: 1 }), by: inPlace({ strategy: rolling() }), listen: 1 }) } })
`

let directory: string
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "fireclay-config-"))
  await writeFile(join(directory, "fireclay.config.ts"), own)
})
afterAll(() => rm(directory, { recursive: true }))

const way = { delivery: "in-place", engine: "local", by: inPlace({ strategy: rolling() }), holdMs: 4_000 } as const
let count = 0
const written = async (variant: Variant, touched = false) => {
  const version = {
    label: "v",
    directory,
    config: "fireclay.config.ts",
    ...(touched ? { touched: true as const } : {}),
  }
  const file = join(directory, `compare-${count++}.config.ts`)
  await writeFile(
    file,
    configText({ project: "compare-way-0", way, size: 4, listen: 4711, spec: "app" }, version, variant),
  )
  const { project } = await loadConfig({ config: file })
  const { compared } = project.fleets
  if (compared === undefined) throw new Error("no fleet")
  const { resources } = compared.spec
  return { project, compared, ids: typeof resources === "function" ? [] : resources.map(({ id }) => id) }
}

describe("the configuration of a site", () => {
  it("takes the user's spec, and delivers it as it is told", async () => {
    const { project, compared, ids } = await written({ kind: "as it is" })
    expect(project.name).toBe("compare-way-0")
    expect(compared).toMatchObject({
      on: { kind: "local", makes: "machines", count: 4 },
      listen: 4711,
      holdMs: 4_000,
      by: way.by,
    })
    expect(ids).toEqual(["file:/etc/own"])
  })

  it("keeps no data: what is protected can be removed with the rest", async () => {
    const { compared } = await written({ kind: "as it is" })
    expect(compared.spec.volumes).toEqual([{ name: "data", path: "/data" }])
  })

  it.each([
    [{ kind: "file", text: 'round "1"' }, ["file:/etc/fireclay-compare"]],
    [{ kind: "package", name: "hello" }, ["package:hello"]],
    [{ kind: "failing step" }, ["command:fails"]],
    [{ kind: "bad", afterSeconds: 3 }, ["file:/srv/fireclay-compare-bad"]],
  ] as const)("adds to it for %o", async (variant, added) => {
    expect((await written(variant)).ids).toEqual(["file:/etc/own", ...added])
  })

  it("adds a file where there is no other version", async () => {
    expect((await written({ kind: "as it is" }, true)).ids).toEqual(["file:/etc/own", "file:/etc/fireclay-compare"])
  })

  it("runs something else where the version is to be bad", async () => {
    const { compared } = await written({ kind: "bad", afterSeconds: 3 })
    expect(compared.spec.run?.command).toEqual(["/usr/bin/perl", "/srv/fireclay-compare-bad", "3", "80"])
  })
})
