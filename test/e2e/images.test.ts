import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { makeProject, type TestProject } from "../support/project.ts"

const patient = 300_000

const config = `import { blueGreen, defineProject, fleet, local, replace, spec } from "fireclay"
import { command, directory, file, user } from "fireclay/resources"

const web = spec("web", {
  resources: [
    user("web", { system: true }),
    directory("/srv/web", { owner: "web" }),
    command("assets", { run: ["cp", "/etc/debian_version", "/srv/web/assets"], check: ["test", "-e", "/srv/web/assets"] }),
    file("/srv/web/index.html", { source: "./index.html", owner: "web" }),
  ],
})

export default defineProject({
  name: "images-test",
  fleets: { web: fleet(web, { on: local({ count: 1 }), by: replace({ strategy: blueGreen() }) }) },
})
`

let project: TestProject

beforeAll(async () => {
  project = await makeProject("images")
  await project.write("fireclay.config.ts", config)
})

afterAll(async () => {
  await project.fireclay("destroy", "--yes")
  await project.dispose()
})

const apply = async (text: string) => {
  await project.write("index.html", text)
  const { exitCode, stderr } = await project.fireclay("apply", "--yes")
  expect({ exitCode, stderr }).toMatchObject({ exitCode: 0 })
}

describe("images", () => {
  it("bake what follows a change, and the same for the same", { timeout: patient }, async () => {
    const built = []
    for (const [text, flags] of [["one"], ["two"], ["two"], ["one", "--fresh"]] as const) {
      await project.write("index.html", `${text}\n`)
      const { json } = await project.fireclay("build", ...(flags === undefined ? [] : [flags]))
      built.push(json.images[0])
    }
    expect(built.map(({ layersMade, layers }) => [layersMade, layers])).toEqual([
      [2, 2],
      [1, 2],
      [0, 2],
      [2, 2],
    ])
    expect(built[3].image).toBe(built[0].image)
    expect(built[2].image).toBe(built[1].image)
    expect(built[1].image).not.toBe(built[0].image)
  })

  it("are listed with their releases and pruned, and a rollback bakes its own again", {
    timeout: patient,
  }, async () => {
    for (const text of ["one\n", "two\n", "three\n"]) await apply(text)
    const before = (await project.fireclay("images")).json.images
    const named = before.filter(({ releases }: { releases: readonly unknown[] }) => releases.length > 0)
    const numbers = (image: { releases: readonly { release: number }[] }) =>
      image.releases.map(({ release }) => release)
    expect(named.map(numbers)).toEqual([[3], [2], [1]])
    expect(named[0].instances).toEqual(["web-r3-1"])
    const asked = await project.fireclay("prune", "--keep", "1")
    expect([asked.exitCode, asked.json.error.code]).toEqual([64, "FC_CONFIRM"])
    const pruned = await project.fireclay("prune", "--keep", "1", "--yes")
    expect(pruned.exitCode).toBe(0)
    expect(pruned.json.removed.map(numbers)).toEqual([[2], [1]])
    expect(pruned.json.freedBytes).toBeGreaterThan(0)
    const back = await project.fireclay("rollback", "web", "--to", "1", "--yes")
    expect(back.exitCode).toBe(0)
    const after = (await project.fireclay("images")).json.images
    const again = after.find(({ releases }: { releases: readonly { inForce: boolean }[] }) =>
      releases.some(({ inForce }) => inForce),
    )
    expect(again.digest).toBe(named[2].digest)
    expect(again.instances).toHaveLength(1)
  })
})
