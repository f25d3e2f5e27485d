import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { type DockerUse, docker, ensureDocker } from "../support/docker.ts"
import { makeProject, type TestProject } from "../support/project.ts"
import { underLoad } from "../support/under-load.ts"

const patient = 300_000
const port = 18_491

const config = `import { blueGreen, defineProject, docker, fleet, replace, spec } from "fireclay"
import { file, service, user } from "fireclay/resources"

const web = spec("web", {
  resources: [
    user("web", { system: true }),
    file("/srv/web/index.html", { source: "./index.html", owner: "web" }),
    /* more */
  ],
  run: { command: ["/usr/bin/python3", "-m", "http.server", "--directory", "/srv/web", "8000"], user: "web" },
  port: 8000,
  health: { path: "/", within: "30s" },
})

export default defineProject({
  name: "docker-test",
  fleets: {
    web: fleet(web, {
      on: docker({ count: 2, memory: "128m", labels: { team: "shop" } }),
      by: replace({ strategy: blueGreen() }),
      listen: ${port},
    }),
  },
})
`

let use: DockerUse
let project: TestProject

beforeAll(async () => {
  use = await ensureDocker()
  project = await makeProject("docker")
  await project.write("fireclay.config.ts", config)
}, patient)

afterAll(async () => {
  // Whatever a test that failed left in its place.
  await project?.write("fireclay.config.ts", config)
  await project?.fireclay("destroy", "--yes")
  await project?.dispose()
  await use?.dispose()
}, patient)

const page = async (): Promise<string> => (await (await fetch(`http://127.0.0.1:${port}/`)).text()).trim()

const containers = async (format: string): Promise<readonly string[]> =>
  (await docker(["ps", "--filter", "label=team=shop", "--format", format])).split("\n").filter((line) => line !== "")

/** Digests of the project's images that the daemon has. */
const images = async (): Promise<readonly string[]> =>
  (await docker(["images", "--format", "{{.Repository}} {{.Tag}}"]))
    .split("\n")
    .flatMap((line) => /^fireclay\/docker-test-\w+ ([0-9a-f]{64})$/.exec(line)?.[1] ?? [])
    .toSorted()

describe("a fleet of containers", () => {
  it("is rolled forward and back, and not a request is lost", { timeout: patient }, async () => {
    await project.write("index.html", "one\n")
    const first = await project.fireclay("apply", "--yes")
    expect([first.stderr, first.exitCode]).toEqual([expect.not.stringContaining("FC_"), 0])
    expect([await page(), (await containers("{{.Names}}")).length]).toEqual(["one", 2])

    await project.write("index.html", "two\n")
    const second = await underLoad(port, 200, () => project.fireclay("apply", "--yes"))
    expect([second.exitCode, await page(), (await containers("{{.Names}}")).length]).toEqual([0, "two", 2])
    expect((await project.fireclay("plan", "--detailed-exitcode")).exitCode).toBe(0)

    const back = await underLoad(port, 200, () => project.fireclay("rollback", "web", "--yes"))
    expect([back.exitCode, await page(), (await containers("{{.Names}}")).length]).toEqual([0, "one", 2])
  })

  it("is scaled up and down, and not a request is lost", { timeout: patient }, async () => {
    const up = await underLoad(port, 200, () => project.fireclay("scale", "web", "4", "--yes"))
    expect([up.exitCode, (await containers("{{.Names}}")).length]).toEqual([0, 4])
    const down = await underLoad(port, 200, () => project.fireclay("scale", "web", "2", "--yes"))
    expect([down.exitCode, (await containers("{{.Names}}")).length, await page()]).toEqual([0, 2, "one"])
  })

  it("is rid of what drifted, keeps it aside, and not a request is lost", { timeout: patient }, async () => {
    await project.fireclay("exec", "web-r1-1", "--", "sh", "-c", "cp /bin/true /var/log/tool; chmod 4755 /var/log/tool")
    const { exitCode, json } = await underLoad(port, 200, () => project.fireclay("drift", "web", "--replace", "--yes"))
    expect(json.fleets[0].machines).toMatchObject([
      { machine: "web-r1-1", since: expect.any(String), undeclared: [{ what: "/var/log/tool" }] },
      { machine: "web-r1-2", since: expect.any(String), undeclared: [] },
    ])
    const [{ evidence, rollout }] = json.replaced
    expect([exitCode, rollout.created, evidence[0].machine]).toEqual([0, 1, "web-r1-1"])
    const after = await project.fireclay("drift", "web", "--detailed-exitcode")
    expect([after.exitCode, (await containers("{{.Names}}")).length]).toEqual([0, 2])
  })

  it("leaves no image in the daemon that was pruned", { timeout: patient }, async () => {
    const before = await images()
    expect(before.length).toBe(2)
    const { exitCode, json } = await project.fireclay("prune", "--keep", "0", "--yes")
    expect([exitCode, json.removed.length]).toEqual([0, 1])
    const after = await images()
    expect(after).toEqual(before.filter((digest) => !json.removed[0].digest.endsWith(digest)))
    expect([after.length, await page()]).toEqual([1, "one"])
    const forward = await underLoad(port, 200, () => project.fireclay("apply", "--yes"))
    expect([forward.exitCode, await page(), (await images()).length]).toEqual([0, "two", 2])
    expect((await project.fireclay("rollback", "web", "--yes")).exitCode).toBe(0)
  })

  it("keeps what is in force when a new version needs a second program", { timeout: patient }, async () => {
    await project.write(
      "fireclay.config.ts",
      config.replace("/* more */", 'service("cron.service", { enabled: true, running: true }),'),
    )
    const { exitCode, json } = await project.fireclay("plan")
    expect([exitCode, json.error?.code]).toEqual([64, "FC_ONE_PROCESS"])
    expect(json.error.message).toContain("cron.service")
    await project.write("fireclay.config.ts", config)
    expect(await page()).toBe("one")
  })
})
