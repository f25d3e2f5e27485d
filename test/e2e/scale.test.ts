import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { makeProject, type TestProject } from "../support/project.ts"
import { underLoad } from "../support/under-load.ts"

const patient = 300_000
const port = 18_497

const config = (
  count: number,
): string => `import { defineProject, fleet, local, replace, rolling, spec } from "fireclay"
import { file } from "fireclay/resources"

const web = spec("web", {
  resources: [file("/srv/web/index.html", { source: "./index.html" })],
  // The fourth never answers.
  run: {
    command: [
      "/bin/sh",
      "-c",
      'case $(hostname) in *-4) exec sleep 3600 ;; esac; exec /usr/bin/python3 -m http.server --directory /srv/web 8000',
    ],
  },
  port: 8000,
  health: { path: "/", within: "5s" },
})

export default defineProject({
  name: "scale-test",
  fleets: {
    web: fleet(web, { on: local({ count: ${count} }), by: replace({ strategy: rolling() }), listen: ${port}, hold: "200ms" }),
  },
})
`

let project: TestProject

beforeAll(async () => {
  project = await makeProject("scale")
  await project.write("fireclay.config.ts", config(1))
  await project.write("index.html", "one\n")
}, patient)

afterAll(async () => {
  await project?.fireclay("destroy", "--yes")
  await project?.dispose()
}, patient)

const status = async () => (await project.fireclay("status", "web")).json.fleets[0]

const serving = async (): Promise<readonly string[]> =>
  (await status()).members.map(
    ({
      release,
      healthy,
      traffic,
    }: {
      readonly release: number
      readonly healthy: boolean
      readonly traffic: string
    }) => `${release} ${healthy ? "healthy" : "sick"} ${traffic}`,
  )

const three = Array(3).fill("1 healthy ready")

describe("a fleet on this computer", () => {
  it("goes from one instance to three and back, and not a request is lost", { timeout: patient }, async () => {
    const first = await project.fireclay("apply", "--yes")
    expect([first.stderr, first.exitCode]).toEqual([expect.not.stringContaining("FC_"), 0])

    const up = await underLoad(port, 200, () => project.fireclay("scale", "web", "3", "--yes"))
    expect([up.stderr, up.exitCode]).toEqual([expect.not.stringContaining("FC_"), 0])
    expect(up.json.plan.size).toEqual({ from: 1, to: 3, configured: 1 })
    expect([up.json.fleets[0].release, up.json.fleets[0].created, await serving()]).toEqual([1, 2, three])
    expect((await status()).size).toEqual({ wanted: 3, configured: 1 })
    expect((await project.fireclay("plan", "--detailed-exitcode")).exitCode).toBe(0)

    const down = await underLoad(port, 200, () => project.fireclay("scale", "web", "1", "--yes"))
    expect([down.exitCode, await serving()]).toEqual([0, ["1 healthy ready"]])
    expect((await project.fireclay("releases")).json.fleets[0].releases.length).toBe(1)
  })

  it("keeps its number through a new release, until the configuration says another", { timeout: patient }, async () => {
    await project.fireclay("scale", "web", "3", "--yes")
    await project.write("index.html", "two\n")
    const { exitCode } = await underLoad(port, 200, () => project.fireclay("apply", "--yes"))
    expect([exitCode, await serving()]).toEqual([0, three.map((line) => line.replace("1", "2"))])
    await project.write("fireclay.config.ts", config(2))
    await underLoad(port, 200, () => project.fireclay("apply", "--yes"))
    expect((await serving()).length).toBe(2)
    expect((await status()).size).toEqual({ wanted: 2, configured: 2 })
  })

  it("stops at zero, answers that nobody serves, and comes back as it was", { timeout: patient }, async () => {
    expect((await project.fireclay("scale", "web", "0", "--yes")).exitCode).toBe(0)
    expect([await serving(), (await fetch(`http://127.0.0.1:${port}/`)).status]).toEqual([[], 503])
    expect((await project.fireclay("scale", "web", "2", "--yes")).exitCode).toBe(0)
    expect(await (await fetch(`http://127.0.0.1:${port}/`)).text()).toBe("two\n")
  })

  it("is as it was when one of the new ones is not well, and not a request is lost", { timeout: patient }, async () => {
    const before = (await status()).members
    const { exitCode, json } = await underLoad(port, 200, () => project.fireclay("scale", "web", "4", "--yes"))
    expect([exitCode, json.error.code, json.error.because]).toEqual([3, "FC_ROLLOUT_REVERTED", ["FC_UNHEALTHY"]])
    expect(json.error.message).toMatch(/release 2 is in force, with 2 instances$/)
    const names = (members: readonly { readonly name: string }[]) => members.map(({ name }) => name)
    expect([names((await status()).members), await serving()]).toEqual([
      names(before),
      ["2 healthy ready", "2 healthy ready"],
    ])
    expect((await project.fireclay("plan", "--detailed-exitcode")).exitCode).toBe(0)
  })

  it("asks first, and does nothing where nobody can answer", { timeout: patient }, async () => {
    const { exitCode, json } = await project.fireclay("scale", "web", "4")
    expect([exitCode, json.error.code, (await serving()).length]).toEqual([64, "FC_CONFIRM", 2])
  })
})
