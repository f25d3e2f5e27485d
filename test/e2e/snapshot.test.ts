import { readFileSync } from "node:fs"
import { mkdtemp, rm } from "node:fs/promises"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { run } from "../../src/system/process.ts"
import { makeProject, type TestProject } from "../support/project.ts"
import { openSnapshotMirror, type SnapshotMirror } from "../support/snapshot-mirror.ts"

const patient = 600_000
const [october, november] = ["20261001T000000Z", "20261101T000000Z"] as const

let mirror: SnapshotMirror
let project: TestProject
let cache: string
const cacheBefore = process.env.FIRECLAY_CACHE

beforeAll(async () => {
  mirror = await openSnapshotMirror()
  await mirror.offered(october, "bookworm", [{ name: "t-dated", version: "1.0-1" }])
  await mirror.offered(november, "bookworm", [
    { name: "t-dated", version: "2.0-1", needs: "t-new" },
    { name: "t-new", version: "2.0-1" },
  ])
  project = await makeProject("snapshot")
  // Bases of a mirror that is gone tomorrow.
  cache = await mkdtemp("/var/tmp/fireclay-snapshot-cache-")
  process.env.FIRECLAY_CACHE = cache
}, patient)

afterAll(async () => {
  await project?.fireclay("destroy", "--yes")
  await project?.dispose()
  await mirror?.dispose()
  if (cacheBefore === undefined) delete process.env.FIRECLAY_CACHE
  else process.env.FIRECLAY_CACHE = cacheBefore
  await run(["rm", "-rf", "--one-file-system", "--", cache])
}, patient)

/** The rest of Debian comes from where this computer has it from. */
const restOfDebian = async (): Promise<string> => {
  const format = "deb $(REPO_URI) {suite} $(COMPONENT) | $(ORIGIN) $(CODENAME)"
  const argv = ["apt-get", "indextargets", "--format", format, "Created-By: Packages"]
  const lines = (await run(argv)).stdout.toString().split("\n")
  const line = lines.find((each) => each.endsWith(" main | Debian bookworm"))
  if (line === undefined) throw new Error("this computer has no source of Debian bookworm")
  return line.slice(0, line.indexOf(" | "))
}

const on = async (day: string): Promise<void> =>
  project.write(
    "fireclay.config.ts",
    `import { allAtOnce, debian, defineProject, fleet, local, replace, spec } from "fireclay"
import { pkg } from "fireclay/resources"

const base = debian("bookworm", {
  snapshot: ${JSON.stringify(day)},
  sources: ${JSON.stringify([mirror.line, await restOfDebian()])},
})

export default defineProject({
  name: "snapshot-test",
  fleets: {
    web: fleet(spec("web", { base, resources: [pkg("t-dated")] }), {
      on: local({ count: 1 }),
      by: replace({ strategy: allAtOnce() }),
    }),
  },
})
`,
  )

const build = async (...words: readonly string[]): Promise<string> => {
  const { exitCode, stderr, json } = await project.fireclay("build", ...words)
  expect({ exitCode, stderr }).toMatchObject({ exitCode: 0 })
  return json.images[0].image
}

const locked = () => JSON.parse(readFileSync(join(project.directory, "fireclay.lock"), "utf8")).packages

describe("a snapshot of all packages", () => {
  it("is what base and layers come from, whatever came later", { timeout: patient }, async () => {
    await on(october)
    const image = await build()
    expect(Object.entries(locked())).toEqual([
      [expect.stringContaining(`debian bookworm ${october}`), { "t-dated": "1.0-1" }],
    ])
    expect([...mirror.asked].filter((path) => path.includes(november))).toEqual([])
    // Without the lock too: the day is enough.
    await rm(join(project.directory, "fireclay.lock"))
    expect(await build("--fresh")).toBe(image)
    expect(Object.values(locked())).toEqual([{ "t-dated": "1.0-1" }])
  })

  it("of another day is another release, with what came by then", { timeout: patient }, async () => {
    await on(november)
    const { exitCode, stderr } = await project.fireclay("apply", "--yes")
    expect({ exitCode, stderr }).toMatchObject({ exitCode: 0 })
    expect(Object.values(locked())).toEqual([{ "t-dated": "1.0-1" }, { "t-dated": "2.0-1", "t-new": "2.0-1" }])
    const machine = await project.fireclay(
      "exec",
      "web",
      "--",
      "cat",
      "/usr/share/t-dated/version",
      "/etc/apt/sources.list",
    )
    const said = machine.json.machines[0].stdout
    expect(said).toMatch(/^2\.0-1\n/)
    expect(said).toContain(`/archive/local/${november} bookworm main`)
    expect(said).not.toContain(october)
  })
})
