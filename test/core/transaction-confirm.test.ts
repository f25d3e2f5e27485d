import { afterEach, beforeEach, describe, expect, it } from "vitest"
import { FireclayError, type Machine, type Step } from "../../src/contract/index.ts"
import { transact } from "../../src/core/transaction/transaction.ts"
import { caught } from "../support/catch.ts"
import type { ShellMachine } from "../support/shell-machine.ts"
import { listTree } from "../support/tree.ts"
import { openUsedMachine, readHome, releaseOn, stateOf, tenSteps, want } from "./transaction-fixture.ts"

let shell: ShellMachine
let old: readonly string[]

beforeEach(async () => {
  ;({ shell, old } = await openUsedMachine())
})
afterEach(() => shell.dispose())

/** Which a new connection is made after, unlike {@link harmless}. */
const steps = (): readonly Step[] => tenSteps(shell.root)
const harmless: readonly Step[] = [{ do: "reload-units" }]

/** A machine whose every connection but the first is under the control of a test. */
const watched = (open: () => Promise<void>): { readonly machine: Machine; readonly closes: () => number } => {
  let current = shell.machine
  let closes = 0
  const machine: Machine = {
    ...shell.machine,
    sh: async (script, options) => {
      if (closes > 0) await open()
      return current.sh(script, options)
    },
    close: async () => {
      closes += 1
      await current.close()
      current = shell.connect()
    },
  }
  return { machine, closes: () => closes }
}

const refused = async (): Promise<void> => {
  throw new FireclayError("FC_MACHINE_UNREACHABLE", "web-1:22 refused the connection")
}

describe("a change that could lock the controller out", () => {
  it("is confirmed over a new connection", async () => {
    const { machine, closes } = watched(async () => undefined)
    const applied = await transact(machine, want("t2", steps()))
    expect(closes()).toBe(0)
    await applied.reach()
    expect(closes()).toBe(1)
    await applied.confirm(stateOf(2))
    expect(await releaseOn(shell)).toBe(2)
  })

  it("is confirmed over the connection that there is, if it cannot", async () => {
    const { machine, closes } = watched(refused)
    const applied = await transact(machine, want("t2", harmless))
    await applied.reach()
    await applied.confirm(stateOf(2))
    expect([closes(), await releaseOn(shell)]).toEqual([0, 2])
  })

  it("is confirmed when the way in is only shut for a moment", async () => {
    let tries = 0
    const { machine } = watched(async () => {
      tries += 1
      if (tries < 3) await refused()
    })
    const applied = await transact(machine, want("t2", steps()))
    await applied.reach()
    await applied.confirm(stateOf(2))
    expect([tries > 3, await releaseOn(shell)]).toEqual([true, 2])
  })

  it("is undone by the machine itself when nobody comes in any more, and is seen to be", async () => {
    let shut = 0
    const { machine } = watched(async () => {
      if (performance.now() < shut || (await readHome(shell, "txn/t2/status")) !== "undone") await refused()
    })
    const applied = await transact(machine, want("t2", steps(), { confirmMs: 2_000 }))
    shut = performance.now() + 2_500
    const error = await caught(() => applied.reach())
    expect([error.code, error.at, error.message, error.details]).toEqual([
      "FC_UNCONFIRMED",
      "web-1",
      "after the change web-1 let nobody in in time; it undid the change by itself and is back where it was",
      ["web-1:22 refused the connection"],
    ])
    expect([await listTree(shell.root), await releaseOn(shell)]).toEqual([old, 1])
  })
})

describe("a word whose answer is lost", () => {
  /** Loses the connection once, when a script is sent or when it has been run. */
  const losing = (line: string, when: "before" | "after"): Machine => {
    let lost = false
    return {
      ...shell.machine,
      sh: async (script, options) => {
        if (lost || !script.includes(line)) return shell.machine.sh(script, options)
        lost = true
        if (when === "after") await shell.machine.sh(script, { ...options, onStdout: () => undefined })
        return Promise.reject(new FireclayError("FC_MACHINE_UNREACHABLE", "web-1 was lost"))
      },
    }
  }

  it.each(["before", "after"] as const)("is asked for: lost %s it arrived", async (when) => {
    const applied = await transact(losing("> confirm", when), want("t2", steps()))
    await applied.confirm(stateOf(2))
    expect([await releaseOn(shell), await readHome(shell, "txn/t2/status")]).toEqual([2, "committed"])
  })

  it("does not begin a transaction twice", async () => {
    const applied = await transact(losing("setsid", "after"), want("t2", steps()))
    await applied.confirm(stateOf(2))
    expect(await releaseOn(shell)).toBe(2)
  })

  it("does not begin one late either: nothing is done", async () => {
    const error = await caught(() => transact(losing("setsid", "before"), want("t2", steps())))
    expect([error.code, await listTree(shell.root)]).toEqual(["FC_MACHINE_UNREACHABLE", old])
  })
})
