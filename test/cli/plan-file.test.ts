import { readFile, stat, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { makeProject, type TestProject } from "../support/project.ts"

const config = (content: string): string => `
import { allAtOnce, defineProject, fleet, inPlace, local, spec } from "fireclay"
import { file } from "fireclay/resources"
const web = spec("web", { resources: [file("/etc/motd", { content: "${content}" })] })
const on = local({ machines: 1 })
export default defineProject({ name: "shop", fleets: { web: fleet(web, { on, by: inPlace({ strategy: allAtOnce() }) }) } })
`

let project: TestProject
beforeAll(async () => {
  project = await makeProject("plan-file")
  await project.write("fireclay.config.ts", config("one"))
})
afterAll(() => project.dispose())

describe("plan --out", () => {
  it("saves what it shows, for nobody else to read, over an earlier one too", async () => {
    const file = join(project.directory, "web.plan")
    await writeFile(file, "an earlier one", { mode: 0o644 })
    const { json, exitCode } = await project.fireclay("plan", "-o", "web.plan")
    expect([exitCode, json.saved]).toEqual([0, "web.plan"])
    expect((await stat(file)).mode & 0o777).toBe(0o600)
    const saved = JSON.parse(await readFile(file, "utf8"))
    expect(saved).toMatchObject({
      schemaVersion: 1,
      kind: "fireclay plan",
      project: "shop",
      fleets: [{ fleet: "web", from: null, to: 1, missing: ["web-1"], machines: [] }],
    })
  })

  it("says where it could not be written", async () => {
    const { json, exitCode } = await project.fireclay("plan", "-o", "nowhere/web.plan")
    expect([exitCode, json.error.code, json.error.message]).toEqual([
      64,
      "FC_PLAN_FILE",
      "nowhere/web.plan cannot be written (ENOENT)",
    ])
  })
})

describe("apply with a file", () => {
  it.each<readonly [string, string, string | undefined, string]>([
    ["is not there", "gone.plan", undefined, "gone.plan cannot be read (ENOENT)"],
    ["is none", "notes.txt", "buy milk", "notes.txt is not a plan of Fireclay's"],
    ["is another document", "other.json", '{"kind":"other"}', "other.json is not a plan of Fireclay's"],
  ])("that %s: FC_PLAN_FILE", async (_, name, text, message) => {
    if (text !== undefined) await project.write(name, text)
    const { json, exitCode } = await project.fireclay("apply", name)
    expect([exitCode, json.error.code, json.error.message]).toEqual([64, "FC_PLAN_FILE", message])
  })

  it("that is stale: FC_PLAN_STALE, before anything is made", async () => {
    await project.fireclay("plan", "-o", "stale.plan")
    await project.write("fireclay.config.ts", config("one").replace("machines: 1", "machines: 2"))
    const { json, exitCode } = await project.fireclay("apply", "stale.plan")
    await project.write("fireclay.config.ts", config("one"))
    expect([exitCode, json.error]).toMatchObject([
      1,
      { code: "FC_PLAN_STALE", message: "stale.plan is no longer true (fleets.web.on is another); nothing was done" },
    ])
  })

  it("takes a word that is no file for a fleet", async () => {
    const { json } = await project.fireclay("apply", "wbe")
    expect(json.error).toMatchObject({ code: "FC_FLEET_UNKNOWN", remedy: 'did you mean "web"?' })
  })

  it("is not limited any more: FC_USAGE", async () => {
    await project.fireclay("plan", "-o", "whole.plan")
    const { json, exitCode } = await project.fireclay("apply", "whole.plan", "--only", "/etc/motd")
    expect([exitCode, json.error.code, json.error.message]).toEqual([
      64,
      "FC_USAGE",
      "a saved plan is carried out as it is",
    ])
  })
})

describe("a limit", () => {
  it.each<readonly [readonly string[], string]>([
    [["--on", "web-2"], 'there is no machine or tag of hosts "web-2"'],
    [["--only", "/etc/mtd"], 'there is no resource "/etc/mtd"'],
    [["--tag", "config"], 'there is no tag of resources "config"'],
  ])("%j names what there is not: FC_TARGET_UNKNOWN", async (words, message) => {
    const { json, exitCode } = await project.fireclay("plan", ...words)
    expect([exitCode, json.error.code, json.error.message]).toEqual([64, "FC_TARGET_UNKNOWN", message])
  })

  it("may be given again, and is part of what is saved", async () => {
    const words = ["--on", "web-1", "--only", "file:/etc/m*", "--only", "/etc/motd", "web"]
    const { json } = await project.fireclay("plan", ...words, "-o", "limited.plan")
    const limit = { machines: ["web-1"], resources: ["file:/etc/motd"] }
    expect(json.fleets).toMatchObject([{ fleet: "web", limit, missing: ["web-1"] }])
    const saved = JSON.parse(await readFile(join(project.directory, "limited.plan"), "utf8"))
    expect(saved.fleets).toMatchObject([{ limit }])
  })
})
