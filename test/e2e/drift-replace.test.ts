import { readdir, readFile, stat } from "node:fs/promises"
import { join } from "node:path"
import { setTimeout as sleep } from "node:timers/promises"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { run } from "../../src/system/process.ts"
import { makeProject, type TestProject } from "../support/project.ts"
import { underLoad } from "../support/under-load.ts"

const patient = 300_000
const port = 18_499
const token = "a-secret-of-the-start"

const config = `import { blueGreen, defineProject, fleet, local, replace, rolling, secret, spec } from "fireclay"
import { file } from "fireclay/resources"

const web = spec("web", {
  resources: [file("/srv/web/index.html", { content: "whole\\n" })],
  run: {
    command: ["/usr/bin/python3", "-m", "http.server", "--directory", "/srv/web", "8000"],
    writable: ["/srv/scratch"],
  },
  port: 8000,
  health: { path: "/", within: "20s" },
  userData: { token: secret("TOKEN") },
})

export default defineProject({
  name: "replace-test",
  fleets: {
    web: fleet(web, { on: local({ count: 3 }), by: replace({ strategy: rolling() }), listen: ${port} }),
    booted: fleet(web, { on: local({ count: 1, boot: "systemd" }), by: replace({ strategy: blueGreen() }) }),
  },
})
`

let project: TestProject

beforeAll(async () => {
  project = await makeProject("replace", { ...process.env, TOKEN: token })
  await project.write("fireclay.config.ts", config)
  const { exitCode, stderr } = await project.fireclay("apply", "--yes")
  if (exitCode !== 0) throw new Error(`ended with ${exitCode}: ${stderr}`)
}, patient)

afterAll(async () => {
  const { stderr, exitCode } = await project.fireclay("destroy", "--yes")
  await project.dispose()
  expect({ exitCode, stderr }).toMatchObject({ exitCode: 0 })
}, patient)

const tamper = async (machine: string, script: string): Promise<void> => {
  const { json } = await project.fireclay("exec", machine, "--", "sh", "-c", script)
  const [{ exitCode, stderr }] = json.machines
  if (exitCode !== 0) throw new Error(`ended with ${exitCode}: ${stderr}`)
}

/** Names of the instances of which something has drifted, and how often anything was found. */
const drifted = async (fleet: string): Promise<readonly string[]> => {
  const { json } = await project.fireclay("drift", fleet)
  return json.fleets[0].machines.flatMap(
    (each: { readonly machine: string; readonly since?: string; readonly undeclared: readonly unknown[] }) => {
      expect(each.since).toBeTypeOf("string")
      return each.undeclared.length > 0 ? [each.machine] : []
    },
  )
}

/** Process or boot of each instance: another one has another. */
const lives = async (fleet: string): Promise<ReadonlyMap<string, string>> => {
  const { json } = await project.fireclay("exec", fleet, "--", "stat", "-c", "%i %W", "/var/log")
  return new Map(
    json.machines.map(({ machine, stdout }: { readonly machine: string; readonly stdout: string }) => [
      machine,
      stdout,
    ]),
  )
}

const listed = async (place: string): Promise<readonly string[]> => {
  const { stdout } = await run([
    "tar",
    "--list",
    "--verbose",
    "--numeric-owner",
    `--file=${join(place, "written.tar")}`,
  ])
  return stdout
    .toString()
    .split("\n")
    .map((line) => line.replace(/^(\S+) (\S+) .*? (\S+)$/, "$1 $2 $3"))
}

describe("drift --replace", () => {
  it("changes nothing where nothing drifted", { timeout: patient }, async () => {
    const before = await lives("web")
    const { exitCode, json } = await project.fireclay("drift", "web", "--replace", "--yes")
    expect([exitCode, json.replaced]).toEqual([0, []])
    expect(await lives("web")).toEqual(before)
  })

  it("asks first", { timeout: patient }, async () => {
    await tamper("web-r1-1", "cp /bin/true /srv/scratch/tool")
    const before = await lives("web")
    const { exitCode, stderr } = await project.fireclay("drift", "web", "--replace")
    expect([exitCode, stderr]).toEqual([64, expect.stringContaining("FC_CONFIRM")])
    expect(await lives("web")).toEqual(before)
  })

  it("lets a clean instance take the place of one that drifted, loses no request, and keeps the evidence", {
    timeout: patient,
  }, async () => {
    await tamper(
      "web-r1-1",
      "chown 12:34 /srv/scratch/tool; chmod 4755 /srv/scratch/tool; echo x >/tmp/left; echo y >/var/log/own.log",
    )
    const before = await lives("web")
    expect(await drifted("web")).toEqual(["web-r1-1"])
    const { exitCode, json, stderr } = await underLoad(port, 200, () =>
      project.fireclay("drift", "web", "--replace", "--yes"),
    )
    expect([exitCode, stderr]).toEqual([0, expect.stringContaining("keeping evidence")])
    const [{ rollout, evidence }] = json.replaced
    expect(rollout.created).toBe(1)
    const after = await lives("web")
    const same = [...before].filter(([name, life]) => after.get(name) === life).map(([name]) => name)
    expect([same, after.size]).toEqual([["web-r1-2", "web-r1-3"], 3])
    expect(await drifted("web")).toEqual([])

    const [{ machine, place, digest }] = evidence
    expect(machine).toBe("web-r1-1")
    const kept = join(project.directory, place)
    expect(((await stat(kept)).mode & 0o777).toString(8)).toBe("700")
    expect((await run(["sha256sum", "--check", "--quiet", "SHA256SUMS"], { cwd: kept })).exitCode).toBe(0)
    expect(digest).toMatch(/^sha256:[0-9a-f]{64}$/)
    expect(await listed(kept)).toEqual(
      expect.arrayContaining([
        "-rwsr-xr-x 12/34 writable/srv/scratch/tool",
        "-rw-r--r-- 0/0 writable/var/log/own.log",
        "-rw-r--r-- 0/0 memory/tmp/left",
      ]),
    )
    const report = JSON.parse(await readFile(join(kept, "report.json"), "utf8"))
    expect(report).toMatchObject({ fleet: "web", release: 1, machine: "web-r1-1" })
    expect(report.undeclared).toEqual([expect.objectContaining({ kind: "setuid program", what: "/srv/scratch/tool" })])
    const found = await run(["grep", "--recursive", "--files-with-matches", token, kept])
    expect(found.stdout.toString()).toBe("")
  })

  it("does the same with an instance that boots systemd", { timeout: patient }, async () => {
    await tamper("booted-r1-1", "cp /bin/true /var/lib/systemd/tool")
    const before = await lives("booted")
    const { exitCode, json } = await project.fireclay("drift", "booted", "--replace", "--yes")
    expect([exitCode, json.replaced.length]).toEqual([0, 1])
    expect(await lives("booted")).not.toEqual(before)
    const kept = join(project.directory, json.replaced[0].evidence[0].place)
    expect(await listed(kept)).toContainEqual(expect.stringContaining("writable/var/lib/systemd/tool"))
    expect(await drifted("booted")).toEqual([])
  })

  it("is gone on with by the next apply where its controller was killed", { timeout: patient }, async () => {
    await tamper("web-r1-2", "cp /bin/true /srv/scratch/tool")
    const { kill, ended } = project.begin("drift", "web", "--replace", "--yes")
    const isAtIt = async (): Promise<boolean> =>
      (await readdir(join(project.directory, ".fireclay/evidence/web"))).some((name) => name.startsWith("web-r1-2-"))
    let over = false
    void ended.then(() => {
      over = true
    })
    while (!over && !(await isAtIt())) await sleep(5)
    expect(kill()).toBe(true)
    await ended
    const { exitCode, json } = await project.fireclay("apply", "web", "--yes")
    expect([exitCode, json.fleets[0].release]).toEqual([0, 1])
    expect(await drifted("web")).toEqual([])
    expect((await lives("web")).size).toBe(3)
  })

  it("is told in the fleet's history", { timeout: patient }, async () => {
    const { json } = await project.fireclay("history", "web")
    expect(json.history.map(({ what }: { readonly what: string }) => what)).toContainEqual(
      expect.stringMatching(
        /^web-r1-1 goes, because it drifted; what was written on it is in \.fireclay\/evidence\/web\//,
      ),
    )
  })
})
