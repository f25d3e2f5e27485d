import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { tryRow } from "../equivalence/try-row.ts"
import { makeProject, type TestProject } from "../support/project.ts"
import { recipeImports, recipes } from "../support/recipes.ts"

const patient = 300_000

/** A sample; all of them: `npm run test:equivalence`. */
const sample = ["paths", "accounts", "conffiles", "services", "lines", "commands", "python"]

describe("a machine in place is what the image of its release is", () => {
  it.each(recipes.filter(({ name }) => sample.includes(name)))("$name", { timeout: patient }, async (recipe) => {
    const { compared, unexplained } = await tryRow(recipe)
    expect(unexplained).toEqual([])
    expect(compared).toBeGreaterThan(5000)
  })
})

const config = (nothing: string): string => `${recipeImports}
const by = inPlace({ strategy: allAtOnce() })
export default defineProject({
  name: "verify-test",
  fleets: {
    nothing: fleet(spec("nothing", { resources: [${nothing}] }), { on: local({ machines: 1 }), by }),
    other: fleet(spec("other", { resources: [directory("/srv/other")] }), { on: local({ machines: 1 }), by }),
  },
})
`

const motd = `file("/etc/motd", { content: "hello\\n" })`

let project: TestProject

beforeAll(async () => {
  project = await makeProject("verify")
  await project.write(
    "fireclay.config.ts",
    config(`${motd}, file("/etc/issue", { content: "earlier\\n" }), user("ann")`),
  )
  await project.fireclay("apply", "--yes")
  await project.write("fireclay.config.ts", config(motd))
  await project.fireclay("apply", "--yes")
}, patient)

afterAll(async () => {
  await project.fireclay("destroy", "--yes")
  await project.dispose()
})

describe("verify", () => {
  it("tells what an earlier release left, and knows it from drift", { timeout: patient }, async () => {
    const look = async () => {
      const { json, exitCode } = await project.fireclay("verify", "nothing")
      const kindsOf = (path: string) => [
        ...new Set(
          json.differences
            .filter(({ what }: { what: string }) => what === path)
            .map(({ kind }: { kind: string }) => kind),
        ),
      ]
      return { exitCode, issue: kindsOf("/etc/issue"), profile: kindsOf("/home/ann/.profile") }
    }
    expect(await look()).toEqual({ exitCode: 0, issue: ["past"], profile: ["past"] })
    await project.fireclay("exec", "nothing", "--", "sh", "-c", "echo drift >/etc/issue")
    expect(await look()).toEqual({ exitCode: 1, issue: ["unexplained"], profile: ["past"] })
  })

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
    const other = await project.fireclay("verify", "nothing", "other")
    expect([other.exitCode, other.json.error.code]).toEqual([1, "FC_VERIFY"])
    const nobody = await project.fireclay("verify", "nothing", "deadbeefdeadbeef")
    expect([nobody.exitCode, nobody.json.error.code]).toEqual([1, "FC_IMAGE_UNKNOWN"])
  })
})
