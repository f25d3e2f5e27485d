import { mkdir, readdir, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { afterEach, beforeEach, describe, expect, it } from "vitest"
import type { Resource } from "../../src/contract/index.ts"
import { openEyes } from "../../src/core/eyes/eyes.ts"
import type { MachinePlan } from "../../src/core/plan/types.ts"
import { directory, file, group, link, pkg, service, user } from "../../src/resources/index.ts"
import { applyOn, me, planOn } from "../support/apply.ts"
import { openShellMachine, type ShellMachine } from "../support/shell-machine.ts"

let shell: ShellMachine
const at = (name: string): string => join(shell.root, name)
const text = (name: string, content = "x", options = {}): Resource => file(at(name), { content, ...me, ...options })

beforeEach(async () => {
  shell = await openShellMachine("web-1")
})
afterEach(() => shell.dispose())

const problem = ({ problem: found }: MachinePlan): string | undefined =>
  found === undefined ? undefined : `${found.code} ${found.message.replaceAll(`${shell.root}/`, "")}`

describe("what a path stands on", () => {
  it("is told in one round for many paths, also for those that are not there", async () => {
    await writeFile(at("it's a file"), "")
    await mkdir(at("dir"))
    const { ground, rounds } = openEyes(shell.machine)
    const paths = ["dir", "none", "it's a file", "none/x", ...Array.from({ length: 900 }, (_, index) => `no${index}`)]
    const [dir, none, plain, below] = await Promise.all([...paths.map(at), "/"].map((path) => ground(path)))
    expect([dir, none, plain, below]).toEqual([
      { isDirectory: true, isWritable: true, fileSystem: expect.objectContaining({ blockBytes: expect.any(Number) }) },
      undefined,
      { isDirectory: false, isWritable: true, fileSystem: dir?.fileSystem },
      undefined,
    ])
    expect(dir?.fileSystem?.freeBytes).toBeGreaterThan(1e6)
    expect((await ground("/"))?.isDirectory).toBe(true)
    expect(rounds()).toBe(2)
  })
})

describe("a plan foresees, in the round trip that it takes anyway", () => {
  it("no room", async () => {
    await shell.program(
      "stat",
      `if [ "$1" = -f ]; then shift 4; for p in "$@"; do printf '7\\0004096\\0001000\\00020\\000100\\00050\\000'; done; else exec /usr/bin/stat "$@"; fi`,
    )
    const plan = await planOn(shell.machine, [text("f", "y".repeat(200_000))])
    expect(problem(plan)).toMatch(/^FC_NO_SPACE the file system of \S+ needs 8\.\d MB and has 0\.1 MB free/)
    expect(plan.problem?.at).toBe("web-1")
    expect(plan.roundTrips).toBe(1)
    expect(await readdir(shell.root)).toEqual([])
  })

  it("no room, and nothing to do: no problem", async () => {
    await applyOn(shell.machine, [text("f")])
    await shell.program("stat", `[ "$1" != -f ] || exit 0; exec /usr/bin/stat "$@"`)
    const plan = await planOn(shell.machine, [text("f")])
    expect([plan.problem, plan.steps, plan.notes]).toEqual([undefined, [], []])
  })

  it("a clock that is years behind", async () => {
    await shell.program("date", "echo 946684800")
    expect(problem(await planOn(shell.machine, [text("f")]))).toMatch(
      /^FC_CLOCK the clock of web-1 is \d+ years behind/,
    )
    const idle = await planOn(shell.machine, [])
    expect([idle.problem, idle.notes]).toEqual([undefined, [expect.stringContaining("years behind")]])
  })

  it("a clock that is some minutes ahead, as a note", async () => {
    await shell.program("date", `echo $(($(/bin/date "$@") + 700))`)
    const plan = await planOn(shell.machine, [text("f")])
    expect([plan.problem, plan.notes]).toEqual([
      undefined,
      ["the clock of web-1 is 12 minutes ahead of this machine's"],
    ])
  })

  it("an owner whom nobody brings, and guesses who was meant", async () => {
    const plan = await planOn(shell.machine, [text("f", "x", { owner: "deamon", group: "root" })])
    expect(problem(plan)).toBe('FC_OWNER_UNKNOWN f needs the user "deamon", which is not there')
    expect(plan.problem?.remedy).toBe('did you mean "daemon"?')
    expect(plan.roundTrips).toBe(2)
  })

  it("an owner whom an earlier resource brings: nothing", async () => {
    const plan = await planOn(shell.machine, [
      group("fc-some"),
      user("fc-one", { system: true }),
      text("f", "x", { owner: "fc-one", group: "fc-some" }),
    ])
    expect([plan.problem, plan.notes, plan.roundTrips]).toEqual([undefined, [], 1])
  })

  it("an owner whom a package may bring: a note", async () => {
    await shell.program("dpkg-query", "exit 1")
    const plan = await planOn(shell.machine, [pkg("nginx"), text("f", "x", { owner: "fc-www", group: "root" })])
    expect(plan.problem).toBeUndefined()
    expect(plan.notes).toEqual([expect.stringContaining("a package (nginx) before it has to bring it")])
  })

  it("a unit that a package or a file will bring: a step, and no problem", async () => {
    await shell.program("dpkg-query", "exit 1")
    const plan = await planOn(shell.machine, [pkg("nginx"), service("nginx")])
    expect([plan.problem, plan.notes]).toEqual([undefined, []])
    expect(plan.steps.map((step) => step.do)).toEqual(["install-packages", "enable-unit", "start-unit"])
  })

  it("a directory that a package will bring: made only if it did not", async () => {
    await shell.program("dpkg-query", "exit 1")
    const plan = await planOn(shell.machine, [pkg("nginx"), text("nginx/conf")])
    expect(plan.problem).toBeUndefined()
    expect(plan.steps[1]).toMatchObject({ do: "make-directory", path: at("nginx"), ifMissing: true })
  })

  it.each<readonly [string, () => Promise<unknown>, () => readonly Resource[], string]>([
    [
      "a file where a directory is needed",
      () => writeFile(at("a"), ""),
      () => [text("a/c/b")],
      "a/c/b needs a directory at a, where a file stands",
    ],
    [
      "a directory where a file should be",
      () => mkdir(at("a")),
      () => [text("a")],
      "a directory stands at a, where a file should be",
    ],
    [
      "a directory where a link should be",
      () => mkdir(at("a")),
      () => [link(at("a"), { target: "b" })],
      "a directory stands at a, where a link should be",
    ],
  ])("%s", async (_, prepare, resources, message) => {
    await prepare()
    const plan = await planOn(shell.machine, resources())
    expect(problem(plan)?.replaceAll(shell.root, "").replaceAll("/a,", "a,")).toBe(`FC_PATH_CONFLICT ${message}`)
  })

  it("a directory that makes room for a file, where it holds nothing else", async () => {
    await applyOn(shell.machine, [directory(at("a"), me), text("a/one")])
    expect((await planOn(shell.machine, [text("a")])).problem).toBeUndefined()
    await writeFile(at("a/mine"), "")
    expect(problem(await planOn(shell.machine, [text("a")]))).toContain("FC_PATH_CONFLICT")
  })

  it("what is described below a link that leaves: it was seen through the link", async () => {
    await mkdir(at("real"))
    await applyOn(shell.machine, [link(at("way"), { target: "real" })])
    await writeFile(at("real/x"), "x")
    const plan = await planOn(shell.machine, [text("way/x")])
    expect(problem(plan)?.replaceAll(shell.root, "")).toBe(
      "FC_PATH_CONFLICT way/x lies below way, a link that is no longer described",
    )
    const both = [link(at("way"), { target: "real" }), text("way/x")]
    expect((await planOn(shell.machine, both)).problem).toBeUndefined()
  })

  it("what leaves the description, in the round trip that looks at it", async () => {
    await applyOn(shell.machine, [text("a/b/one"), text("two")])
    const plan = await planOn(shell.machine, [])
    expect([plan.problem, plan.steps.length > 0, plan.roundTrips]).toEqual([undefined, true, 2])
  })

  it("several things at once: the first, with the others as its details", async () => {
    await mkdir(at("a"))
    const plan = await planOn(shell.machine, [text("a", "x", { owner: "fc-none" })])
    expect(plan.problem?.code).toBe("FC_PATH_CONFLICT")
    expect(plan.problem?.details).toEqual([expect.stringContaining("FC_OWNER_UNKNOWN: ")])
  })
})
