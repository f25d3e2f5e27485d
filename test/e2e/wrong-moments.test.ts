import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { openWorkbench } from "../../src/builtin.ts"
import { loadConfig } from "../../src/cli/config.ts"
import { bundle, planFleet, rollOut, sightsOf } from "../../src/core/index.ts"
import { caught } from "../support/catch.ts"
import { type CliResult, makeProject, type TestProject } from "../support/project.ts"

let project: TestProject

const config = (
  resources: string,
  more = "",
): string => `import { debian, defineProject, fleet, inPlace, local, rolling, spec } from "fireclay"
import { command, file, pkg, service } from "fireclay/resources"
const app = spec("app", { resources: [${resources}] ${more} })
export default defineProject({
  name: "moments",
  fleets: { web: fleet(app, { on: local({ machines: 1 }), by: inPlace({ strategy: rolling() }) }) },
})
`

const apply = async (resources: string): Promise<CliResult> => {
  await project.write("fireclay.config.ts", config(resources))
  return project.fireclay("apply", "--yes")
}

const onMachine = async (...argv: readonly string[]): Promise<string> =>
  (await project.fireclay("exec", "web-1", "--", ...argv)).json.machines[0].stdout

const motd = (text: string): string => `file("/etc/motd", { content: "${text}\\n" }),`

beforeAll(async () => {
  project = await makeProject("moments")
})

afterAll(async () => {
  await project.fireclay("destroy", "--yes")
  await project.dispose()
})

describe("at the wrong moment", () => {
  it("a first apply that fails leaves nothing of it: FC_ROLLOUT_REVERTED, for FC_STEP_FAILED", async () => {
    const failed = await apply(
      `${motd("first")} command("bad", { run: ["/bin/ls", "/nowhere"], check: ["/bin/false"], undo: ["/bin/true"] }),`,
    )
    expect(failed.exitCode).toBe(3)
    expect(failed.json.error).toMatchObject({ code: "FC_ROLLOUT_REVERTED", because: ["FC_STEP_FAILED"], at: "web-1" })
    expect(failed.json.error.message).toBe(
      "step 2 of 2 failed: run /bin/ls /nowhere; the machine is back where it was; nothing of it stays",
    )
    expect(failed.json.error.details).toEqual([
      expect.stringContaining("cannot access '/nowhere'"),
      "web-1: no release",
    ])
    expect(await onMachine("cat", "/etc/motd")).not.toContain("first")
  })

  it("a rollback without an earlier release: FC_NO_ROLLBACK", async () => {
    expect((await apply(motd("one"))).exitCode).toBe(0)
    const { json, exitCode } = await project.fireclay("rollback", "web", "--yes")
    expect(json.error).toMatchObject({ code: "FC_NO_ROLLBACK", at: "fleets.web", remedy: "fireclay releases web" })
    expect(exitCode).toBe(1)
  })

  it.each([
    ["99", "FC_RELEASE_UNKNOWN", 1],
    ["first", "FC_USAGE", 64],
  ])("a rollback to %s: %s", async (to, code, expected) => {
    const { json, exitCode } = await project.fireclay("rollback", "web", "--to", to, "--yes")
    expect([json.error.code, exitCode]).toEqual([code, expected])
  })

  it("a fleet that does not exist: FC_FLEET_UNKNOWN", async () => {
    const { json } = await project.fireclay("plan", "wbe")
    expect(json.error).toMatchObject({ code: "FC_FLEET_UNKNOWN", remedy: 'did you mean "web"?' })
  })

  it("an apply that nobody can confirm does nothing: FC_CONFIRM", async () => {
    await project.write("fireclay.config.ts", config(motd("two")))
    const { json, exitCode } = await project.fireclay("apply")
    expect([json.error.code, exitCode]).toEqual(["FC_CONFIRM", 64])
    expect(await onMachine("cat", "/etc/motd")).toBe("one\n")
  })

  it("a machine that changed since its plan was shown is left alone: FC_PLAN_STALE", async () => {
    const { project: loaded, directory } = await loadConfig({ directory: project.directory })
    const bench = openWorkbench({ project: loaded, directory })
    const [web] = Object.values(loaded.fleets)
    if (web === undefined) throw new Error("no fleet")
    const bundled = await bundle(web.spec, directory)
    const plan = await planFleet(bench, web, bundled)
    await onMachine("chmod", "600", "/etc/motd")
    const error = await caught(() => rollOut(bench, web, { bundle: bundled, shown: sightsOf(plan) }))
    await onMachine("chmod", "644", "/etc/motd")
    await bench.close()
    expect(error).toMatchObject({ code: "FC_PLAN_STALE", at: "web-1" })
    expect(error.message).toContain("(file:/etc/motd)")
    expect(await onMachine("cat", "/etc/motd")).toBe("one\n")
  })

  it("a machine of another fleet: FC_MACHINE_FOREIGN, and nothing is done to it", async () => {
    await onMachine("sed", "-i", "s/moments/other/", "/var/lib/fireclay/current.json")
    const { json } = await apply(motd("two"))
    expect(json.error).toMatchObject({
      code: "FC_MACHINE_FOREIGN",
      at: "web-1",
      message: "web-1 is managed as other/web",
    })
    expect(await onMachine("cat", "/etc/motd")).toBe("one\n")
    await onMachine("sed", "-i", "s/other/moments/", "/var/lib/fireclay/current.json")
  })

  it("a transaction of someone else on the machine: FC_MACHINE_LOCKED", async () => {
    await onMachine(
      "sh",
      "-c",
      "echo 'ann on desk (process 7) since noon' > /var/lib/fireclay/holder; setsid flock /var/lib/fireclay/lock sleep 60 >/dev/null 2>&1 &",
    )
    const { json } = await apply(motd("two"))
    expect(json.error).toMatchObject({ code: "FC_ROLLOUT_REVERTED", because: ["FC_MACHINE_LOCKED"] })
    expect(json.error.message).toContain("ann on desk (process 7) since noon")
    await onMachine("pkill", "sleep")
  })

  it("an undo that fails is said loudly, and nothing more is done: FC_ROLLOUT_FAILED, FC_MACHINE_BROKEN", async () => {
    const stuck = await apply(`
      command("stuck", { run: ["/bin/true"], check: ["/bin/false"], undo: ["/bin/ls", "/no-way-back"] }),
      command("bad", { run: ["/bin/false"], check: ["/bin/false"], undo: ["/bin/true"] }),`)
    expect(stuck.exitCode).toBe(1)
    expect(stuck.json.error).toMatchObject({ code: "FC_ROLLOUT_FAILED", because: ["FC_MACHINE_BROKEN"] })
    const again = await apply(motd("two"))
    expect(again.json.error).toMatchObject({ code: "FC_MACHINE_BROKEN", at: "web-1" })
    expect(again.json.error.message).toContain("1 run_command")
    await onMachine("sh", "-c", "rm -rf /var/lib/fireclay/txn/*")
    expect((await apply(motd("two"))).exitCode).toBe(0)
    expect(await onMachine("cat", "/etc/motd")).toBe("two\n")
  })

  it("a command whose program is not there has nothing to take back: FC_ROLLOUT_REVERTED", async () => {
    const failed = await apply(
      `command("none", { run: ["/no/such/program"], check: ["/bin/false"], undo: ["/no/such/undo"] }),`,
    )
    expect(failed.exitCode).toBe(3)
    expect(failed.json.error).toMatchObject({ code: "FC_ROLLOUT_REVERTED", because: ["FC_STEP_FAILED"] })
    expect(await onMachine("cat", "/etc/motd")).toBe("two\n")
  })

  it("a service before the package that brings it is a failed step, and is taken back: FC_ROLLOUT_REVERTED", async () => {
    const failed = await apply(`${motd("three")} service("cron"), pkg("cron"),`)
    expect(failed.exitCode).toBe(3)
    expect(failed.json.error).toMatchObject({ code: "FC_ROLLOUT_REVERTED", because: ["FC_STEP_FAILED"] })
    expect(await onMachine("cat", "/etc/motd")).toBe("two\n")
  })

  it("a failed step after a package's service was changed: the package goes, its service needs no more starting", async () => {
    const cron = `pkg("cron"), file("/etc/default/cron", { content: "TZ=UTC\\n" }),
      service("cron", { restartOn: ["/etc/default/cron"] }),`
    const failed = await apply(
      `${motd("three")} ${cron} command("fails", { run: ["/bin/false"], check: ["/bin/false"], undo: ["/bin/true"] }),`,
    )
    expect(failed.exitCode).toBe(3)
    expect(failed.json.error).toMatchObject({ code: "FC_ROLLOUT_REVERTED", because: ["FC_STEP_FAILED"] })
    expect(await onMachine("cat", "/etc/motd")).toBe("two\n")
  })

  it("a base that does not exist: FC_BASE_FAILED", async () => {
    await project.write("fireclay.config.ts", config(motd("two"), `, base: debian("nosuchsuite")`))
    const { json } = await project.fireclay("build", "web")
    expect(json.error.code).toBe("FC_BASE_FAILED")
    expect(json.error.details.join("\n")).toContain("nosuchsuite")
  })

  it("a release whose files are lost: FC_STORE, and nothing is done", async () => {
    await project.write("fireclay.config.ts", config(motd("two")))
    const { rm } = await import("node:fs/promises")
    await rm(`${project.directory}/.fireclay/blobs`, { recursive: true })
    const { json } = await project.fireclay("rollback", "web", "--to", "1", "--yes")
    expect(json.error.code).toBe("FC_STORE")
    expect(await onMachine("cat", "/etc/motd")).toBe("two\n")
  })
})
