import { mkdir, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { afterEach, beforeEach, describe, expect, it } from "vitest"
import type { Resource } from "../../src/contract/index.ts"
import { openEyes } from "../../src/core/eyes/eyes.ts"
import { undoTransaction } from "../../src/core/transaction/transaction.ts"
import { directory, file } from "../../src/resources/index.ts"
import { applyOn, me, planOn } from "../support/apply.ts"
import { openShellMachine, type ShellMachine } from "../support/shell-machine.ts"
import { listTree, plant } from "../support/tree.ts"

let shell: ShellMachine
const at = (name: string): string => join(shell.root, name)
const text = (name: string, content: string): Resource => file(at(name), { content, ...me })
const whole = (name: string): Resource => directory(at(name), { purge: true, ...me })

beforeEach(async () => {
  shell = await openShellMachine("web-1")
})
afterEach(() => shell.dispose())

describe("the eyes' tree", () => {
  it("is all below a directory, by any name, and follows no link", async () => {
    await mkdir(at("d/a b/c"), { recursive: true })
    await mkdir(at("other"))
    for (const name of ["d/it's", "d/line\nbreak", "d/-rf", "d/a b/c/$(id)", "other/f"]) await writeFile(at(name), "")
    await symlink("../other", at("d/link"))
    const { eyes, rounds } = openEyes(shell.machine)
    const [tree, inner, none, plain] = await Promise.all(
      ["d", "d/a b", "gone", "d/it's"].map((name) => eyes.tree(at(name))),
    )
    expect(rounds()).toBe(1)
    expect(tree?.map(({ path, kind, elsewhere }) => [path.slice(at("d/").length), kind, elsewhere])).toEqual(
      [
        ["-rf", "file", false],
        ["a b", "directory", false],
        ["a b/c", "directory", false],
        ["a b/c/$(id)", "file", false],
        ["it's", "file", false],
        ["line\nbreak", "file", false],
        ["link", "link", false],
      ].toSorted(([a], [b]) => (String(a) < String(b) ? -1 : 1)),
    )
    expect(inner?.map(({ path }) => path)).toEqual([at("d/a b/c"), at("d/a b/c/$(id)")])
    expect([none, plain]).toEqual([[], []])
  })

  it("does not go down into another file system, and tells it", async () => {
    const { eyes } = openEyes(shell.machine)
    const tree = await eyes.tree("/dev")
    expect(tree.find(({ path }) => path === "/dev/shm")).toMatchObject({ elsewhere: true })
    expect(tree.filter(({ path }) => path.startsWith("/dev/shm/"))).toEqual([])
  })
})

describe("a directory that is purged", () => {
  it("is what was described, and then at rest, in one round trip", async () => {
    await plant(shell.root, {
      d: null,
      "d/stray": "x",
      "d/sub": { mode: 0o700 },
      "d/sub/deep": "y",
      "d/link": "-> ../elsewhere",
      elsewhere: null,
      "elsewhere/f": "stays",
    })
    const resources = [whole("d"), text("d/f", "1"), text("d/in/g", "2")]
    const plan = await applyOn(shell.machine, resources)
    expect(plan.differences[0]?.changes.filter(({ property }) => property === "purge").map(({ from }) => from)).toEqual(
      ["d/sub/deep", "d/link", "d/stray", "d/sub"].map(at),
    )
    expect((await readdir(shell.root, { recursive: true })).toSorted()).toEqual(
      ["d", "d/f", "d/in", "d/in/g", "elsewhere", "elsewhere/f"].toSorted(),
    )
    const rest = await planOn(shell.machine, resources)
    expect([rest.steps, rest.roundTrips]).toEqual([[], 1])
    await writeFile(at("d/again"), "")
    const [difference] = (await planOn(shell.machine, resources)).differences
    expect(difference).toMatchObject({ cause: "drift", changes: [{ property: "purge", from: at("d/again") }] })
  })

  it("comes back exactly when it is undone", async () => {
    await plant(shell.root, {
      d: { mode: 0o751 },
      "d/stray": { mode: 0o4711, content: "x" },
      "d/sub": { mode: 0o2700 },
      "d/sub/deep": { mode: 0o600, content: "y" },
      "d/sub/empty": { mode: 0o1777 },
      "d/link": "-> nowhere",
      "d/line\nbreak": "z",
    })
    const before = await listTree(shell.root)
    await applyOn(shell.machine, [whole("d"), text("d/sub/f", "1")])
    const { transaction } = JSON.parse(await readFile(join(shell.home, "current.json"), "utf8"))
    await undoTransaction(shell.machine, transaction)
    expect(await listTree(shell.root)).toEqual(before)
  })

  it("loses what left the description once, whether or not Fireclay had made it", async () => {
    await mkdir(at("d"))
    await writeFile(at("d/mine"), "mine")
    await applyOn(shell.machine, [
      directory(at("d"), me),
      text("d/mine", "1"),
      text("d/made", "1"),
      text("d/in/g", "1"),
    ])
    const plan = await applyOn(shell.machine, [whole("d")], 2)
    const removed = plan.steps.flatMap((step) => (step.do === "remove-path" ? [step.path] : []))
    expect([...new Set(removed)].toSorted()).toEqual(["d/in", "d/in/g", "d/made", "d/mine"].map(at))
    expect(await readdir(shell.root, { recursive: true })).toEqual(["d"])
    expect((await planOn(shell.machine, [whole("d")])).steps).toEqual([])
  })

  it("may lie in another one", async () => {
    await mkdir(at("d/in/deep"), { recursive: true })
    for (const name of ["d/f", "d/in/g", "d/in/deep/h"]) await writeFile(at(name), "")
    await applyOn(shell.machine, [whole("d"), whole("d/in")])
    expect(await readdir(shell.root, { recursive: true })).toEqual(["d", "d/in"])
    await rm(at("d/in"), { recursive: true })
    expect((await planOn(shell.machine, [whole("d"), whole("d/in")])).differences).toMatchObject([{ action: "create" }])
  })
})
