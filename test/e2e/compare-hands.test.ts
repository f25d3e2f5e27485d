import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { handsOn } from "../../src/core/compare/hands.ts"
import { makeProject, type TestProject } from "../support/project.ts"

const patient = 240_000

const config = (content: string): string => `
import { allAtOnce, debian, defineProject, fleet, inPlace, local, replace, spec } from "fireclay"
import { file, pkg } from "fireclay/resources"

const web = spec("web", {
  base: debian("bookworm"),
  resources: [pkg("mawk"), file("/etc/web.conf", { content: "${content}\\n" })],
})

export default defineProject({
  name: "hands",
  fleets: {
    pets: fleet(web, { on: local({ machines: 1 }), by: inPlace({ strategy: allAtOnce() }) }),
    cattle: fleet(web, { on: local({ count: 1 }), by: replace({ strategy: allAtOnce() }) }),
  },
})
`

const hands = handsOn({
  resources: [
    { type: "package", id: "package:mawk", want: { name: "mawk" }, contents: [] },
    { type: "file", id: "file:/etc/web.conf", want: { path: "/etc/web.conf", mode: 0o644 }, contents: [] },
  ],
})

let project: TestProject

const must = async (...words: readonly string[]): Promise<void> => {
  const { exitCode, stderr } = await project.fireclay(...words)
  if (exitCode !== 0) throw new Error(`${words.join(" ")} ended with ${exitCode}: ${stderr}`)
}

/** How each script ended, on the only machine of a fleet. */
const each = async (fleet: string, scripts: readonly string[]): Promise<readonly number[]> => {
  const script = scripts.map((one) => `(${one}\n) >/dev/null 2>&1; echo $?`).join("\n")
  const { json } = await project.fireclay("exec", fleet, "--", "sh", "-c", script)
  return json.machines[0].stdout.trim().split("\n").map(Number)
}

const made = (fleet: string): Promise<readonly number[]> =>
  each(
    fleet,
    hands.map(({ make }) => make),
  )

const left = async (fleet: string): Promise<readonly string[]> => {
  const codes = await each(
    fleet,
    hands.map(({ isThere }) => isThere),
  )
  return hands.filter((_, index) => codes[index] === 0).map(({ what }) => what)
}

const all = hands.map(({ what }) => what)

beforeAll(async () => {
  project = await makeProject("hands")
  await project.write("fireclay.config.ts", config("one"))
  await must("apply", "--yes")
}, patient)

afterAll(async () => {
  await project.fireclay("destroy", "--yes")
  await project.dispose()
})

describe("changes by hand", () => {
  it("are not there before", { timeout: patient }, async () => {
    expect(await left("pets")).toEqual([])
    expect(await left("cattle")).toEqual([])
  })

  it("can all be made on a machine in place, and stay", { timeout: patient }, async () => {
    expect(await made("pets")).toEqual(hands.map(() => 0))
    expect(await left("pets")).toEqual(all)
  })

  it("are refused by an instance, but where it may be written to", { timeout: patient }, async () => {
    const codes = await made("cattle")
    expect(all.filter((_, index) => codes[index] === 0)).toEqual(["a program where anybody may write"])
    expect(await left("cattle")).toEqual(["a program where anybody may write"])
  })

  it("outlive the next delivery in place, but to what is described", { timeout: patient }, async () => {
    await project.write("fireclay.config.ts", config("two"))
    await must("apply", "--yes")
    const described = ["a described file's content", "a described file's mode"]
    expect(await left("pets")).toEqual(all.filter((what) => !described.includes(what)))
  })

  it("are gone after the next delivery by replacement", { timeout: patient }, async () => {
    expect(await left("cattle")).toEqual([])
  })

  it("are put right by drift --fix, but where what is temporary is nobody's drift", { timeout: patient }, async () => {
    await must("drift", "pets", "--fix", "--yes", "--allow-irreversible")
    expect(await left("pets")).toEqual(["a program where anybody may write"])
  })
})
