import { readdir, readFile } from "node:fs/promises"
import { join } from "node:path"
import { afterAll, beforeAll, expect, it } from "vitest"
import { run } from "../../../src/system/process.ts"
import { bake, base, data, instanceWant, on } from "../../../src/testing/engine-support.ts"
import { type DockerUse, ensureDocker } from "../../support/docker.ts"
import { withDirectory } from "../local/support.ts"
import { testDockerEngine, testDockerProject } from "./support.ts"

const patient = 300_000
const project = testDockerProject()
const engine = testDockerEngine(project)
const capabilities = { runsShell: true, readOnlyInstances: true, systemd: { machines: false, instances: false } }

let use: DockerUse
beforeAll(async () => {
  use = await ensureDocker()
})
afterAll(async () => {
  await engine.destroy({ volumes: true })
  await use?.dispose()
}, patient)

it("keeps what was written on a container, running or not, and nothing of its volumes", {
  timeout: patient,
}, async () => {
  const { digest } = await bake(engine, { base }, "mkdir -p /srv/work /srv/data; echo x >/srv/baked")
  await engine.create({ ...instanceWant(capabilities, "kept-1", digest), scratch: ["/srv/work"], volumes: [data] })
  const script =
    "cp /bin/true /srv/work/tool; chmod 4755 /srv/work/tool; echo log >/var/log/own; echo data >/srv/data/own"
  await on(engine, "kept-1", script)
  const keep = (place: string) => engine.keepEvidence?.({ name: "kept-1", place, report: "{}" })
  await withDirectory(async (directory) => {
    const place = join(directory, "evidence")
    expect(await keep(place)).toMatch(/^sha256:/)
    expect((await run(["sha256sum", "--check", "--quiet", "SHA256SUMS"], { cwd: place })).exitCode).toBe(0)
    const files = (await readdir(place)).filter((name) => name.endsWith(".tar"))
    const lists = await Promise.all(
      files.map(async (name) =>
        (await run(["tar", "--list", "--verbose", `--file=${join(place, name)}`])).stdout.toString(),
      ),
    )
    const all = lists.join("")
    expect(all).toMatch(/^-rwsr-xr-x .* work\/tool$/m)
    expect(all).toMatch(/^-rw-r--r-- .* log\/own$/m)
    expect(all).not.toContain("data/own")
    expect(JSON.parse(await readFile(join(place, "changes.json"), "utf8"))).toBeInstanceOf(Array)
    await engine.stop("kept-1")
    expect(await keep(join(directory, "stopped"))).toMatch(/^sha256:/)
  })
  await engine.remove("kept-1")
})
