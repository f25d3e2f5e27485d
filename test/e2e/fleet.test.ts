import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { makeProject, type TestProject } from "../support/project.ts"
import { type SshServers, startSshServers } from "../support/ssh-servers.ts"
import { underLoad } from "../support/under-load.ts"

let servers: SshServers
let project: TestProject

beforeAll(async () => {
  servers = await startSshServers(3)
  project = await makeProject("fleet")
}, 300_000)

afterAll(async () => {
  await project?.fireclay("destroy", "--yes")
  await project?.dispose()
  await servers?.dispose()
})

const port = 18_473

/** A version of the page, and how the fleet takes it. The last server is the first. */
const writeVersion = async (version: string, by: string): Promise<void> => {
  await project.write("index.html", `${version}\n`)
  await project.write(
    "fireclay.config.ts",
    `import { defineProject, fleet, inPlace, rolling, spec, ssh } from "fireclay"
import { command, file } from "fireclay/resources"

const web = spec("web", {
  resources: [
    file("/srv/web/index.html", { source: "./index.html" }),
    command("may it", { run: ["/usr/bin/test", "!", "-e", "/etc/fail-here"], check: ["/bin/false"], undo: ["/bin/true"] }),
  ],
  run: { command: ["/usr/bin/python3", "-m", "http.server", "--directory", "/srv/web", "8000"] },
  port: 8000,
  health: { path: "/", within: "20s" },
})

export default defineProject({
  name: "fleet-test",
  fleets: {
    web: fleet(web, {
      on: ssh({ hosts: ${JSON.stringify(servers.hosts)} }),
      by: inPlace({ strategy: rolling({ batch: [1, "100%"], order: "reverse" }), ${by} }),
      listen: ${port},
    }),
  },
})
`,
  )
}

const pages = (): Promise<readonly string[]> =>
  Promise.all(
    servers.hosts.map(async (_, index) =>
      (await servers.exec(index, ["cat", "/srv/web/index.html"])).stdout.toString().trim(),
    ),
  )

const releases = async (): Promise<readonly (number | undefined)[]> => {
  const { json } = await project.fireclay("status")
  return json.fleets[0].members.map(({ release }: { readonly release?: number }) => release)
}

describe("a fleet of three servers over SSH", () => {
  it("goes on without one that fails, and not a request is lost", async () => {
    await writeVersion("one", "maxFailures: 1")
    const first = await project.fireclay("apply", "--yes")
    expect([first.exitCode, await pages()]).toEqual([0, ["one", "one", "one"]])
    await servers.exec(1, ["touch", "/etc/fail-here"])
    await writeVersion("two", "maxFailures: 1")
    const { exitCode, json } = await underLoad(port, 50, () => project.fireclay("apply", "--yes"))
    expect([exitCode, json.error.code, json.error.because]).toEqual([1, "FC_ROLLOUT_PARTIAL", ["FC_STEP_FAILED"]])
    expect(json.error.details.slice(-3).map((line: string) => line.replace(/^.*: /, ""))).toEqual([
      "release 2",
      "release 1",
      "release 2",
    ])
    expect([await pages(), await releases()]).toEqual([
      ["two", "one", "two"],
      [2, 1, 2],
    ])
  })

  it("then goes on with that one only", async () => {
    await servers.exec(1, ["rm", "/etc/fail-here"])
    const { exitCode, json } = await underLoad(port, 50, () => project.fireclay("apply", "--yes"))
    expect([exitCode, json.fleets[0].versions && Object.values(json.fleets[0].versions)]).toEqual([0, [2, 2, 2]])
    expect(await pages()).toEqual(["two", "two", "two"])
  })

  it("takes back only the batch in which one fails, and the rest by a rollback", async () => {
    await servers.exec(0, ["touch", "/etc/fail-here"])
    await writeVersion("three", 'onFailure: "undo-batch"')
    const { exitCode, json } = await underLoad(port, 50, () => project.fireclay("apply", "--yes"))
    expect([exitCode, json.error.code]).toEqual([1, "FC_ROLLOUT_PARTIAL"])
    expect([await pages(), await releases()]).toEqual([
      ["two", "two", "three"],
      [2, 2, 3],
    ])
    await servers.exec(0, ["rm", "/etc/fail-here"])
    const back = await underLoad(port, 50, () => project.fireclay("rollback", "web", "--yes"))
    expect([back.exitCode, await pages()]).toEqual([0, ["two", "two", "two"]])
  })
})
