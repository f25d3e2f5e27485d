import { mkdir, readFile, rm, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { settle } from "../../src/core/transaction/settle.ts"
import { transact, undoTransaction } from "../../src/core/transaction/transaction.ts"
import { caught } from "../support/catch.ts"
import { openShellMachine, type ShellMachine } from "../support/shell-machine.ts"
import { listTree, plant } from "../support/tree.ts"
import { before, failing, readHome, releaseOn, stateOf, tenSteps, want } from "./transaction-fixture.ts"

let shell: ShellMachine

/**
 * Everything that must be on disk before something else passes through `sync`: killed there, at each in turn, a
 * transaction has seen every state that a crash can leave. The kill takes the whole group, as a power cut would.
 */
const killingSync = (count: string, kill: string): string => `
  case "$*" in *next.json) exit 0;; esac
  echo . >> ${count}
  if [ "$(wc -l < ${count})" -eq "$(cat ${kill})" ]; then kill -9 0; fi
  exit 0`

const fresh = async (killAt: number): Promise<readonly string[]> => {
  await Promise.all(
    [shell.root, shell.home, `${shell.root}.log`].map((path) => rm(path, { recursive: true, force: true })),
  )
  await Promise.all([mkdir(shell.root), mkdir(shell.home)])
  await writeFile(join(shell.home, "current.json"), JSON.stringify(stateOf(1)))
  await plant(shell.root, before)
  await arm(killAt)
  return listTree(shell.root)
}

const arm = async (killAt: number): Promise<void> => {
  await writeFile(`${shell.root}.count`, "")
  await writeFile(`${shell.root}.kill`, String(killAt))
}
const syncs = async (): Promise<number> => (await readFile(`${shell.root}.count`, "utf8")).length / 2

beforeAll(async () => {
  shell = await openShellMachine("web-1")
  await shell.program("sync", killingSync(`${shell.root}.count`, `${shell.root}.kill`))
})
afterAll(() => shell.dispose())

const steps = () => tenSteps(shell.root).filter((_, index) => [0, 1, 2, 5].includes(index))

/** What a whole run does, up to its end or its death. */
const runs = {
  "that would be confirmed": async () => (await transact(shell.machine, want("t2", steps()))).confirm(stateOf(2)),
  "that would be aborted": async () => (await transact(shell.machine, want("t2", steps()))).abort(),
  "whose last step fails": async () => {
    await caught(() => transact(shell.machine, want("t2", [...steps(), failing])))
  },
} as const

/** Runs it once with each flush as the last thing that happens, and looks at what the next contact makes of it. */
const killEverywhere = async (
  once: () => Promise<unknown>,
  check: (killAt: number, old: readonly string[]) => Promise<void>,
) => {
  for (let killAt = 1; ; killAt += 1) {
    const old = await fresh(killAt)
    await once().catch(() => undefined)
    const total = await syncs()
    await arm(0)
    await settle(shell.machine)
    await check(killAt, old)
    if (total < killAt) return killAt - 1
  }
}

describe("a machine that dies in a transaction", () => {
  let after: readonly string[] = []
  beforeAll(async () => {
    await fresh(0)
    await runs["that would be confirmed"]()
    after = await listTree(shell.root, { times: false })
  })

  it.each(Object.entries(runs))(
    "%s is at the new release or at the old one, wherever it dies",
    async (_, once) => {
      const seen = new Set<number | undefined>()
      const places = await killEverywhere(once, async (killAt, old) => {
        const release = await releaseOn(shell)
        seen.add(release)
        const status = await readHome(shell, "txn/t2/status")
        if (release === 2) {
          expect([killAt, await listTree(shell.root, { times: false }), status]).toEqual([killAt, after, "committed"])
        } else {
          expect([killAt, release, await listTree(shell.root)]).toEqual([killAt, 1, old])
          expect([undefined, "undone"]).toContain(status)
        }
      })
      expect(places).toBeGreaterThan(20)
      expect(seen).toEqual(new Set(once === runs["that would be confirmed"] ? [1, 2] : [1]))
    },
    180_000,
  )

  it("and then in going back to the release before: it goes all the way back", async () => {
    let old: readonly string[] = []
    for (let killAt = 1; ; killAt += 1) {
      old = await fresh(0)
      await runs["that would be confirmed"]()
      await arm(killAt)
      await undoTransaction(shell.machine, "t2").catch(() => undefined)
      const total = await syncs()
      await arm(0)
      await settle(shell.machine)
      const begun = (await readHome(shell, "txn/t2/status")) !== "committed"
      expect([killAt, await releaseOn(shell), await listTree(shell.root, { times: !!begun })]).toEqual(
        begun ? [killAt, 1, old] : [killAt, 2, after],
      )
      expect(begun || killAt <= 1).toBe(true)
      if (total < killAt) break
    }
  }, 180_000)
})

describe("what a step displaces", () => {
  it("is on disk before the step is begun, to the last byte", async () => {
    const log = `${shell.root}.synced`
    await rm(log, { force: true })
    await fresh(0)
    await shell.program("sync", `for path; do printf '%s\\n' "$path" >> ${log}; done`)
    await runs["that would be confirmed"]()
    const synced = (await readFile(log, "utf8")).split("\n").map((path) => path.replace(`${shell.home}/txn/t2/`, ""))
    const journaled = synced.flatMap((path, index) => (path === "journal" ? [index] : []))
    /** How many words of the journal were on disk before it. */
    const after = (name: string): number | undefined => {
      const at = synced.indexOf(name)
      return at < 0 ? undefined : journaled.filter((index) => index < at).length
    }
    expect(["undo", "library.sh", "before/current.json", "before/1/absent"].map(after)).toEqual([0, 0, 0, 0])
    // Steps 1 and 2 had journaled their beginning and their end.
    expect(["before/3/was", "before/3/time"].map(after)).toEqual([4, 4])
  })
})
