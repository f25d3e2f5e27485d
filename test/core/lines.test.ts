import { chmod, readFile, rm, stat, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { afterEach, beforeEach, describe, expect, it } from "vitest"
import type { Resource } from "../../src/contract/index.ts"
import { undoTransaction } from "../../src/core/transaction/transaction.ts"
import { file, line } from "../../src/resources/index.ts"
import { spec } from "../../src/spec/index.ts"
import { applyOn, planOn } from "../support/apply.ts"
import { caught } from "../support/catch.ts"
import { openShellMachine, type ShellMachine } from "../support/shell-machine.ts"
import { listTree } from "../support/tree.ts"

let shell: ShellMachine
let hosts: string
const entry = (text: string): Resource => line(hosts, { line: text })
const text = (): Promise<string> => readFile(hosts, "utf8")

beforeEach(async () => {
  shell = await openShellMachine("web-1")
  hosts = join(shell.root, "hosts")
  await writeFile(hosts, "127.0.0.1 localhost\n")
  await chmod(hosts, 0o640)
})
afterEach(() => shell.dispose())

describe("lines of one file", () => {
  it("make one change, and none when they are there", async () => {
    const before = await listTree(shell.root)
    const wanted = ["10.0.0.1 a", "10.0.0.2 b", "10.0.0.3 c"].map(entry)
    const plan = await applyOn(shell.machine, wanted)
    expect([plan.differences.length, plan.steps.map((step) => step.do)]).toEqual([3, ["write-file"]])
    expect(await text()).toBe("127.0.0.1 localhost\n10.0.0.1 a\n10.0.0.2 b\n10.0.0.3 c\n")
    expect((await stat(hosts)).mode & 0o777).toBe(0o640)
    expect((await planOn(shell.machine, wanted)).steps).toEqual([])
    const { transaction } = JSON.parse(await readFile(join(shell.home, "current.json"), "utf8"))
    await undoTransaction(shell.machine, transaction)
    expect(await listTree(shell.root)).toEqual(before)
  })

  it("leave with the description that added them, and only those", async () => {
    await writeFile(hosts, "mine\n10.0.0.2 b\n")
    await applyOn(shell.machine, ["10.0.0.1 a", "10.0.0.2 b", "10.0.0.3 c"].map(entry))
    await applyOn(shell.machine, [entry("10.0.0.3 c"), entry("10.0.0.4 d")], 2)
    expect(await text()).toBe("mine\n10.0.0.2 b\n10.0.0.3 c\n10.0.0.4 d\n")
    await applyOn(shell.machine, [], 3)
    expect(await text()).toBe("mine\n10.0.0.2 b\n")
  })

  it("are drift when somebody took them away, each for itself", async () => {
    const wanted = ["10.0.0.1 a", "10.0.0.2 b"].map(entry)
    await applyOn(shell.machine, wanted)
    await writeFile(hosts, "10.0.0.2 b\n")
    const plan = await planOn(shell.machine, [...wanted, entry("10.0.0.3 c")])
    expect(plan.differences.map(({ changes }) => changes.map(({ to, cause }) => `${to}: ${cause}`))).toEqual([
      ["10.0.0.1 a: drift"],
      ["10.0.0.3 c: intent"],
    ])
  })

  it("go with a file that is gone", async () => {
    await applyOn(shell.machine, [entry("10.0.0.1 a")])
    await rm(hosts)
    expect((await planOn(shell.machine, [])).steps).toEqual([])
  })

  it("are not for a file that is described whole: FC_SPEC_DUPLICATE", async () => {
    const resources = [file("/etc/hosts", { content: "" }), line("/etc/hosts", { line: "a" })]
    const error = await caught(async () => spec("web", { resources }))
    expect([error.code, error.at]).toEqual(["FC_SPEC_DUPLICATE", "specs.web.resources[1]"])
  })
})
