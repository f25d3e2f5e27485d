import { cp } from "node:fs/promises"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { makeProject, type TestProject } from "../support/project.ts"

const patient = 300_000
const example = join(import.meta.dirname, "..", "..", "examples", "hello-flask")

let project: TestProject

beforeAll(async () => {
  project = await makeProject("example")
  await cp(example, project.directory, { recursive: true, filter: (path) => !path.endsWith(".fireclay") })
})

afterAll(async () => {
  await project.fireclay("destroy", "--yes")
  await project.dispose()
})

describe("examples/hello-flask: no difference that is not explained", () => {
  it.each([
    ["a machine in place and the image of its release", ["pets"]],
    ["an instance and its image", ["cattle"]],
    ["a machine in place and an instance", ["pets", "cattle"]],
  ])("between %s", { timeout: patient }, async (_, words) => {
    const applied = await project.fireclay("apply", ...words, "--yes")
    expect({ exitCode: applied.exitCode, stderr: applied.stderr }).toMatchObject({ exitCode: 0 })
    const { json, stderr } = await project.fireclay("verify", ...words)
    expect({ stderr, error: json.error }).toMatchObject({ error: undefined })
    expect(json.differences.filter(({ kind }: { kind: string }) => kind === "unexplained")).toEqual([])
    expect(json.compared).toBeGreaterThan(5000)
  })
})
