import { execFileSync } from "node:child_process"
import { createHash } from "node:crypto"
import { cp, mkdir, readFile, rm, writeFile } from "node:fs/promises"
import { dirname, join } from "node:path"
import { afterEach, beforeEach, describe, expect, it } from "vitest"
import type { Step } from "../../src/contract/index.ts"
import { readMachineState } from "../../src/core/machine-state.ts"
import { transact, undoTransaction } from "../../src/core/transaction/transaction.ts"
import { me } from "../support/apply.ts"
import { caught } from "../support/catch.ts"
import { openShellMachine, type ShellMachine } from "../support/shell-machine.ts"
import { listTree, plant } from "../support/tree.ts"
import { before, bytes as few, readHome, releaseOn, stateOf, tenSteps, want } from "./transaction-fixture.ts"

let shell: ShellMachine
let disk: string
let old: readonly string[]

/** A machine whose disk holds four megabytes. */
beforeEach(async () => {
  shell = await openShellMachine("web-1")
  disk = dirname(shell.root)
  await cp(join(disk, "programs"), `${disk}.programs`, { recursive: true })
  execFileSync("mount", ["-t", "tmpfs", "-o", "size=4m", "tmpfs", disk])
  await cp(`${disk}.programs`, join(disk, "programs"), { recursive: true })
  await Promise.all([mkdir(shell.root), mkdir(shell.home)])
  await writeFile(join(shell.home, "current.json"), JSON.stringify(stateOf(1)))
  await plant(shell.root, before)
  old = await listTree(shell.root)
})
afterEach(async () => {
  await shell.machine.close()
  execFileSync("umount", ["-l", disk])
  await rm(`${disk}.programs`, { recursive: true })
  await shell.dispose()
})

const big = Buffer.alloc(100_000, "big\n")
const sha256 = createHash("sha256").update(big).digest("hex")
const bytes = new Map([...few, [sha256, big]])
const bigFile = (name: string): Step => ({
  do: "write-file",
  path: join(shell.root, name),
  content: { sha256, size: big.length },
  mode: 0o644,
  ...me,
})

/** Takes all that is left, to the last byte. */
const fill = (): string => `head -c 9000000 /dev/zero > ${disk}/fill; head -c 9000 /dev/zero > ${disk}/rest; true`
const filling = (): Step => ({ do: "run-command", argv: ["sh", "-c", `${fill()}`], undo: ["true"] })

describe("a disk that is full", () => {
  it("before the start: nothing is begun", async () => {
    execFileSync("sh", ["-c", fill()], { stdio: "ignore" })
    const error = await caught(() => transact(shell.machine, want("t2", tenSteps(shell.root))))
    expect([error.code, error.at]).toEqual(["FC_MACHINE_COMMAND", "web-1"])
    expect([await listTree(shell.root), await releaseOn(shell), await readHome(shell, "txn/t2/status")]).toEqual([
      old,
      1,
      undefined,
    ])
  })

  it("before there is room for the way back: nothing is begun either", async () => {
    execFileSync("sh", ["-c", `head -c 3500000 /dev/zero > ${disk}/fill`])
    const error = await caught(() => transact(shell.machine, want("t2", tenSteps(shell.root))))
    expect([error.code, error.message]).toEqual([
      "FC_MACHINE_COMMAND",
      "the machine could not prepare the way back; the machine is back where it was",
    ])
    expect([await listTree(shell.root), await releaseOn(shell)]).toEqual([old, 1])
    await rm(join(disk, "fill"))
    await (await transact(shell.machine, want("t3", tenSteps(shell.root)))).confirm(stateOf(3))
  })

  it("half-way: all that was done is taken back, on the full disk", async () => {
    const steps = [
      ...tenSteps(shell.root),
      bigFile("etc/keep"),
      filling(),
      bigFile("srv/full/inside"),
      bigFile("etc/new"),
    ]
    const error = await caught(() => transact(shell.machine, want("t2", steps, { bytes })))
    expect([error.code, error.message]).toEqual([
      "FC_STEP_FAILED",
      expect.stringMatching(/^step 1[34] of 14 failed.*back where it was$/),
    ])
    expect(error.details.join("\n")).toContain("no room is left on the disk that holds /")
    expect([await listTree(shell.root), await releaseOn(shell), await readHome(shell, "txn/t2/status")]).toEqual([
      old,
      1,
      "undone",
    ])
  })

  it("half-way, where files had to be copied", async () => {
    await writeFile(join(disk, "programs/ln"), `#!/bin/sh\ncase "$*" in -P*) exit 1;; *) exec /bin/ln "$@";; esac\n`, {
      mode: 0o755,
    })
    const steps = [...tenSteps(shell.root), bigFile("etc/keep"), filling(), bigFile("etc/new")]
    const error = await caught(() => transact(shell.machine, want("t2", steps, { bytes })))
    expect(error.code).toBe("FC_STEP_FAILED")
    expect([await listTree(shell.root), await releaseOn(shell), await readHome(shell, "txn/t2/status")]).toEqual([
      old,
      1,
      "undone",
    ])
  })

  it("when the word comes: it cannot be kept, and everything is taken back", async () => {
    const applied = await transact(shell.machine, want("t2", tenSteps(shell.root)))
    execFileSync("sh", ["-c", fill()], { stdio: "ignore" })
    const error = await caught(() => applied.confirm(stateOf(2)))
    expect([error.code, error.message]).toEqual([
      "FC_UNCONFIRMED",
      expect.stringContaining("could not keep the controller's word"),
    ])
    expect([await listTree(shell.root), await releaseOn(shell), await readHome(shell, "txn/t2/status")]).toEqual([
      old,
      1,
      "undone",
    ])
  })

  it("and goes on being filled: what there was no room for is undone at the next contact that finds some", async () => {
    const greedy = `while :; do head -c 9000000 /dev/zero >> ${disk}/fill; sleep 0.01; done 2>/dev/null`
    const steps: readonly Step[] = [
      ...tenSteps(shell.root),
      { do: "run-command", argv: ["true"], undo: ["sh", "-c", `sleep 0.5; head -c 9000 /dev/zero > ${disk}/note`] },
      {
        do: "run-command",
        argv: ["sh", "-c", `${greedy} & echo $! > ${disk}/greedy; sleep 0.5; false`],
        undo: ["true"],
      },
    ]
    const error = await caught(() => transact(shell.machine, want("t2", steps)))
    expect([error.code, error.message, error.remedy]).toEqual([
      "FC_MACHINE_BROKEN",
      expect.stringMatching(/^web-1 is not back yet: .*, for want of room$/),
      expect.stringContaining("make room"),
    ])
    process.kill(Number(await readFile(join(disk, "greedy"), "utf8")), "SIGKILL")
    await rm(join(disk, "fill"))
    const locked = await caught(() => transact(shell.connect(), want("t3", [])))
    expect([locked.code, locked.message]).toEqual([
      "FC_MACHINE_LOCKED",
      expect.stringContaining("an undo that has not come to its end"),
    ])
    await readMachineState(shell.connect())
    expect([await listTree(shell.root), await releaseOn(shell), await readHome(shell, "txn/t2/status")]).toEqual([
      old,
      1,
      "undone",
    ])
  })

  it("long after: a release is still taken back", async () => {
    await (
      await transact(shell.machine, want("t2", [...tenSteps(shell.root), bigFile("etc/keep")], { bytes }))
    ).confirm(stateOf(2))
    execFileSync("sh", ["-c", fill()], { stdio: "ignore" })
    await undoTransaction(shell.machine, "t2")
    expect([await listTree(shell.root), await releaseOn(shell)]).toEqual([old, 1])
  })
})
