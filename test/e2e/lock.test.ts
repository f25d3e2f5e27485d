import { readFileSync } from "node:fs"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { type DebSource, openDebSource } from "../support/deb-source.ts"
import { makeProject, type TestProject } from "../support/project.ts"

const patient = 300_000

const old = [
  { name: "t-tool", version: "1.0-1", needs: "t-lib" },
  { name: "t-lib", version: "1.0-1" },
]
const fresh = [
  { name: "t-tool", version: "1.1-1", needs: "t-lib" },
  { name: "t-lib", version: "2.0-1" },
]

let source: DebSource
let project: TestProject

beforeAll(async () => {
  source = await openDebSource()
  project = await makeProject("lock")
  await project.write(
    "fireclay.config.ts",
    `import { allAtOnce, defineProject, fleet, local, replace, spec } from "fireclay"
import { directory, file, pkg } from "fireclay/resources"

const web = spec("web", {
  resources: [
    file("/etc/apt/sources.list", { content: ${JSON.stringify(`${source.line}\n`)} }),
    pkg("t-tool"),
  ],
})

export default defineProject({
  name: "lock-test",
  fleets: { web: fleet(web, { on: local({ count: 1 }), by: replace({ strategy: allAtOnce() }) }) },
})
`,
  )
})

afterAll(async () => {
  await project.fireclay("destroy", "--yes")
  await project.dispose()
  await source.dispose()
})

const lock = () => JSON.parse(readFileSync(join(project.directory, "fireclay.lock"), "utf8"))
const versions = () => Object.values(lock().packages)[0]
const installed = async () => {
  const { json } = await project.fireclay(
    "exec",
    "web",
    "--",
    "cat",
    "/usr/share/t-tool/version",
    "/usr/share/t-lib/version",
  )
  return json.machines.map(({ stdout }: { stdout: string }) => stdout)
}

describe("the lock", () => {
  it("is written by the first build, with what came along", { timeout: patient }, async () => {
    await source.offer(old)
    const { exitCode, stderr } = await project.fireclay("apply", "--yes")
    expect({ exitCode, stderr }).toMatchObject({ exitCode: 0 })
    expect(versions()).toEqual({ "t-lib": "1.0-1", "t-tool": "1.0-1" })
    expect(Object.values(lock().bases)).toEqual([expect.stringMatching(/^sha256:/)])
  })

  it("holds, though newer versions are offered", { timeout: patient }, async () => {
    await source.offer([...old, ...fresh])
    const before = (await project.fireclay("build")).json.images[0].image
    const again = (await project.fireclay("build", "--fresh")).json.images[0]
    expect([again.image, again.layersMade]).toEqual([before, 1])
    expect(versions()).toEqual({ "t-lib": "1.0-1", "t-tool": "1.0-1" })
  })

  it("is an error once what it names is offered no more, and leaves no image", { timeout: patient }, async () => {
    await source.offer(fresh)
    const images = (await project.fireclay("images")).json.images.length
    const { exitCode, json } = await project.fireclay("build", "--fresh")
    expect([exitCode, json.error.code]).toEqual([1, "FC_LOCK_STALE"])
    expect(json.error.details).toEqual([
      "t-lib is locked at 1.0-1, and 2.0-1 is offered",
      "t-tool is locked at 1.0-1, and 1.1-1 is offered",
    ])
    expect(json.error.remedy).toContain("--update")
    expect((await project.fireclay("images")).json.images).toHaveLength(images)
  })
})

describe("build --update", () => {
  it("moves the lock and shows what moved, which makes a new release", { timeout: patient }, async () => {
    const { exitCode, stderr, json } = await project.fireclay("build", "--update")
    expect({ exitCode, stderr }).toMatchObject({ exitCode: 0 })
    expect(json.moved).toHaveLength(1)
    const packages = json.moved[0].changes.filter(({ name }: { name: string }) => !name.startsWith("base "))
    expect(packages).toEqual([
      { name: "t-lib", from: "1.0-1", to: "2.0-1" },
      { name: "t-tool", from: "1.0-1", to: "1.1-1" },
    ])
    expect(json.images[0].layersMade).toBe(0)
    expect(versions()).toEqual({ "t-lib": "2.0-1", "t-tool": "1.1-1" })
    expect(await installed()).toEqual(["1.0-1\n1.0-1\n"])
    expect((await project.fireclay("apply", "--yes")).json.fleets[0].release).toBe(2)
    expect(await installed()).toEqual(["1.1-1\n2.0-1\n"])
  })

  it("moves nothing when nothing newer is offered", { timeout: patient }, async () => {
    const { json } = await project.fireclay("build", "--update")
    expect(json.moved).toEqual([])
    expect(Object.values(lock().moved)).toEqual([1])
  })

  it("can be rolled back: the release before has the versions of then", { timeout: patient }, async () => {
    expect((await project.fireclay("rollback", "web", "--yes")).exitCode).toBe(0)
    expect(await installed()).toEqual(["1.0-1\n1.0-1\n"])
  })

  it("and says so where they would have to be baked again, and are offered no more", { timeout: patient }, async () => {
    await project.fireclay("apply", "--yes")
    await project.fireclay("prune", "--keep", "1", "--yes")
    const { exitCode, json } = await project.fireclay("rollback", "web", "--yes")
    expect([exitCode, json.error.code]).toEqual([1, "FC_LOCK_STALE"])
    await source.offer(old)
    expect((await project.fireclay("rollback", "web", "--yes")).exitCode).toBe(0)
    expect(await installed()).toEqual(["1.0-1\n1.0-1\n"])
  })
})

it("takes a broken lock for none", async () => {
  const text = readFileSync(join(project.directory, "fireclay.lock"), "utf8")
  await project.write("fireclay.lock", text.slice(1))
  const { exitCode, json } = await project.fireclay("build")
  await project.write("fireclay.lock", text)
  expect([exitCode, json.error.code]).toEqual([64, "FC_LOCK_FILE"])
})
