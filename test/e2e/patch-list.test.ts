import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { type AptRepository, openAptRepository, patchable } from "../support/apt-repository.ts"
import { makeProject, type TestProject } from "../support/project.ts"

const patient = 300_000
const day = 86_400_000
const began = Math.floor(Date.now() / 1000) * 1000

let repository: AptRepository
let project: TestProject

const config = (patch = "{}"): string => `
import { allAtOnce, defineProject, fleet, inPlace, local, replace, rolling, spec } from "fireclay"
import { file, pkg } from "fireclay/resources"
const app = spec("app", {
  resources: [
    file("/etc/apt/sources.list", { content: ${JSON.stringify(`${repository.lines.join("\n")}\n`)} }),
    ...["t-plain", "t-library", "t-daemon", "t-rebooting"].map((name) => pkg(name)),
  ],
})
export default defineProject({
  name: "patch-list",
  fleets: {
    pets: fleet(app, { on: local({ machines: 1 }), by: inPlace({ strategy: rolling() }), patch: ${patch} }),
    late: fleet(app, { on: local({ machines: 1 }), by: inPlace({ strategy: rolling() }) }),
    cattle: fleet(app, { on: local({ count: 2 }), by: replace({ strategy: allAtOnce() }) }),
  },
})
`

beforeAll(async () => {
  repository = await openAptRepository()
  await repository.publish([
    patchable.plain("1"),
    await patchable.library("1"),
    patchable.daemon("1"),
    patchable.rebooting("1"),
  ])
  project = await makeProject("patch-list")
  await project.write("fireclay.config.ts", config())
  const { exitCode, stderr } = await project.fireclay("apply", "pets", "cattle", "--yes")
  if (exitCode !== 0) throw new Error(`ended with ${exitCode}: ${stderr}`)
}, patient)

afterAll(async () => {
  const { exitCode, stderr } = await project.fireclay("destroy", "--yes")
  await project.dispose()
  await repository.close()
  expect({ exitCode, stderr }).toMatchObject({ exitCode: 0 })
}, patient)

const onMachine = async (script: string): Promise<string> => {
  const { json } = await project.fireclay("exec", "pets-1", "--", "sh", "-c", script)
  const [{ exitCode, stdout, stderr }] = json.machines
  if (exitCode !== 0) throw new Error(`ended with ${exitCode}: ${stderr}`)
  return stdout
}

const list = (...words: readonly string[]) => listOf("pets", ...words)

const listOf = async (fleet: string, ...words: readonly string[]) => {
  const { exitCode, json, stderr } = await project.fireclay("patch", fleet, "--list", ...words)
  if (json?.fleets === undefined) throw new Error(`ended with ${exitCode}: ${stderr}`)
  return { exitCode, found: json.fleets[0] }
}

const refusalOf = async (fleet: string, ...words: readonly string[]) => {
  const { exitCode, json } = await project.fireclay("patch", fleet, "--list", ...words)
  return { exitCode, ...json.error }
}

/** Name, version, and what else is asked for. */
const brief = (updates: readonly Record<string, string>[], ...keys: readonly string[]) =>
  updates.map((update) => ["name", "version", ...keys].map((key) => update[key]))

describe("patch --list", () => {
  it("says that nothing is outstanding", { timeout: patient }, async () => {
    const { exitCode, found } = await list("--detailed-exitcode")
    expect({ exitCode, set: found.set, heldBack: found.heldBack }).toEqual({ exitCode: 0, set: {}, heldBack: [] })
    expect(found.machines).toEqual([{ machine: "pets-1", unrefreshed: [], restarts: [], reboot: [] }])
  })

  it("says what is offered, from where, since when, and what comes with it", { timeout: patient }, async () => {
    await repository.publish([
      { ...patchable.plain("2"), dateMs: began - 5 * day, needs: ["t-new"] },
      { ...patchable.plain("1"), name: "t-new" },
      { ...(await patchable.library("2")), suite: "security", dateMs: began - 2 * day },
      { ...patchable.rebooting("2"), dateMs: began + day },
    ])
    const { exitCode, found } = await list("--detailed-exitcode")
    expect(exitCode).toBe(2)
    expect(found.taken).toMatchObject([
      { name: "t-library", version: "2", origin: "Debian-Security/main-security", security: true },
      { name: "t-plain", version: "2", origin: "Debian/main", security: false, machines: { "pets-1": "1" } },
      { name: "t-rebooting", version: "2" },
    ])
    expect(found.taken.map(({ sinceBy }: { readonly sinceBy: string }) => sinceBy).slice(0, 2)).toEqual([
      "file",
      "file",
    ])
    const [library, plain, rebooting] = found.taken.map(({ since }: { readonly since: string }) => Date.parse(since))
    expect(library).toBe(began - 2 * day)
    expect(plain).toBe(began - 5 * day)
    // Its file is said to be of tomorrow; it was seen today.
    expect(rebooting - began).toBeLessThan(day / 2)
    expect(found.set).toEqual({ "t-library": "2", "t-plain": "2", "t-rebooting": "2" })
    expect(found.machines[0].foreseen).toMatchObject({
      along: [{ name: "t-new", from: null, to: "1" }],
      lost: [],
      refused: [],
    })
  })

  it("is no drift, and has changed no package", { timeout: patient }, async () => {
    const { json } = await project.fireclay("drift", "pets")
    expect(json.fleets[0].machines[0]).toMatchObject({ declared: [], undeclared: [] })
    expect(json.fleets[0].machines[0].since).toBeDefined()
    expect(await onMachine("dpkg-query -W -f '${Version} ' t-plain t-library")).toBe("1 1 ")
  })

  it("asks one instance for all of its release, which it leaves as it is", { timeout: patient }, async () => {
    const before = (await project.fireclay("status", "cattle")).json.fleets[0].members
    const { exitCode, found } = await listOf("cattle")
    expect({ exitCode, set: found.set }).toEqual({
      exitCode: 0,
      set: { "t-library": "2", "t-plain": "2", "t-rebooting": "2" },
    })
    expect(found.machines).toMatchObject([{ machine: before[0].name, unrefreshed: [], restarts: [], reboot: [] }])
    const { json } = await project.fireclay("drift", "cattle")
    expect(json.fleets[0].machines).toMatchObject([
      { declared: [], undeclared: [], since: expect.any(String) },
      { declared: [], undeclared: [], since: expect.any(String) },
    ])
  })

  it.each<readonly [string, readonly string[], readonly string[], readonly (readonly string[])[]]>([
    [
      "security updates alone",
      ["--security"],
      ["t-library"],
      [
        ["t-plain", "2", "no security update"],
        ["t-rebooting", "2", "no security update"],
      ],
    ],
    [
      "what is old enough",
      ["--minimum-age", "3d"],
      ["t-plain"],
      [
        ["t-library", "2", "too young"],
        ["t-rebooting", "2", "too young"],
      ],
    ],
    [
      "what is not excluded",
      ["--exclude", "t-p*", "--exclude", "t-library"],
      ["t-rebooting"],
      [
        ["t-library", "2", "--exclude t-library"],
        ["t-plain", "2", "--exclude t-p*"],
      ],
    ],
  ])("takes %s, and says why not the rest", { timeout: patient }, async (_, words, taken, heldBack) => {
    const { found } = await list(...words)
    expect(Object.keys(found.set)).toEqual(taken)
    expect(brief(found.heldBack, "reason")).toEqual(heldBack)
  })

  it("has nothing to say of a fleet that was never delivered", { timeout: patient }, async () => {
    expect(await refusalOf("late")).toMatchObject({ code: "FC_RELEASE_UNKNOWN", at: "fleets.late" })
  })

  it("refuses a duration that is none", { timeout: patient }, async () => {
    expect(await refusalOf("pets", "--minimum-age", "soon")).toMatchObject({
      code: "FC_SPEC_DURATION",
      at: "--minimum-age",
    })
  })

  it("says when the windows are open, and keeps to what the fleet holds", { timeout: patient }, async () => {
    const [hourMs, stamp] = [3_600_000, (ms: number) => new Date(ms).toISOString().replaceAll(/[-:]|\.\d+/g, "")]
    const today = new Date().getUTCDay()
    const other = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"][(today + 3) % 7]
    await project.write(
      "fireclay.config.ts",
      config(`{ window: ["${other} 00:00-24:00 UTC", { ics: "extra.ics" }], security: "daily", hold: ["t-p*"] }`),
    )
    const event = [`DTSTART:${stamp(began + hourMs)}`, `DTEND:${stamp(began + 2 * hourMs)}`]
    const lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "BEGIN:VEVENT", ...event, "END:VEVENT", "END:VCALENDAR"]
    const at = "fleets.pets.patch.window[1].ics"
    expect(await refusalOf("pets")).toMatchObject({ exitCode: 64, code: "FC_PATCH_WINDOW", at })
    await project.write("extra.ics", lines.join("\r\n"))
    const { found } = await list()
    expect(found.window.all).toEqual({ isOpen: false, opens: new Date(began + hourMs).toISOString() })
    expect(found.window.security.isOpen).toBe(true)
    expect(brief(found.heldBack, "reason")).toEqual([["t-plain", "2", "the fleet holds t-p*"]])
    await project.write("fireclay.config.ts", config())
  })

  it("leaves what would drag along what is left", { timeout: patient }, async () => {
    await repository.publish([{ ...patchable.rebooting("3"), needs: ["t-library (>= 2)"] }])
    const { found } = await list("--exclude", "t-library")
    expect(found.set).toEqual({ "t-plain": "2", "t-rebooting": "2" })
    expect(brief(found.heldBack, "reason")).toEqual([
      ["t-library", "2", "--exclude t-library"],
      ["t-rebooting", "3", "would also take t-library to 2 on pets-1"],
    ])
    expect(found.machines[0].foreseen.refused).toEqual([])
    await repository.withdraw("t-rebooting", "3")
  })

  it("leaves what dpkg holds, and what would remove something", { timeout: patient }, async () => {
    await repository.publish([{ ...patchable.daemon("2"), insteadOf: "t-plain" }])
    await onMachine("apt-mark hold t-library")
    const { found } = await list()
    expect(brief(found.heldBack, "reason")).toEqual([
      ["t-daemon", "2", "would remove t-plain on pets-1"],
      ["t-library", "2", "held on pets-1"],
    ])
    await repository.withdraw("t-daemon", "2")
    await onMachine("apt-mark unhold t-library")
  })

  it("tells of processes that run what was replaced, and of a reboot", { timeout: patient }, async () => {
    await onMachine("apt-get -q -y install t-library t-rebooting >&2")
    const { found } = await list()
    expect(Object.keys(found.set)).toEqual(["t-plain"])
    expect(found.machines[0]).toMatchObject({
      restarts: [
        {
          unit: "t-daemon.service",
          processes: [{ pid: expect.any(Number), command: "sleep" }],
          files: ["/usr/lib/t-library.so"],
        },
      ],
      reboot: ["asked for by t-rebooting"],
    })
  })

  it("waits for another who fetches lists", { timeout: patient }, async () => {
    const hold = 'import fcntl,time; f=open("/var/lib/apt/lists/lock","w"); fcntl.lockf(f,fcntl.LOCK_EX); time.sleep(3)'
    await onMachine(`setsid python3 -c '${hold}' >/dev/null 2>&1 & sleep 0.5`)
    expect(await onMachine("apt-get -q update >/dev/null 2>&1 || echo locked")).toBe("locked\n")
    expect((await list()).found.machines[0].unrefreshed).toEqual([])
  })

  it("says when a source did not answer", { timeout: patient }, async () => {
    await onMachine("echo 'deb [trusted=yes] http://127.0.0.1:9 none main' >/etc/apt/sources.list.d/none.list")
    const { exitCode, found } = await list()
    expect(exitCode).toBe(1)
    expect(found.machines[0].unrefreshed.join()).toContain("http://127.0.0.1:9/dists/none")
    expect(Object.keys(found.set)).toEqual(["t-plain"])
    await onMachine("rm /etc/apt/sources.list.d/none.list")
  })
})
