import { readdir, stat } from "node:fs/promises"
import { join } from "node:path"
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest"
import type { Engine, InstanceWant } from "../../../src/contract/index.ts"
import { runOk } from "../../../src/system/process.ts"
import { testEngine, testProject } from "./support.ts"

const base = { distribution: "debian", suite: "bookworm", include: [] } as const
const patient = 300_000
const wanted = (name: string): InstanceWant => ({ name, from: { base }, fleet: "f", volumes: [], scratch: [] })

describe("projects beside each other", () => {
  const projects = [testProject(), testProject()] as const
  beforeAll(async () => {
    await testEngine(projects[0]).ensureBase(base)
  }, patient)
  afterAll(() => Promise.all(projects.map((project) => testEngine(project).destroy({ volumes: true }))), patient)

  it("get networks of their own, and one is destroyed without the other", { timeout: patient }, async () => {
    const [one, other] = await Promise.all(projects.map((project) => testEngine(project).create(wanted("web-1"))))
    expect(subnet(one?.address)).not.toBe(subnet(other?.address))
    await testEngine(projects[0]).destroy({ volumes: true })
    expect(await projects[0].hostState()).toEqual([])
    const machine = testEngine(projects[1]).machine("web-1")
    expect((await machine.sh("systemctl is-system-running")).stdout.toString()).toBe("running\n")
    await machine.close()
  })

  it("give each instance an address of its own, whoever makes it", { timeout: patient }, async () => {
    const engines = [testEngine(projects[1]), testEngine(projects[1])]
    const made = await Promise.all(
      engines.flatMap((engine, i) => ["a", "b"].map((n) => engine.create(wanted(`${n}-${i}`)))),
    )
    expect(new Set(made.map((instance) => instance.address)).size).toBe(4)
    expect(new Set(made.map((instance) => subnet(instance.address))).size).toBe(1)
  })

  it("come back after their network has gone, as after a restart", { timeout: patient }, async () => {
    const project = projects[1]
    const engine = testEngine(project)
    const before = (await engine.list()).find(({ name }) => name === "web-1")
    await engine.stop("web-1")
    await runOk(["ip", "link", "delete", project.bridge], (message) => new Error(message) as never)
    expect(await engine.start("web-1")).toEqual(before)
    const machine = engine.machine("web-1")
    const gateway = before?.address.replace(/\d+$/, "1")
    expect((await machine.sh("ip route show default")).stdout.toString()).toContain(`via ${gateway}`)
    await machine.close()
  })
})

describe("a project's destruction", () => {
  const project = testProject()
  afterAll(() => testEngine(project).destroy({ volumes: true }), patient)

  it("keeps volumes unless it is asked for them", { timeout: patient }, async () => {
    const engine = testEngine(project)
    await engine.create({ ...wanted("db-1"), volumes: [{ name: "data", path: "/srv/data" }] })
    await engine.destroy({ volumes: false })
    // Nobody else on this computer walks into a machine.
    expect((await stat(project.home)).mode & 0o777).toBe(0o700)
    expect(await readdir(project.home)).toEqual(["volumes"])
    expect((await stat(join(project.home, "volumes/f/data"))).isDirectory()).toBe(true)
    await engine.destroy({ volumes: true })
    expect(await project.hostState()).toEqual([])
  })
})

describe("an instance that cannot start", () => {
  const project = testProject()
  afterAll(() => testEngine(project).destroy({ volumes: true }), patient)

  it("is an error with what it said, and leaves nothing of itself", { timeout: patient }, async () => {
    const engine = testEngine(project)
    const scratch = await engine.openScratch({ base })
    await scratch.machine.sh("rm /sbin/init /lib/systemd/systemd")
    const { digest } = await scratch.commit()
    const error = await engine.create({ ...wanted("dead-1"), from: { image: digest } }).catch((cause: unknown) => cause)
    expect(error).toMatchObject({
      code: "FC_INSTANCE_START",
      details: expect.arrayContaining([expect.stringContaining("execv")]),
    })
    expect(await engine.list()).toEqual([])
    expect((await engine.inventory()).filter(({ kind }) => kind !== "rule").map(({ name }) => name)).toEqual([
      project.bridge,
      project.home,
    ])
  })
})

describe("the local engine", () => {
  const project = testProject()
  const engine: Engine = testEngine(project)
  afterEach(() => {
    vi.restoreAllMocks()
  })

  it("does nothing when it is made", async () => {
    testEngine(project)
    expect(await project.hostState()).toEqual([])
  })

  it.each(["UPPER", "", "../up", "-x", "a".repeat(49), "a b"])("refuses the name %j", async (name) => {
    await expect(engine.create(wanted(name))).rejects.toMatchObject({ code: "FC_SPEC_VALUE" })
    expect(await project.hostState()).toEqual([])
  })

  it("needs root", async () => {
    vi.spyOn(process, "getuid").mockReturnValue(1000)
    const verbs: readonly (() => Promise<unknown>)[] = [
      () => engine.ensureBase(base),
      () => engine.openScratch({ base }),
      () => engine.create(wanted("web-1")),
      () => engine.start("web-1"),
      () => engine.stop("web-1"),
      () => engine.remove("web-1"),
      () => engine.list(),
      () => engine.inventory(),
      () => engine.machine("web-1").sh(":"),
      () => engine.destroy({ volumes: true }),
    ]
    for (const verb of verbs) await expect(verb()).rejects.toMatchObject({ code: "FC_NOT_ROOT" })
  })
})

const subnet = (address: string | undefined): string => (address ?? "").replace(/\.\d+$/, "")
