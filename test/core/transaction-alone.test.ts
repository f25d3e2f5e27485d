import { readdir, readFile, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { afterEach, beforeEach, describe, expect, it } from "vitest"
import type { Machine, Step } from "../../src/contract/index.ts"
import { settle } from "../../src/core/transaction/settle.ts"
import { transact } from "../../src/core/transaction/transaction.ts"
import { planOn } from "../support/apply.ts"
import { caught } from "../support/catch.ts"
import type { ShellMachine } from "../support/shell-machine.ts"
import { listTree } from "../support/tree.ts"
import {
  diesBefore,
  dyingController,
  killTransaction,
  openUsedMachine,
  readHome,
  releaseOn,
  stateOf,
  tenSteps,
  want,
} from "./transaction-fixture.ts"

let shell: ShellMachine
let old: readonly string[]
let began: string

beforeEach(async () => {
  ;({ shell, old } = await openUsedMachine())
  began = `${shell.root}.began`
})
afterEach(() => shell.dispose())

/** A command that takes its time, and leaves a word when it begins. */
const slow = (seconds: number): Step => ({
  do: "run-command",
  argv: ["sh", "-c", 'echo yes > "$1"; sleep "$2"', "sh", began, String(seconds)],
  undo: ["true"],
})
const hasBegun = () => expect.poll(() => readFile(began, "utf8").catch(() => ""), { timeout: 10_000 }).toBe("yes\n")
const stepsWith = (step: Step): readonly Step[] => tenSteps(shell.root).toSpliced(6, 0, step)
const status = () => readHome(shell, "txn/t2/status")
const pid = async (): Promise<number> => Number(await readHome(shell, "txn/t2/pid"))

/** Starts a transaction under a controller that then dies, and waits until the slow step is under way. */
const abandon = async (steps: readonly Step[]): Promise<void> => {
  await expect(transact(dyingController(shell.machine), want("t2", steps))).rejects.toThrow("the controller died")
  await hasBegun()
}

const contacts: readonly (readonly [string, (machine: Machine) => Promise<unknown>])[] = [
  ["settling", settle],
  ["planning", (machine) => planOn(machine, [])],
]

describe("a machine without its controller", () => {
  it("undoes what nobody confirms", async () => {
    const applied = await transact(shell.machine, want("t2", tenSteps(shell.root), { confirmMs: 1_000 }))
    expect(await listTree(shell.root)).not.toEqual(old)
    await expect.poll(status, { timeout: 10_000 }).toBe("undone")
    expect([await listTree(shell.root), await releaseOn(shell)]).toEqual([old, 1])
    const error = await caught(() => applied.confirm(stateOf(2)))
    expect([error.code, error.message]).toEqual([
      "FC_UNCONFIRMED",
      "no word came from the controller in time; the machine is back where it was",
    ])
    expect([await listTree(shell.root), await releaseOn(shell)]).toEqual([old, 1])
  })

  it("does not mind a connection that is lost", async () => {
    const { stdout } = await shell.machine.sh("echo $$")
    const begun: number[] = []
    const applied = await transact(
      shell.machine,
      want("t2", [...stepsWith(slow(0.5))], {
        onStep: (number) => {
          begun.push(number)
          if (number === 7) process.kill(Number(stdout.toString()), "SIGKILL")
        },
      }),
    )
    expect(begun).toEqual(Array.from({ length: 11 }, (_, index) => index + 1))
    await applied.confirm(stateOf(2))
    expect(await releaseOn(shell)).toBe(2)
  })

  it.each(contacts)("that was killed in a step is brought back by %s", async (_, contact) => {
    await abandon(stepsWith(slow(60)))
    expect(await status()).toBe("running")
    await killTransaction(shell)
    await contact(shell.connect())
    expect([await listTree(shell.root), await releaseOn(shell), await status()]).toEqual([old, 1, "undone"])
  })

  it("is brought back when only the head of the transaction was killed, once its step has ended", async () => {
    await abandon(stepsWith(slow(1)))
    process.kill(await pid(), "SIGKILL")
    await settle(shell.connect())
    expect([await listTree(shell.root), await releaseOn(shell), await status()]).toEqual([old, 1, "undone"])
  })

  it("is told to undo by the one who settles, instead of waiting for its deadline", async () => {
    await abandon(stepsWith(slow(0)))
    await expect.poll(status, { timeout: 10_000 }).toBe("applied")
    await settle(shell.connect())
    expect([await listTree(shell.root), await releaseOn(shell), await status()]).toEqual([old, 1, "undone"])
  })

  it("tells a controller that reads on that it was killed", async () => {
    const applying = caught(() => transact(shell.machine, want("t2", stepsWith(slow(60)))))
    await hasBegun()
    process.kill(-(await pid()), "SIGKILL")
    expect((await applying).code).toBe("FC_STEP_FAILED")
    expect([await listTree(shell.root), await status()]).toEqual([old, "undone"])
  })

  it("finishes forward what was committed but not yet in force", async () => {
    await abandon(stepsWith(slow(0)))
    await expect.poll(status, { timeout: 10_000 }).toBe("applied")
    await killTransaction(shell)
    const after = await listTree(shell.root)
    await writeFile(join(shell.home, "txn/t2/next.json"), JSON.stringify(stateOf(2)))
    await writeFile(join(shell.home, "txn/t2/journal"), "commit\n", { flag: "a" })
    expect((await planOn(shell.connect(), [])).from).toBe(2)
    expect([await listTree(shell.root), await status()]).toEqual([after, "committed"])
  })

  it.each(contacts)("is left alone by %s when it is at rest", async (_, contact) => {
    await (await transact(shell.machine, want("t2", tenSteps(shell.root)))).confirm(stateOf(2))
    const after = await listTree(shell.root)
    await contact(shell.connect())
    expect([await listTree(shell.root), await releaseOn(shell), await status()]).toEqual([after, 2, "committed"])
  })

  it("is rid of what was sent but never begun, once someone settles", async () => {
    const dead = diesBefore(shell.machine, "\nsetsid")
    await expect(transact(dead, want("t2", tenSteps(shell.root)))).rejects.toThrow("died")
    await settle(shell.connect())
    expect([await listTree(shell.root), await readdir(join(shell.home, "txn"))]).toEqual([old, []])
  })
})

describe("two controllers", () => {
  it("do not work at a time: the second is told who the first is", async () => {
    const first = transact(shell.machine, want("t2", stepsWith(slow(1))))
    await hasBegun()
    const second = want("t3", tenSteps(shell.root), { holder: "bob" })
    const error = await caught(() => transact(shell.connect(), second))
    expect([error.code, error.at, error.message]).toEqual([
      "FC_MACHINE_LOCKED",
      "web-1",
      "another run is changing web-1: ada on laptop (process 12) since noon",
    ])
    expect(await readdir(join(shell.home, "txn"))).toEqual(["t2"])
    await (await first).confirm(stateOf(2))
    expect(await releaseOn(shell)).toBe(2)
    await (await transact(shell.connect(), want("t4", []))).confirm(stateOf(4))
    expect(await releaseOn(shell)).toBe(4)
  })

  it("do not work at a time while the first has yet to confirm", async () => {
    const applied = await transact(shell.machine, want("t2", tenSteps(shell.root)))
    expect((await caught(() => transact(shell.connect(), want("t3", [])))).code).toBe("FC_MACHINE_LOCKED")
    await applied.abort()
    expect(await listTree(shell.root)).toEqual(old)
  })

  it("may look while the other sends, works and waits", async () => {
    const other = shell.connect()
    const watched: Machine = {
      ...shell.machine,
      sh: async (script, options) => {
        if (script.includes("setsid")) await planOn(other, [])
        return shell.machine.sh(script, options)
      },
    }
    const applying = transact(watched, want("t2", stepsWith(slow(0.5))))
    await hasBegun()
    expect((await planOn(other, [])).from).toBe(1)
    const applied = await applying
    expect((await planOn(other, [])).from).toBe(1)
    await applied.confirm(stateOf(2))
    expect((await planOn(other, [])).from).toBe(2)
  })

  it("leave the lock to nobody: what a step starts and leaves running does not hold it", async () => {
    const daemon: Step = {
      do: "run-command",
      argv: ["sh", "-c", "sleep 5 >/dev/null 2>&1 & echo $! > $0", began],
      undo: ["true"],
    }
    await (await transact(shell.machine, want("t2", [daemon]))).confirm(stateOf(2))
    await (await transact(shell.connect(), want("t3", []))).confirm(stateOf(3))
    process.kill(Number(await readFile(began, "utf8")), "SIGKILL")
    expect(await releaseOn(shell)).toBe(3)
  })
})
