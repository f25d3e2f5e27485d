import { readdir, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { afterEach, beforeEach, describe, expect, it } from "vitest"
import type { Epoch, Machine } from "../../src/contract/index.ts"
import { refuseStale } from "../../src/core/converge.ts"
import { settle } from "../../src/core/transaction/settle.ts"
import { transact, undoTransaction } from "../../src/core/transaction/transaction.ts"
import { file } from "../../src/resources/index.ts"
import { me, planOn } from "../support/apply.ts"
import { caught } from "../support/catch.ts"
import { openShellMachine, type ShellMachine } from "../support/shell-machine.ts"
import { listTree, plant } from "../support/tree.ts"
import {
  before,
  dyingController,
  killTransaction,
  readHome,
  releaseOn,
  stateOf,
  tenSteps,
  want,
} from "./transaction-fixture.ts"

let shell: ShellMachine
let old: readonly string[]

beforeEach(async () => {
  shell = await openShellMachine("web-1")
  await plant(shell.root, before)
  await (await transact(shell.machine, want("t1", []))).confirm(stateOf(1))
  old = await listTree(shell.root)
})
afterEach(() => shell.dispose())

const epochOf = (token: number, store = "aaaa"): Epoch => ({ store, fleet: "web", token })
const settler = (token: number, store = "aaaa") => ({ epoch: epochOf(token, store), holder: `controller ${token}` })
const steps = () => tenSteps(shell.root)
const under = (token: number, store?: string) => ({ epoch: epochOf(token, store), holder: `controller ${token}` })
const status = (id: string) => readHome(shell, `txn/${id}/status`)
const begin = (id: string, token: number, store?: string, machine: Machine = shell.machine) =>
  transact(machine, want(id, steps(), under(token, store)))

describe("a machine", () => {
  it("lets the newest controller work, again and again", async () => {
    await settle(shell.machine, settler(7))
    await (await begin("t2", 7)).confirm(stateOf(2))
    await (await begin("t3", 7)).abort()
    await settle(shell.machine, settler(8))
    await (await begin("t4", 8)).confirm(stateOf(4))
    expect(await releaseOn(shell)).toBe(4)
    expect(await readHome(shell, "fence/aaaa.web")).toBe("8\ncontroller 8")
  })

  it("refuses a controller that another has taken over from, and keeps nothing of what it sent", async () => {
    await settle(shell.machine, settler(8))
    const error = await caught(() => begin("t2", 7))
    expect([error.code, error.at]).toEqual(["FC_FENCED", "web-1"])
    expect(error.message).toBe("web-1 obeys a newer controller: controller 8 took over")
    expect([await listTree(shell.root), await releaseOn(shell)]).toEqual([old, 1])
    expect(await readdir(join(shell.home, "txn"))).toEqual(["t1"])
  })

  it("refuses its undo too", async () => {
    await (await begin("t2", 7)).confirm(stateOf(2))
    const after = await listTree(shell.root)
    await settle(shell.machine, settler(8))
    expect((await caught(() => undoTransaction(shell.machine, "t2", epochOf(7)))).code).toBe("FC_FENCED")
    expect([await listTree(shell.root), await releaseOn(shell), await status("t2")]).toEqual([after, 2, "committed"])
    await undoTransaction(shell.machine, "t2", epochOf(8))
    expect([await listTree(shell.root), await releaseOn(shell)]).toEqual([old, 1])
  })

  it("refuses its settling", async () => {
    await settle(shell.machine, settler(8))
    const applied = await begin("t2", 8)
    expect((await caught(() => settle(shell.connect(), settler(7)))).code).toBe("FC_FENCED")
    await applied.confirm(stateOf(2))
    expect(await releaseOn(shell)).toBe(2)
  })

  it("undoes what waits for its word, when another takes over", async () => {
    const applied = await begin("t2", 7)
    await settle(shell.connect(), settler(8))
    expect([await listTree(shell.root), await releaseOn(shell), await status("t2")]).toEqual([old, 1, "undone"])
    const error = await caught(() => applied.confirm(stateOf(2)))
    expect([error.code, error.message]).toEqual(["FC_FENCED", "web-1 obeys a newer controller: controller 8 took over"])
    expect([await listTree(shell.root), await releaseOn(shell)]).toEqual([old, 1])
  })

  it("says so also when the next one has taken the transaction away", async () => {
    const applied = await begin("t2", 7)
    await settle(shell.connect(), settler(8))
    await (await begin("t3", 8, undefined, shell.connect())).confirm(stateOf(3))
    const error = await caught(() => applied.abort())
    expect([error.code, await releaseOn(shell)]).toEqual(["FC_FENCED", 3])
  })

  it("undoes what is confirmed after another took over, had that one not time to say so", async () => {
    const applied = await begin("t2", 7)
    await writeFile(join(shell.home, "fence/aaaa.web"), "8\ncontroller 8\n")
    expect((await caught(() => applied.confirm(stateOf(2)))).code).toBe("FC_FENCED")
    expect([await listTree(shell.root), await releaseOn(shell), await status("t2")]).toEqual([old, 1, "undone"])
  })

  it("counts for each store and each fleet apart", async () => {
    await settle(shell.machine, settler(8))
    await (await begin("t2", 1, "bbbb")).confirm(stateOf(2))
    expect((await readdir(join(shell.home, "fence"))).toSorted()).toEqual(["aaaa.web", "bbbb.web"])
    expect(await releaseOn(shell)).toBe(2)
  })

  it("says so when it cannot keep the token", async () => {
    await writeFile(join(shell.home, "fence"), "in the way")
    const error = await caught(() => settle(shell.machine, settler(7)))
    expect([error.code, error.at]).toEqual(["FC_MACHINE_COMMAND", "web-1"])
    expect((await caught(() => begin("t2", 7))).code).toBe("FC_MACHINE_COMMAND")
    expect([await listTree(shell.root), await releaseOn(shell)]).toEqual([old, 1])
  })
})

describe("settling", () => {
  it("leaves a controller of another store at work, and says who it is", async () => {
    const applied = await begin("t2", 3, "bbbb")
    const error = await caught(() => settle(shell.connect(), settler(99)))
    expect([error.code, error.message]).toEqual(["FC_MACHINE_LOCKED", "another run is changing web-1: controller 3"])
    await applied.confirm(stateOf(2))
    expect(await releaseOn(shell)).toBe(2)
    await settle(shell.connect(), settler(99))
  })

  it("leaves what another store's is sending", async () => {
    const other = shell.connect()
    const slow: Machine = {
      ...shell.machine,
      sh: async (script, options) => {
        if (script.includes("setsid")) await settle(other, settler(99))
        return shell.machine.sh(script, options)
      },
    }
    await (await begin("t2", 3, "bbbb", slow)).confirm(stateOf(2))
    expect(await releaseOn(shell)).toBe(2)
  })

  it.each([
    ["the same store", "aaaa"],
    ["another store", "bbbb"],
  ])("undoes what a process of %s left when it died", async (_, store) => {
    await begin("t2", 3, store, dyingController(shell.machine)).catch(() => undefined)
    await expect.poll(() => status("t2"), { timeout: 10_000 }).toBe("applied")
    await killTransaction(shell)
    await settle(shell.connect(), settler(4))
    expect([await listTree(shell.root), await releaseOn(shell), await status("t2")]).toEqual([old, 1, "undone"])
  })
})

describe("a plan", () => {
  const changes: Readonly<Record<string, () => Promise<unknown>>> = {
    "another committed": async () => (await begin("t2", 3, "bbbb")).confirm(stateOf(2)),
    "another undid what it had done": async () => (await begin("t2", 3, "bbbb")).abort(),
    "the last release was taken back": () => undoTransaction(shell.machine, "t1"),
  }

  it.each(Object.entries(changes))("is stale once %s", async (_, change) => {
    const { turn } = await planOn(shell.machine, [])
    await change()
    const [tree, release] = [await listTree(shell.root), await releaseOn(shell)]
    const error = await caught(() => transact(shell.machine, want("t9", steps(), { ...under(9), turn })))
    expect([error.code, error.at]).toEqual(["FC_PLAN_STALE", "web-1"])
    expect([await listTree(shell.root), await releaseOn(shell)]).toEqual([tree, release])
    const { turn: now } = await planOn(shell.machine, [])
    await (await transact(shell.machine, want("t9", steps(), { ...under(9), turn: now }))).confirm(stateOf(9))
  })

  it("that falls into another's change is refused, and says whose", async () => {
    const resources = [file(join(shell.root, "etc/motd"), { content: "mine\n", ...me })]
    const { sight } = await planOn(shell.machine, resources)
    const applied = await begin("t2", 3, "bbbb")
    const other = shell.connect()
    const plan = await planOn(other, resources)
    const error = await caught(() => refuseStale(other, plan, sight))
    expect([error.code, error.message]).toEqual(["FC_MACHINE_LOCKED", "another run is changing web-1: controller 3"])
    await applied.abort()
    await refuseStale(other, await planOn(other, resources), sight)
  })

  it("made while another was at work is stale when that one has ended, whichever way", async () => {
    const applied = await begin("t2", 3, "bbbb")
    const { turn } = await planOn(shell.connect(), [])
    await applied.abort()
    const error = await caught(() => transact(shell.connect(), want("t9", steps(), { ...under(9), turn })))
    expect([error.code, error.message]).toEqual([
      "FC_PLAN_STALE",
      "web-1 changed after the plan was made; nothing was done to it. Last changed by controller 3",
    ])
  })
})
