import { spawn } from "node:child_process"
import { once } from "node:events"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { cli } from "../support/cli.ts"
import { makeProject, type TestProject } from "../support/project.ts"

const ports = { pets: 18_080, cattle: 18_081 }

const config = `import { blueGreen, defineProject, fleet, inPlace, local, replace, rolling, spec } from "fireclay"
import { command, file, user } from "fireclay/resources"

const web = spec("web", {
  resources: [
    user("web", { system: true }),
    file("/srv/web/index.html", { source: "./index.html", owner: "web" }),
    /* more */
  ],
  run: { command: ["/usr/bin/python3", "-m", "http.server", "--directory", "/srv/web", "8000"], user: "web" },
  port: 8000,
  health: { path: "/", within: "20s" },
  volumes: { uploads: { path: "/srv/uploads", access: "shared" } },
})

export default defineProject({
  name: "local-test",
  fleets: {
    pets: fleet(web, { on: local({ machines: 2 }), by: inPlace({ strategy: rolling({ batch: 1 }) }), listen: ${ports.pets} }),
    cattle: fleet(web, { on: local({ count: 2, boot: "systemd" }), by: replace({ strategy: blueGreen() }), listen: ${ports.cattle} }),
  },
})
`

const everything = ["pets", "cattle"].flatMap((fleet) => ["--delete-volumes", `${fleet}/uploads`])

let project: TestProject

beforeAll(async () => {
  project = await makeProject("local")
  await project.write("fireclay.config.ts", config)
  await project.write("index.html", "one\n")
})

afterAll(async () => {
  await project.fireclay("destroy", "--yes", ...everything)
  await project.dispose()
})

const answers = async (fleet: keyof typeof ports): Promise<string> =>
  (await fetch(`http://127.0.0.1:${ports[fleet]}/`)).text()

interface MemberDocument {
  readonly name: string
  readonly release: number
  readonly healthy: boolean
  readonly traffic: string
}

const members = async (fleet: string): Promise<readonly MemberDocument[]> =>
  (await project.fireclay("status", fleet)).json.fleets[0].members

/** Starts an apply, sends it a signal at the first line of progress that matches, and answers how it ended. */
const applyAndSignal = async (
  fleet: string,
  when: RegExp,
  signal: NodeJS.Signals,
): Promise<number | NodeJS.Signals | null> => {
  const [program = "", ...words] = [...cli, "apply", fleet, "--yes"]
  const child = spawn(program, words, {
    cwd: project.directory,
    stdio: ["ignore", "ignore", "pipe"],
  })
  let said = ""
  let sent = false
  child.stderr.on("data", (chunk: Buffer) => {
    said += chunk.toString()
    if (sent || !when.test(said)) return
    sent = true
    child.kill(signal)
  })
  const [exitCode, killed] = (await once(child, "close")) as [number | null, NodeJS.Signals | null]
  return killed ?? exitCode
}

describe("both ways, on machines of this computer", () => {
  it("brings both fleets up, behind their routers", async () => {
    const applied = await project.fireclay("apply", "--yes")
    expect(applied.stderr).not.toContain("FC_")
    expect(applied.exitCode).toBe(0)
    expect([await answers("pets"), await answers("cattle")]).toEqual(["one\n", "one\n"])
    expect((await project.fireclay("plan", "--detailed-exitcode")).exitCode).toBe(0)
  })

  it("runs a command on every machine, with its words as they are", async () => {
    const { json } = await project.fireclay("exec", "pets", "--", "printf", "%s|", "a b", "$HOME", "it's")
    expect(json.machines.map(({ stdout }: { stdout: string }) => stdout)).toEqual([
      "a b|$HOME|it's|",
      "a b|$HOME|it's|",
    ])
  })

  it("leaves in each machine's journal who changed it and who ran something there", async () => {
    const journal = ["journalctl", "-t", "fireclay", "-o", "cat", "--no-pager"]
    const { json } = await project.fireclay("exec", "pets-1", "--", ...journal)
    const [{ stdout }] = json.machines
    expect(stdout).toMatch(/^began: \S+, by \S+@\S+ \(process \d+\), apply pets, release 1, since /)
    expect(stdout).toMatch(/^committed: /m)
    expect(stdout).toMatch(/^exec, by \S+@\S+: printf %s\| a b \$HOME it's$/m)
  })

  it("keeps instances read-only but for their volumes", async () => {
    const { json } = await project.fireclay(
      "exec",
      "cattle",
      "--",
      "sh",
      "-c",
      "touch /srv/web/x 2>&1; touch /srv/uploads/x && echo kept",
    )
    for (const { stdout } of json.machines) expect(stdout).toMatch(/Read-only file system\nkept/)
  })

  it.each([
    ["pets", /pets-1: updating/],
    ["pets", /pets-1: restart unit/],
    ["pets", /pets-2: write file/],
    ["cattle", /cattle-r\d+-1: starting/],
    ["cattle", /cattle-r\d+-2: healthy/],
    ["cattle", /cattle-r\d+-1: admitting/],
    ["cattle", /cattle-r\d+-1: retiring/],
  ] as const)("ends right when the controller of %s is killed at %s and apply runs again", async (fleet, when) => {
    const text = `version ${Math.random()}\n`
    await project.write("index.html", text)
    expect(await applyAndSignal(fleet, when, "SIGKILL")).toBe("SIGKILL")
    const again = await project.fireclay("apply", fleet, "--yes")
    expect(again.stderr).not.toContain("FC_")
    expect(again.exitCode).toBe(0)
    const release = again.json.fleets[0].release
    expect((await members(fleet)).map((member) => [member.release, member.healthy, member.traffic])).toEqual(
      Array(2).fill([release, true, "ready"]),
    )
    expect(await answers(fleet)).toBe(text)
    expect((await project.fireclay("plan", fleet, "--detailed-exitcode")).exitCode).toBe(0)
  })

  it.each([
    ["pets", "rolling({ batch: 1 })"],
    ["pets", "allAtOnce()"],
    ["cattle", "blueGreen()"],
    ["cattle", "rolling({ batch: 1 })"],
    ["cattle", "allAtOnce()"],
  ] as const)("takes %s back when, by %s, the new version does not become healthy", async (fleet, strategy) => {
    const before = await answers(fleet)
    const releases = (await members(fleet)).map(({ release }) => release)
    const used = fleet === "pets" ? "rolling({ batch: 1 })" : "blueGreen()"
    const broken = config
      .replace('"8000"]', '"8001"]')
      .replace('"20s"', '"2s"')
      .replace(`strategy: ${used}`, `strategy: ${strategy}`)
    await project.write("fireclay.config.ts", broken.replace("import { blueGreen", "import { allAtOnce, blueGreen"))
    const applied = await project.fireclay("apply", fleet, "--yes")
    await project.write("fireclay.config.ts", config)
    expect(applied.exitCode).toBe(3)
    expect(applied.json.error).toMatchObject({ code: "FC_ROLLOUT_REVERTED", because: ["FC_UNHEALTHY"] })
    expect(applied.json.error.message).toMatch(/was not healthy within 2 s: .*; release \d+ is in force/)
    expect(await answers(fleet)).toBe(before)
    const after = (await members(fleet)).map(({ release, healthy, traffic }) => ({ release, healthy, traffic }))
    expect(after).toEqual(releases.map((release) => ({ release, healthy: true, traffic: "ready" })))
  })

  it.each([
    ["pets", /pets-1: serving/],
    ["cattle", /cattle-r\d+-1: starting/],
  ] as const)("takes %s back at the first Ctrl-C, FC_CANCELLED", async (fleet, when) => {
    const before = await answers(fleet)
    await project.write("index.html", "not wanted after all\n")
    expect(await applyAndSignal(fleet, when, "SIGINT")).toBe(130)
    expect(await answers(fleet)).toBe(before)
    const status = (await members(fleet)).map(({ release, healthy, traffic }) => ({ release, healthy, traffic }))
    expect(new Set(status.map(({ release }) => release)).size).toBe(1)
    expect(status.every(({ healthy, traffic }) => healthy && traffic === "ready")).toBe(true)
  })

  it("keeps the data of a volume over a replacement", async () => {
    await project.fireclay("exec", "cattle", "--", "sh", "-c", "echo data > /srv/uploads/kept")
    await project.write("index.html", "after\n")
    expect((await project.fireclay("apply", "cattle", "--yes")).exitCode).toBe(0)
    const { json } = await project.fireclay("exec", "cattle", "--", "cat", "/srv/uploads/kept")
    expect(json.machines.map(({ stdout }: { stdout: string }) => stdout)).toEqual(["data\n", "data\n"])
  })

  it("makes another instance of the same release when one has died", async () => {
    const [first] = await members("cattle")
    await project.fireclay("exec", first?.name ?? "", "--", "systemctl", "poweroff", "--force", "--force")
    const applied = await project.fireclay("apply", "cattle", "--yes")
    expect(applied.exitCode).toBe(0)
    expect((await members("cattle")).map(({ healthy, traffic }) => [healthy, traffic])).toEqual(
      Array(2).fill([true, "ready"]),
    )
  })
})

describe("images", () => {
  it("have the same digest when they are built from scratch by two projects, and are not built again when nothing changed", async () => {
    const other = await makeProject("other")
    try {
      await other.write("fireclay.config.ts", config.replace("local-test", "another-test"))
      await other.write("index.html", "after\n")
      const here = await project.fireclay("build", "cattle", "--fresh")
      const there = await other.fireclay("build", "cattle", "--fresh")
      expect(here.json.images[0]).toMatchObject({ layersMade: 1, layers: 1 })
      expect(there.json.images[0].image).toBe(here.json.images[0].image)
      const again = await other.fireclay("build", "cattle")
      expect(again.json.images[0]).toMatchObject({ layersMade: 0, image: here.json.images[0].image })
      await other.write("index.html", "changed\n")
      expect((await other.fireclay("build", "cattle")).json.images[0].image).not.toBe(here.json.images[0].image)
    } finally {
      await other.fireclay("destroy", "--yes")
      await other.dispose()
    }
  })

  it("that cannot be baked say which step failed, and touch nothing", async () => {
    await project.write(
      "fireclay.config.ts",
      config.replace("/* more */", 'command("bad", { run: ["/bin/ls", "/nowhere"], check: ["/bin/false"] }),'),
    )
    const built = await project.fireclay("build", "cattle")
    await project.write("fireclay.config.ts", config)
    expect(built.json.error).toMatchObject({ code: "FC_BAKE_FAILED", at: "specs.web" })
    expect(built.json.error.details.join("\n")).toContain("/nowhere")
    expect(await answers("cattle")).toBe("after\n")
  })
})

describe("destroy", () => {
  it("lists what there is and leaves nothing of it", async () => {
    const destroyed = await project.fireclay("destroy", "--yes", ...everything)
    expect(destroyed.exitCode).toBe(0)
    expect(destroyed.json).toMatchObject({ deletedVolumes: ["pets/uploads", "cattle/uploads"], keptVolumes: [] })
    expect(destroyed.json.removed.length).toBeGreaterThan(5)
    await expect(answers("pets")).rejects.toThrow()
    const left = await project.fireclay("destroy", "--yes")
    expect(left.json.removed).toEqual([])
  })
})
