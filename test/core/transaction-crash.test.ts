import { mkdir, readFile, rm, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import type { Step } from "../../src/contract/index.ts"
import { settle } from "../../src/core/transaction/settle.ts"
import { transact, undoTransaction } from "../../src/core/transaction/transaction.ts"
import { caught } from "../support/catch.ts"
import { openShellMachine, type ShellMachine } from "../support/shell-machine.ts"
import { listTree, plant } from "../support/tree.ts"
import { before, failing, readHome, releaseOn, stateOf, tenSteps, want } from "./transaction-fixture.ts"

let shell: ShellMachine

/**
 * What a transaction does passes through programs: killed at each in turn, before it does anything, it has seen every
 * state that a crash can leave. The kill takes the whole group, as a power cut would. Of several files to be moved at
 * once, the first is: a group of steps may be cut through.
 */
const programs = ["sync", "mv", "cp", "ln", "rm", "rmdir", "mkdir", "chown", "chmod", "touch", "xargs"]

const killing = (name: string, count: string, kill: string): string => `
  echo . >> ${count}
  if [ "$(wc -l < ${count})" -eq "$(cat ${kill})" ]; then
    case "${name} $*" in "mv -f -t "*) /bin/mv "$1" "$2" "$3" "$4" "$5";; esac
    kill -9 0
  fi
  ${name === "sync" ? "exit 0" : `exec /usr/bin/${name} "$@"`}`

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
const moments = async (): Promise<number> => (await readFile(`${shell.root}.count`, "utf8")).length / 2

beforeAll(async () => {
  shell = await openShellMachine("web-1")
  for (const name of programs) await shell.program(name, killing(name, `${shell.root}.count`, `${shell.root}.kill`))
})
afterAll(() => shell.dispose())

const steps = () => tenSteps(shell.root).filter((_, index) => [0, 1, 2, 5].includes(index))

/** What a whole run does, up to its end or its death. The others begin as the first does: of what follows, every fourth moment is tried. */
const runs = {
  "that would be confirmed": async () => (await transact(shell.machine, want("t2", steps()))).confirm(stateOf(2)),
  "that would be aborted": async () => (await transact(shell.machine, want("t2", steps()))).abort(),
  "whose last step fails": async () => {
    await caught(() => transact(shell.machine, want("t2", [...steps(), failing])))
  },
} as const

/** Runs it once with each program as the last thing that is begun, and looks at what the next contact makes of it. */
const killEverywhere = async (
  from: number,
  once: () => Promise<unknown>,
  check: (killAt: number, old: readonly string[]) => Promise<void>,
) => {
  for (let killAt = from; ; killAt += from === 1 ? 2 : 4) {
    const old = await fresh(killAt)
    await once().catch(() => undefined)
    const total = await moments()
    await arm(0)
    await settle(shell.machine)
    await check(killAt, old)
    if (total < killAt) return killAt - from
  }
}

describe("a machine that dies in a transaction", () => {
  let after: readonly string[] = []
  let begun = 0
  beforeAll(async () => {
    await fresh(0)
    const { confirm } = await transact(shell.machine, want("t2", steps()))
    begun = await moments()
    await confirm(stateOf(2))
    after = await listTree(shell.root, { times: false })
  })

  it.each(Object.entries(runs))(
    "%s is at the new release or at the old one, wherever it dies",
    async (_, once) => {
      const seen = new Set<number | undefined>()
      const places = await killEverywhere(
        once === runs["that would be confirmed"] ? 1 : begun - 5,
        once,
        async (killAt, old) => {
          const release = await releaseOn(shell)
          seen.add(release)
          const status = await readHome(shell, "txn/t2/status")
          if (release === 2) {
            expect([killAt, await listTree(shell.root, { times: false }), status]).toEqual([killAt, after, "committed"])
          } else {
            expect([killAt, release, await listTree(shell.root)]).toEqual([killAt, 1, old])
            expect([undefined, "undone"]).toContain(status)
          }
        },
      )
      expect(places).toBeGreaterThan(10)
      expect(seen).toEqual(new Set(once === runs["that would be confirmed"] ? [1, 2] : [1]))
    },
    600_000,
  )

  it("and then in going back to the release before: it goes all the way back", async () => {
    let old: readonly string[] = []
    for (let killAt = 1; ; killAt += 3) {
      old = await fresh(0)
      await runs["that would be confirmed"]()
      await arm(killAt)
      await undoTransaction(shell.machine, "t2").catch(() => undefined)
      const total = await moments()
      await arm(0)
      await settle(shell.machine)
      const isBegun = (await readHome(shell, "txn/t2/status")) !== "committed"
      expect([killAt, await releaseOn(shell), await listTree(shell.root, { times: isBegun })]).toEqual(
        isBegun ? [killAt, 1, old] : [killAt, 2, after],
      )
      expect(isBegun || killAt <= 4).toBe(true)
      if (total < killAt) break
    }
  }, 600_000)
})

describe("what a step displaces", () => {
  /** What was flushed, in order, each directory with what is in it. */
  const flushedBy = async (work: () => Promise<unknown>): Promise<readonly string[]> => {
    const log = `${shell.root}.synced`
    await rm(log, { force: true })
    await fresh(0)
    await shell.program(
      "sync",
      `for path; do echo "$path $([ ! -d "$path" ] || ls "$path" | tr "\\n" " ")" >> ${log}; done`,
    )
    await work()
    const lines = (await readFile(log, "utf8")).replaceAll(`${shell.home}/`, "").split("\n")
    return lines.filter((line) => !line.startsWith("-"))
  }

  it("is on disk before the step is begun, also where it is a link that leads nowhere", async () => {
    const path = join(shell.root, "etc/current")
    const step: Step = { do: "make-link", path, target: "elsewhere" }
    const synced = await flushedBy(async () => (await transact(shell.machine, want("t2", [step]))).confirm(stateOf(2)))
    expect(synced.filter((line) => line.startsWith("txn/t2/before/1 "))).toEqual([
      "txn/t2/before/1 1-link absent time-1 ",
    ])
  })

  it("is on disk before the step is begun, all of it", async () => {
    const synced = await flushedBy(runs["that would be confirmed"])
    const at = (start: string): number => synced.findIndex((line) => line.startsWith(start))
    expect(synced[at("txn/t2 ")]).toMatch(/ballast before blobs .*library\.sh .*status .*undo $/)
    expect(synced[at("txn/t2/before/1 ")]).toMatch(/ 3-link 4-link absent time-1 time-3 $/)
    const order = ["txn/t2 ", "txn/t2/before/1 ", "txn/t2/journal"].map(at)
    expect(order).toEqual(order.toSorted((a, b) => a - b))
    expect(order).not.toContain(-1)
  })
})
