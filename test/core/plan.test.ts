import { chmod, mkdir, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { afterEach, beforeEach, describe, expect, it } from "vitest"
import type { Resource } from "../../src/contract/index.ts"
import type { MachinePlan } from "../../src/core/plan/types.ts"
import { command, directory, file, link, pkg, service } from "../../src/resources/index.ts"
import { applyOn, me, planOn } from "../support/apply.ts"
import { openShellMachine, type ShellMachine } from "../support/shell-machine.ts"

let shell: ShellMachine
const at = (name: string): string => join(shell.root, name)
const text = (name: string, content: string): Resource => file(at(name), { content, ...me })

beforeEach(async () => {
  shell = await openShellMachine("web-1")
})
afterEach(() => shell.dispose())

/** `action:cause id` of each difference, with paths as the test wrote them. */
const short = (plan: MachinePlan): readonly string[] =>
  plan.differences.map(({ action, cause, id }) => `${action}:${cause} ${id.replace(`${shell.root}/`, "")}`)

const steps = (plan: MachinePlan): readonly string[] =>
  plan.steps.map((step) => `${step.do} ${"path" in step ? step.path.replace(`${shell.root}/`, "") : ""}`.trim())

describe("a plan for a machine", () => {
  it("names what is to be made on an empty one, and changes nothing", async () => {
    const resources = [text("a/b/one", "1"), directory(at("a/c"), me), link(at("two"), { target: "a" })]
    const plan = await planOn(shell.machine, resources)
    expect(short(plan)).toEqual(["create:intent file:a/b/one", "create:intent directory:a/c", "create:intent link:two"])
    expect(steps(plan)).toEqual([
      "make-directory a",
      "make-directory a/b",
      "write-file a/b/one",
      "make-directory a/c",
      "make-link two",
    ])
    expect([plan.machine, plan.from, plan.state, plan.broken]).toEqual(["web-1", undefined, undefined, undefined])
    expect(await readdir(shell.root)).toEqual([])
    await expect(readdir(shell.home)).rejects.toThrow("ENOENT")
  })

  it("is empty after it was applied", async () => {
    const resources = [text("a/one", "1"), directory(at("a/c"), me), link(at("two"), { target: "a" })]
    await applyOn(shell.machine, resources)
    const plan = await planOn(shell.machine, resources)
    expect([plan.differences, plan.steps, plan.from]).toEqual([[], [], 1])
    expect(await readFile(at("a/one"), "utf8")).toBe("1")
  })

  it("takes one round trip, two where an answer leads to a question, whatever the number of resources", async () => {
    const many = Array.from({ length: 60 }, (_, index) => text(`many/${index}`, String(index)))
    expect((await planOn(shell.machine, many)).roundTrips).toBe(1)
    await applyOn(shell.machine, many)
    expect((await planOn(shell.machine, many)).roundTrips).toBe(1)
    await Promise.all(many.slice(0, 30).map((_, index) => writeFile(at(`many/${index}`), "other")))
    shell.scripts.length = 0
    expect((await planOn(shell.machine, many)).roundTrips).toBe(2)
    expect(shell.scripts).toHaveLength(2)
  })

  it("counts what cannot be taken back", async () => {
    const run = ["/bin/true"]
    const plan = await planOn(shell.machine, [
      command("without", { run, check: ["false"] }),
      command("with", { run, check: ["false"], undo: run }),
      command("not needed", { run, check: ["true"] }),
    ])
    expect(plan.steps).toHaveLength(2)
    expect(plan.irreversible).toEqual([{ step: { do: "run-command", argv: run }, why: "the command has no undo" }])
  })

  it("joins neighbouring installations, and only those", async () => {
    await shell.program("dpkg-query", "exit 1")
    const plan = await planOn(shell.machine, [pkg("one"), pkg("two", { version: "2" }), text("f", ""), pkg("three")])
    expect(plan.steps.filter((step) => step.do === "install-packages")).toEqual([
      { do: "install-packages", packages: [{ name: "one" }, { name: "two", version: "2" }] },
      { do: "install-packages", packages: [{ name: "three" }] },
    ])
    expect(plan.differences).toHaveLength(4)
  })

  it("tells a resource what those before it change, and not what those after it do", async () => {
    const watching = service("app", { enabled: false, running: true, restartOn: [at("early"), at("late")] })
    const running = (script: string) => script.replace("[ -d /run/systemd/system ]", "true")
    await shell.program("systemctl", "printf 'LoadState=loaded\\nActiveState=active\\nUnitFileState=disabled\\n'")
    const machine = { ...shell.machine, sh: (script: string) => shell.machine.sh(running(script)) }
    const changes = async (resources: readonly Resource[]) =>
      (await planOn(machine, resources)).differences.find(({ id }) => id.startsWith("service:"))
    expect(await changes([watching, text("late", "")])).toBeUndefined()
    expect(await changes([text("other", ""), watching])).toBeUndefined()
    expect(await changes([text("early", ""), watching])).toMatchObject({
      cause: "intent",
      steps: [{ do: "restart-unit", unit: "app.service" }],
    })
  })

  it("refuses a resource that nobody understands", async () => {
    const stranger = { type: "stranger", id: "stranger:x", want: {} }
    await expect(planOn(shell.machine, [stranger])).rejects.toThrow("no resource type stranger")
  })
})

describe("why something differs", () => {
  const change = (name: string): Promise<void> => writeFile(at(name), "by hand")

  it.each<readonly [string, string, () => Promise<unknown>, string, readonly string[]]>([
    ["nothing happened", "1", async () => undefined, "1", []],
    ["the machine was changed", "1", () => change("f"), "1", ["change:drift file:f"]],
    ["its mode was changed", "1", () => chmod(at("f"), 0o600), "1", ["change:drift file:f"]],
    ["it was removed", "1", () => rm(at("f")), "1", ["create:drift file:f"]],
    ["the description was changed", "1", async () => undefined, "2", ["change:intent file:f"]],
    ["both were changed", "1", () => change("f"), "2", ["change:drift file:f"]],
    ["the machine was changed to what is now wanted", "1", () => writeFile(at("f"), "2"), "2", []],
  ])("%s", async (_, first, meanwhile, second, differences) => {
    await applyOn(shell.machine, [text("f", first)])
    await meanwhile()
    expect(short(await planOn(shell.machine, [text("f", second)]))).toEqual(differences)
  })

  it("is intent where a release never spoke of it", async () => {
    await applyOn(shell.machine, [text("f", "1")])
    await change("g")
    expect(short(await planOn(shell.machine, [text("f", "1"), text("g", "1")]))).toEqual(["change:intent file:g"])
  })
})

describe("what left the description", () => {
  it("is removed in the opposite order, where Fireclay made it", async () => {
    await applyOn(shell.machine, [directory(at("d"), me), text("d/f", "1"), link(at("l"), { target: "d" })])
    const plan = await applyOn(shell.machine, [], 2)
    expect(short(plan)).toEqual(["remove:intent link:l", "remove:intent file:d/f", "remove:intent directory:d"])
    expect(await readdir(shell.root)).toEqual([])
    expect((await planOn(shell.machine, [])).steps).toEqual([])
  })

  it("stays, where it was there before Fireclay", async () => {
    await mkdir(at("d"))
    await writeFile(at("d/f"), "mine")
    await symlink("elsewhere", at("l"))
    await applyOn(shell.machine, [
      directory(at("d"), me),
      text("d/f", "1"),
      link(at("l"), { target: "d" }),
      text("d/g", "1"),
    ])
    expect(short(await applyOn(shell.machine, [], 2))).toEqual(["remove:intent file:d/g"])
    expect(await Promise.all(["", "d"].map((name) => readdir(at(name))))).toEqual([["d", "l"], ["f"]])
  })

  it("stays known as made by Fireclay over releases that change it", async () => {
    await applyOn(shell.machine, [text("f", "1")])
    await applyOn(shell.machine, [text("f", "2")], 2)
    await applyOn(shell.machine, [text("f", "2")], 3)
    expect(short(await applyOn(shell.machine, [], 4))).toEqual(["remove:intent file:f"])
    expect(await readdir(shell.root)).toEqual([])
  })

  it("makes room for another kind of thing, which is as much Fireclay's", async () => {
    await applyOn(shell.machine, [text("x", "1")])
    await applyOn(shell.machine, [link(at("x"), { target: "y" })], 2)
    await applyOn(shell.machine, [directory(at("x"), me)], 3)
    await applyOn(shell.machine, [text("x", "2")], 4)
    expect(await readFile(at("x"), "utf8")).toBe("2")
    await applyOn(shell.machine, [], 5)
    expect(await readdir(shell.root)).toEqual([])
  })

  it("is no difference when someone removed it already", async () => {
    await applyOn(shell.machine, [text("f", "1")])
    await rm(at("f"))
    expect(short(await planOn(shell.machine, []))).toEqual([])
  })

  it("takes packages with it that came along with its own", async () => {
    await applyOn(shell.machine, [])
    const state = JSON.parse(await readFile(join(shell.home, "current.json"), "utf8"))
    const nginx = { type: "package", id: "package:nginx", want: { name: "nginx" }, contents: [], created: true }
    await writeFile(
      join(shell.home, "current.json"),
      JSON.stringify({ ...state, packages: ["libx", "nginx"], resources: [nginx] }),
    )
    await shell.program("dpkg-query", "printf 'nginx\\t1.0\\tinstall\\tinstalled\\n'")
    expect((await planOn(shell.machine, [])).steps).toEqual([
      { do: "remove-packages", packages: ["nginx"], alongside: ["libx", "nginx"] },
    ])
  })
})

describe("directories that nobody described", () => {
  it("go when no path needs them any more, deepest first", async () => {
    await applyOn(shell.machine, [text("a/b/c/one", "1"), text("a/b/two", "2")])
    const second = await applyOn(shell.machine, [text("a/b/two", "2")], 2)
    expect(steps(second)).toEqual(["remove-path a/b/c/one", "remove-path a/b/c"])
    const third = await applyOn(shell.machine, [], 3)
    expect(steps(third)).toEqual(["remove-path a/b/two", "remove-path a/b", "remove-path a"])
    expect(await readdir(shell.root)).toEqual([])
  })

  it("stay when something else lies in them", async () => {
    await applyOn(shell.machine, [text("a/one", "1")])
    await writeFile(at("a/mine"), "")
    await applyOn(shell.machine, [], 2)
    expect(await readdir(at("a"))).toEqual(["mine"])
    expect((await planOn(shell.machine, [])).steps).toEqual([])
  })

  it("stay when they were there before", async () => {
    await mkdir(at("a"))
    await applyOn(shell.machine, [text("a/b/one", "1")])
    await applyOn(shell.machine, [], 2)
    expect(await readdir(shell.root, { recursive: true })).toEqual(["a"])
  })

  it("are not mistaken for those whose name begins alike", async () => {
    await applyOn(shell.machine, [text("a/one", "1"), text("ab/two", "2")])
    expect(steps(await planOn(shell.machine, [text("ab/two", "2")]))).toEqual(["remove-path a/one", "remove-path a"])
  })

  it("belong to the description once it names them, and still go with it", async () => {
    await applyOn(shell.machine, [text("a/one", "1")])
    await applyOn(shell.machine, [directory(at("a"), me), text("a/one", "1")], 2)
    await applyOn(shell.machine, [], 3)
    expect(await readdir(shell.root)).toEqual([])
  })
})
