import { setTimeout as sleep } from "node:timers/promises"
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest"
import { type AptRepository, openAptRepository, patchable } from "../support/apt-repository.ts"
import { type CliResult, makeProject, type TestProject } from "../support/project.ts"
import { underLoad } from "../support/under-load.ts"

const patient = 180_000
const port = 18_517

let project: TestProject
let archive: AptRepository

/** Machines that are kept and an instance, of one spec, with packages of an archive of the test's own. */
const write = (page: string, by = "", fleetOptions = ""): Promise<void> =>
  project.write(
    "fireclay.config.ts",
    `
import { debian, defineProject, fleet, inPlace, local, replace, rolling, spec } from "fireclay"
import { file, pkg } from "fireclay/resources"

const web = spec("web", {
  base: debian("bookworm", { include: ["python3"] }),
  resources: [
    // All of Debian takes apt longer to read than all the rest takes.
    file("/etc/apt/sources.list", { content: "" }),
    file("/etc/apt/sources.list.d/test.list", { content: ${JSON.stringify(`${archive.lines.join("\n")}\n`)} }),
    pkg("t-plain"), pkg("t-daemon"), pkg("t-configured"),
    file("/srv/www/index.html", { content: "${page}\\n" }),
  ],
  run: { command: ["/usr/bin/python3", "-m", "http.server", "--directory", "/srv/www", "8000"] },
  port: 8000,
  health: { path: "/", within: "30s" },
})

export default defineProject({
  name: "patch-test",
  fleets: {
    pets: fleet(web, { on: local({ machines: 2 }), by: inPlace({ strategy: rolling(), ${by} }), listen: ${port}, ${fleetOptions} }),
    cattle: fleet(web, { on: local({ count: 1 }), by: replace({ strategy: rolling() }) }),
  },
})
`,
  )

const succeed = async (...words: readonly string[]): Promise<CliResult> => {
  const result = await project.fireclay(...words)
  if (result.exitCode !== 0) throw new Error(`${words.join(" ")} ended with ${result.exitCode}: ${result.stderr}`)
  return result
}

/** As root, behind the tool's back. */
const on = async (machine: string, script: string): Promise<string> => {
  const [{ exitCode, stdout, stderr }] = (await succeed("exec", machine, "--", "sh", "-c", script)).json.machines
  if (exitCode !== 0) throw new Error(`ended with ${exitCode}: ${stderr}`)
  return stdout.trim()
}

const listed = `dpkg-query -W -f '\${Package} \${Version} \${db:Status-Status}\\n' 't-*' | sed -n 's/^t-\\(.*\\) installed$/\\1/p'`
const versions = async (machine: string): Promise<{ readonly [name: string]: string }> =>
  Object.fromEntries((await on(machine, listed)).split("\n").map((line) => line.split(" ")))

const instance = async (): Promise<string> => {
  const { json } = await succeed("status", "cattle")
  return json.fleets[0].members[0].name
}

const startOf = (machine: string): Promise<string> => on(machine, "stat -c %Y /proc/1")
const ones = { plain: "1", daemon: "1", library: "1", configured: "1" }

beforeAll(async () => {
  archive = await openAptRepository()
  project = await makeProject("patch")
  await archive.publish([
    ...[patchable.plain("1"), await patchable.library("1"), patchable.daemon("1"), patchable.configured("1")],
    ...[patchable.rebooting("1"), patchable.failing("1")],
  ])
  await write("one")
  await succeed("apply", "--yes")
  await archive.publish([
    ...[patchable.plain("2"), patchable.configured("2"), patchable.rebooting("2")],
    { ...(await patchable.library("2")), suite: "security" },
  ])
}, 300_000)

afterAll(async () => {
  const { exitCode, stderr } = await project.fireclay("destroy", "--yes")
  await project.dispose()
  await archive.close()
  expect({ exitCode, stderr }).toMatchObject({ exitCode: 0 })
}, patient)

describe("fireclay patch", () => {
  it("brings security alone, to all machines alike, and loses no request", { timeout: patient }, async () => {
    const { json } = await underLoad(port, 50, () => succeed("patch", "pets", "--security", "--yes"))
    const both = [await versions("pets-1"), await versions("pets-2")]
    expect(both).toEqual([
      { ...ones, library: "2" },
      { ...ones, library: "2" },
    ])
    const patched = { moves: [{ name: "t-library", from: "1", to: "2" }], rebooted: false, undone: false }
    expect(json.machines).toMatchObject([
      { machine: "pets-1", ...patched },
      { machine: "pets-2", ...patched },
    ])
  })

  it("has started again what ran the old library, and nothing else", { timeout: patient }, async () => {
    const { json } = await succeed("history", "pets-1")
    const told = json.history.filter(({ kind }: { readonly kind: string }) => kind === "patch.applied")
    expect(told.map(({ what }: { readonly what: string }) => what)).toEqual([
      "was patched: t-library 1 → 2; restarted t-daemon.service",
    ])
    expect(await on("pets-1", "grep -c deleted /proc/$(systemctl show -p MainPID --value t-daemon)/maps || true")).toBe(
      "0",
    )
  })

  it("brings the same to the image, and to what is started from it", { timeout: patient }, async () => {
    await succeed("patch", "cattle", "--security", "--yes")
    expect(await versions(await instance())).toEqual({ ...ones, library: "2" })
    const nothing = await succeed("patch", "cattle", "--security", "--yes")
    expect(nothing.json.fleets).toEqual([])
    // In place it is the same, file by file, as in the image of the same release.
    expect((await project.fireclay("verify", "pets")).exitCode).toBe(0)
  })

  it("asks nobody about configuration that people changed, and keeps theirs", { timeout: patient }, async () => {
    await on("pets-1", "echo mine >/etc/t-configured.conf")
    const { json } = await succeed("patch", "pets", "--exclude", "t-plain", "--yes")
    expect(json.machines.map(({ keptFiles }: { readonly keptFiles: readonly string[] }) => keptFiles)).toEqual([
      ["/etc/t-configured.conf"],
      [],
    ])
    expect(await on("pets-1", "cat /etc/t-configured.conf")).toBe("mine")
    expect(await on("pets-2", "cat /etc/t-configured.conf")).toBe("version = 2")
    expect(await versions("pets-2")).toEqual({ ...ones, library: "2", configured: "2" })
  })

  it("starts the machine anew that asks for it, and no other", { timeout: patient }, async () => {
    await on("pets-2", "apt-get -q -y install t-rebooting=1 2>&1")
    const before = [await startOf("pets-1"), await startOf("pets-2")]
    const { json } = await underLoad(port, 50, () => succeed("patch", "pets", "--yes"))
    const after = [await startOf("pets-1"), await startOf("pets-2")]
    expect([after[0] === before[0], after[1] === before[1]]).toEqual([true, false])
    expect(json.machines).toMatchObject([
      { machine: "pets-1", rebooted: false, moves: [{ name: "t-plain" }] },
      { machine: "pets-2", rebooted: true, moves: [{ name: "t-plain" }, { name: "t-rebooting" }] },
    ])
    expect((await succeed("patch", "pets", "--yes")).json.machines).toEqual([])
  })

  it("is kept by what is applied next, and nothing has drifted", { timeout: patient }, async () => {
    await write("two")
    await succeed("apply", "--yes")
    expect(await versions("pets-1")).toEqual({ plain: "2", daemon: "1", library: "2", configured: "2" })
    expect(await versions(await instance())).toEqual({ ...ones, library: "2" })
    const { json } = await succeed("drift", "pets")
    const [first, second] = json.fleets[0].machines
    // What people changed by hand was there before.
    expect(first.undeclared.map(({ what }: { readonly what: string }) => what)).toEqual(["/etc/t-configured.conf"])
    expect([first.declared, second.declared]).toEqual([[], []])
    expect((await project.fireclay("plan", "--detailed-exitcode")).exitCode).toBe(0)
  })

  it("is undone everywhere where a script fails on one machine", { timeout: patient }, async () => {
    await on("pets-2", "apt-get -q -y install t-failing=1 2>&1")
    await archive.publish([patchable.failing("2"), patchable.plain("3")])
    const failed = await project.fireclay("patch", "pets", "--yes")
    expect([failed.exitCode, failed.json.error.code]).toEqual([3, "FC_ROLLOUT_REVERTED"])
    expect([(await versions("pets-1")).plain, (await versions("pets-2")).plain]).toEqual(["2", "2"])
    expect((await versions("pets-2")).failing).toBe("1")
    const { json } = await succeed("history", "pets-1")
    expect(json.history.at(-1).what).toBe("its patch was taken back")
  })

  it("stops at the machine that failed where the fleet says so", { timeout: patient }, async () => {
    await write("two", 'onFailure: "stop"')
    const stopped = await project.fireclay("patch", "pets", "--yes")
    expect([stopped.exitCode, stopped.json.error.code]).toEqual([1, "FC_ROLLOUT_PARTIAL"])
    expect([(await versions("pets-1")).plain, (await versions("pets-2")).plain]).toEqual(["3", "2"])
    await succeed("patch", "pets", "--exclude", "t-failing", "--yes")
    expect([(await versions("pets-1")).plain, (await versions("pets-2")).plain]).toEqual(["3", "3"])
    expect((await versions("pets-2")).failing).toBe("1")
  })

  it("goes back by a rollback, both ways", { timeout: patient }, async () => {
    await archive.withdraw("t-plain", "2")
    await succeed("rollback", "pets", "--yes")
    expect([(await versions("pets-1")).plain, (await versions("pets-2")).plain]).toEqual(["2", "2"])
    await succeed("rollback", "pets", "--to", "1", "--yes")
    expect([await versions("pets-1"), (await versions("pets-2")).library]).toEqual([ones, "1"])
    await succeed("rollback", "cattle", "--to", "1", "--yes")
    expect(await versions(await instance())).toEqual(ones)
  })

  it("waits for the window of its fleet, unless somebody says now", { timeout: patient }, async () => {
    const day = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"][(new Date().getUTCDay() + 3) % 7]
    await write("one", "", `patch: { window: "${day} 02:00-04:00 UTC" }`)
    const closed = await project.fireclay("patch", "pets", "--security", "--yes")
    expect([closed.exitCode, closed.json.error.code]).toEqual([1, "FC_PATCH_CLOSED"])
    expect((await versions("pets-1")).library).toBe("1")
    await succeed("patch", "pets", "--security", "--now", "--yes")
    expect((await versions("pets-1")).library).toBe("2")
    const { json } = await succeed("history", "pets")
    const forced = json.history.find(({ kind }: { readonly kind: string }) => kind === "patch.forced")
    expect(forced).toMatchObject({
      who: expect.stringContaining("@"),
      what: expect.stringContaining("outside of its window"),
    })
  })

  it("goes on with a patch whose controller was killed", { timeout: patient }, async () => {
    await write("one")
    const words = ["patch", "pets", "--exclude", "t-failing", "--reboot", "never", "--yes"]
    const patched = async (): Promise<number> => {
      const { json } = await succeed("history", "pets-1")
      return json.history.filter(({ kind }: { readonly kind: string }) => kind === "patch.applied").length
    }
    const before = await patched()
    const first = project.begin(...words)
    for (let tries = 0; tries < 100 && (await patched()) === before; tries += 1) await sleep(200)
    expect(first.kill()).toBe(true)
    await first.ended
    const { json } = await succeed(...words)
    expect([(await versions("pets-1")).plain, (await versions("pets-2")).plain]).toEqual(["3", "3"])
    const { json: told } = await succeed("history", "pets")
    const made = told.history.filter(({ kind }: { readonly kind: string }) => kind === "release.created")
    expect(made.at(-1).what).toContain(`release ${json.fleets[0].release} `)
  })
  it("has all machines fetch what they need before the first is drained", { timeout: patient }, async () => {
    await archive.publish([patchable.plain("4")])
    const running = project.begin("patch", "pets", "--exclude", "t-failing", "--reboot", "never", "--yes")
    const drains = /fetched\n(.*\n)*?pets-1: draining\n/
    await vi.waitFor(() => expect(running.noted()).toMatch(drains), { timeout: 60_000, interval: 10 })
    archive.setDown(true)
    const { exitCode, stderr } = await running.ended
    archive.setDown(false)
    expect({ exitCode, stderr }).toMatchObject({ exitCode: 0 })
    expect(await Promise.all([versions("pets-1"), versions("pets-2")])).toMatchObject([{ plain: "4" }, { plain: "4" }])
  })
})
