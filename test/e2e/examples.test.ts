import { cp, readFile, rm } from "node:fs/promises"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { makeProject, type TestProject } from "../support/project.ts"

const patient = 300_000

/** Each as its README has it: a user copies the directory, and applies it. */
const openExample = (name: string, ...destroyWords: readonly string[]) => {
  let project: TestProject
  beforeAll(async () => {
    const from = join(import.meta.dirname, "..", "..", "examples", name)
    project = await makeProject(name)
    await cp(from, project.directory, { recursive: true, filter: (path) => !path.endsWith(".fireclay") })
  })
  afterAll(async () => {
    await project.fireclay("destroy", "--yes", ...destroyWords)
    await project.dispose()
  })
  const must = async (...words: readonly string[]) => {
    const { exitCode, json, stderr } = await project.fireclay(...words)
    expect({ words, exitCode, error: json?.error, stderr }).toMatchObject({ exitCode: 0 })
    return json
  }
  return {
    must,
    edit: async (file: string, from: string, to: string) => {
      const text = await readFile(join(project.directory, file), "utf8")
      expect(text).toContain(from)
      await rm(join(project.directory, file))
      await project.write(file, text.replace(from, to))
    },
    /** What `verify` compares is the same, but for what has a reason. */
    expectSame: async (...words: readonly string[]) => {
      const { differences, compared } = await must("verify", ...words)
      expect(differences.filter(({ kind }: { kind: string }) => kind === "unexplained")).toEqual([])
      expect(compared).toBeGreaterThan(5000)
    },
  }
}

const ask = async (port: number, body?: string): Promise<string> =>
  (await fetch(`http://127.0.0.1:${port}/`, body === undefined ? {} : { method: "POST", body })).text()

describe("examples/hello-flask", () => {
  const example = openExample("hello-flask")
  it.each([
    ["a machine in place and the image of its release", ["pets"]],
    ["an instance and its image", ["cattle"]],
    ["a machine in place and an instance", ["pets", "cattle"]],
  ])("has no difference that is not explained between %s", { timeout: patient }, async (_, words) => {
    await example.must("apply", ...words, "--yes")
    await example.expectSame(...words)
  })
})

describe("examples/node-app", () => {
  const example = openExample("node-app")

  it("greets in place and by replacement, from the same files", { timeout: patient }, async () => {
    await example.must("apply", "staging", "--yes")
    await example.must("apply", "production", "--yes")
    const greeting = /^Hello from Node \d+/
    expect([await ask(8082), await ask(8083)]).toEqual([
      expect.stringMatching(greeting),
      expect.stringMatching(greeting),
    ])
    await example.expectSame("staging")
    await example.expectSame("staging", "production")
  })
})

describe("examples/postgres-app", () => {
  const example = openExample("postgres-app", "--delete-volumes", "pet/pet-1.data", "--delete-volumes", "herd/data")

  it("keeps its notes over a change of the program and back", { timeout: patient }, async () => {
    await example.must("apply", "--yes")
    for (const port of [8084, 8085]) expect(await ask(port, "buy milk")).toBe("buy milk\n")
    await example.edit("app.py", "{note}\\n", "- {note}\\n")
    await example.must("apply", "--yes")
    expect([await ask(8084), await ask(8085)]).toEqual(["- buy milk\n", "- buy milk\n"])
    await example.must("rollback", "herd", "--yes")
    expect(await ask(8085)).toBe("buy milk\n")
  })

  it("has no difference that is not explained", { timeout: patient }, async () => {
    await example.expectSame("pet")
    await example.expectSame("herd")
  })
})
