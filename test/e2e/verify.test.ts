import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { makeProject, type TestProject } from "../support/project.ts"
import { recipeImports, recipes } from "../support/recipes.ts"

const patient = 300_000

const config = `${recipeImports}
export default defineProject({
  name: "verify-test",
  fleets: {
${recipes
  .map(
    ({ name, resources, more = "" }) => `
    ${name}: fleet(spec("${name}", { resources: [${resources}], ${more} }), {
      on: local({ machines: 1 }), by: inPlace({ strategy: allAtOnce(), irreversible: "allow" }) }),`,
  )
  .join("")}
  },
})
`

let project: TestProject

beforeAll(async () => {
  project = await makeProject("verify")
  await project.write("fireclay.config.ts", config)
})

afterAll(async () => {
  await project.fireclay("destroy", "--yes", "--delete-volumes", "python/python-1.data")
  // Where some of the tests were left out there is no such volume.
  await project.fireclay("destroy", "--yes")
  await project.dispose()
})

interface Document {
  readonly compared: number
  readonly unexplained: number
  readonly differences: readonly {
    readonly what: string
    readonly property: string
    readonly kind: string
    readonly one: string
    readonly other: string
  }[]
}

const unexplained = ({ differences }: Document): readonly string[] =>
  differences
    .filter(({ kind }) => kind === "unexplained")
    .map(({ what, property, one, other }) => `${what} ${property}: ${one}, ${other}`)

describe("a machine in place is what the image of its release is", () => {
  it.each(recipes.map(({ name }) => name))("%s", { timeout: patient }, async (name) => {
    // The second one purges what a package of the first brought: a plan cannot see that before.
    for (const round of [1, 2]) {
      const { exitCode, stderr } = await project.fireclay("apply", name, "--yes")
      expect({ round, exitCode, stderr }).toMatchObject({ exitCode: 0 })
    }
    const { exitCode, json, stderr } = await project.fireclay("verify", name)
    expect({ ...json?.error, stderr }).not.toHaveProperty("code")
    expect(unexplained(json)).toEqual([])
    expect([exitCode, json.unexplained]).toEqual([0, 0])
    expect(json.compared).toBeGreaterThan(5000)
  })
})

describe("verify", () => {
  it("tells what has drifted, and that nothing explains it", { timeout: patient }, async () => {
    const script =
      "echo drift >>/etc/motd; chmod 600 /etc/issue.net; useradd stranger; setfattr 2>/dev/null; rm /etc/debian_version"
    await project.fireclay("exec", "nothing", "--", "sh", "-c", script)
    const { exitCode, json } = await project.fireclay("verify", "nothing")
    expect(exitCode).toBe(1)
    const told = json.differences.filter(({ kind }: { kind: string }) => kind === "unexplained")
    const rows = told.map(({ what, property, one, other }: Record<string, string>) => [what, property, one, other])
    expect(rows).toContainEqual(["/etc/issue.net", "mode", "600", "644"])
    expect(rows).toContainEqual(["/etc/debian_version", "there", null, "file"])
    expect(rows).toContainEqual(["/etc/motd", "size", "12", "6"])
    expect(rows).toContainEqual(["/etc/passwd: stranger", "there", "entry", null])
    expect(JSON.stringify(json)).not.toContain("$y$")
  })

  it("refuses what cannot be compared", { timeout: patient }, async () => {
    const other = await project.fireclay("verify", "nothing", "paths")
    expect([other.exitCode, other.json.error.code]).toEqual([1, "FC_VERIFY"])
    const nobody = await project.fireclay("verify", "nothing", "deadbeefdeadbeef")
    expect([nobody.exitCode, nobody.json.error.code]).toEqual([1, "FC_IMAGE_UNKNOWN"])
  })
})
