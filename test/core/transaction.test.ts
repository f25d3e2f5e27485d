import { createHash } from "node:crypto"
import { lstat, readdir, readFile, readlink, rm, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { afterEach, beforeEach, describe, expect, it } from "vitest"
import type { Machine, Step } from "../../src/contract/index.ts"
import { transact, undoTransaction } from "../../src/core/transaction/transaction.ts"
import { me } from "../support/apply.ts"
import { caught } from "../support/catch.ts"
import type { ShellMachine } from "../support/shell-machine.ts"
import { listTree } from "../support/tree.ts"
import { failing, openUsedMachine, readHome, releaseOn, stateOf, tenSteps, want } from "./transaction-fixture.ts"

let shell: ShellMachine
let old: readonly string[]
const at = (name: string): string => join(shell.root, name)
const log = (): Promise<string> => readFile(`${shell.root}.log`, "utf8").catch(() => "")

beforeEach(async () => {
  ;({ shell, old } = await openUsedMachine())
})
afterEach(() => shell.dispose())

const modeOf = async (name: string): Promise<string> => ((await lstat(at(name))).mode & 0o7777).toString(8)

describe("a transaction that is confirmed", () => {
  it("leaves a directory as it came, if it was only to be made where it is missing", async () => {
    const make: Step = { do: "make-directory", path: at("srv"), mode: 0o755, ...me, ifMissing: true }
    await (await transact(shell.machine, want("t2", [make, { ...make, path: at("new") }]))).confirm(stateOf(2))
    expect([await modeOf("srv"), await modeOf("new")]).toEqual(["2770", "755"])
  })

  it("writes what the machine has already, if it is what it should be", async () => {
    const content = { sha256: createHash("sha256").update("here\n").digest("hex"), size: 5 }
    const step: Step = { do: "write-file", path: at("etc/motd"), content, mode: 0o600, ...me }
    const there = new Map([[content.sha256, at("etc/there")]])
    await writeFile(at("etc/there"), "another\n")
    const error = await caught(() => transact(shell.machine, want("t2", [step], { there })))
    expect(error).toMatchObject({ code: "FC_MACHINE_COMMAND" })
    expect(await readFile(at("etc/motd"), "utf8")).toBe("old\n")
    await writeFile(at("etc/there"), "here\n")
    await (await transact(shell.machine, want("t2", [step], { there }))).confirm(stateOf(2))
    expect([await readFile(at("etc/motd"), "utf8"), await modeOf("etc/motd")]).toEqual(["here\n", "600"])
  })

  it("leaves the new state, and says what it did", async () => {
    const begun: number[] = []
    const applied = await transact(shell.machine, want("t2", tenSteps(shell.root), { onStep: (n) => begun.push(n) }))
    expect(begun).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10])
    expect([await readHome(shell, "txn/t2/status"), await releaseOn(shell)]).toEqual(["applied", 1])
    await applied.confirm(stateOf(2))
    expect([await readHome(shell, "txn/t2/status"), await releaseOn(shell)]).toEqual(["committed", 2])
    expect(await readFile(at("etc/motd"), "utf8")).toBe("new\n")
    expect(await readFile(at('srv/new/it\'s "one"'), "utf8")).toBe("one\n")
    expect(await readdir(at("etc"))).toEqual(["current", "file or link", "keep", "motd"])
    expect(await readdir(at("srv"))).toEqual(["full", "new"])
    expect(await readlink(at("etc/file or link"))).toBe("../srv/new")
    const modes = ["srv/new", 'srv/new/it\'s "one"', "srv/full", "etc/motd", "etc/current", "etc/keep"].map(modeOf)
    expect(await Promise.all(modes)).toEqual(["750", "4711", "755", "644", "600", "4755"])
    expect(await log()).toBe("done\n")
  })

  it("keeps what undoing takes and nothing else", async () => {
    for (const number of [2, 3]) {
      const applied = await transact(shell.machine, want(`t${number}`, tenSteps(shell.root).slice(0, 3)))
      await applied.confirm(stateOf(number))
    }
    expect(await readdir(join(shell.home, "txn"))).toEqual(["t3"])
    expect(await readdir(join(shell.home, "txn/t3"))).not.toContain("blobs")
  })

  it("can have no steps at all", async () => {
    await (await transact(shell.machine, want("t2", []))).confirm(stateOf(2))
    expect([await releaseOn(shell), await listTree(shell.root)]).toEqual([2, old])
  })

  it("is for root's eyes only", async () => {
    await (await transact(shell.machine, want("t2", tenSteps(shell.root)))).confirm(stateOf(2))
    const modes = (await listTree(shell.home, { times: false })).map((line) => line.split(" "))
    expect(modes.find(([name]) => name === ".")?.[1]).toBe("40700")
    expect(modes.find(([name]) => name === "txn/t2")?.[1]).toBe("40700")
  })
})

describe("a step that fails", () => {
  it.each(Array.from({ length: 11 }, (_, index) => [index + 1]))(
    "as number %i, takes everything back",
    async (number) => {
      const steps = tenSteps(shell.root).toSpliced(number - 1, 0, failing)
      const error = await caught(() => transact(shell.machine, want("t2", steps)))
      expect([error.code, error.at, error.details]).toEqual(["FC_STEP_FAILED", "web-1", ["the reason"]])
      expect(error.message).toBe(
        `step ${number} of 11 failed: run sh -c echo the reason >&2; exit 7; the machine is back where it was`,
      )
      expect(await listTree(shell.root)).toEqual(old)
      expect([await releaseOn(shell), await readHome(shell, "txn/t2/status")]).toEqual([1, "undone"])
      expect(await log()).toBe(number === 11 ? "done\nundone\n" : "")
    },
  )

  const content = { sha256: "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", size: 0 }
  const own = { mode: 0o644, ...me }

  it.each<readonly [string, (root: string) => Step]>([
    ["a file in no directory", (root) => ({ do: "write-file", path: join(root, "none/f"), content, ...own })],
    ["a file where a directory is", (root) => ({ do: "write-file", path: join(root, "srv/full"), content, ...own })],
    [
      "a file for nobody",
      (root) => ({ do: "write-file", path: join(root, "etc/motd"), content, ...own, owner: "no-such" }),
    ],
    ["a link where a directory is", (root) => ({ do: "make-link", path: join(root, "srv/full"), target: "x" })],
    ["a link in no directory", (root) => ({ do: "make-link", path: join(root, "none/l"), target: "x" })],
    ["a directory where a file is", (root) => ({ do: "make-directory", path: join(root, "etc/keep"), ...own })],
    [
      "a directory for nobody",
      (root) => ({ do: "make-directory", path: join(root, "etc/d"), ...own, group: "no-such" }),
    ],
    ["the owner of nothing", (root) => ({ do: "set-ownership", path: join(root, "none"), ...own })],
    ["a program that is not there", () => ({ do: "run-command", argv: ["/no/such/program"], undo: ["true"] })],
  ])("half-way takes itself back too: %s", async (_, step) => {
    const steps = [...tenSteps(shell.root), step(shell.root)]
    const error = await caught(() => transact(shell.machine, want("t2", steps)))
    expect([error.code, error.message]).toEqual([
      "FC_STEP_FAILED",
      expect.stringMatching(/^step 11 of 11 failed.*back/),
    ])
    expect(error.details.length).toBeGreaterThan(0)
    expect(await listTree(shell.root)).toEqual(old)
  })

  it("leaves nothing in the way of the next try", async () => {
    await caught(() => transact(shell.machine, want("t2", [failing])))
    await (await transact(shell.machine, want("t3", tenSteps(shell.root)))).confirm(stateOf(3))
    expect(await releaseOn(shell)).toBe(3)
  })

  it("leaves no state behind where there was none", async () => {
    await rm(join(shell.home, "current.json"))
    await caught(() => transact(shell.machine, want("t2", [failing])))
    expect(await readHome(shell, "current.json")).toBeUndefined()
  })

  it("names what could not be taken back", async () => {
    const steps: readonly Step[] = [{ do: "run-command", argv: ["true", "to the world"] }, failing]
    const error = await caught(() => transact(shell.machine, want("t2", steps)))
    expect(error.code).toBe("FC_STEP_FAILED")
    expect(error.message).not.toMatch(/back where it was$/)
    expect(error.details.join("\n")).toContain("true to the world")
  })
})

describe("undoing", () => {
  it("on the controller's word leaves the machine as it was", async () => {
    const applied = await transact(shell.machine, want("t2", tenSteps(shell.root)))
    expect(await listTree(shell.root)).not.toEqual(old)
    await applied.abort()
    expect([await listTree(shell.root), await releaseOn(shell), await log()]).toEqual([old, 1, "done\nundone\n"])
  })

  it("takes back a transaction that was committed", async () => {
    await (await transact(shell.machine, want("t2", tenSteps(shell.root)))).confirm(stateOf(2))
    await undoTransaction(shell.machine, "t2")
    expect([await listTree(shell.root), await releaseOn(shell), await log()]).toEqual([old, 1, "done\nundone\n"])
  })

  it("takes the steps back in the opposite order", async () => {
    const note = (word: string): readonly string[] => ["sh", "-c", `echo ${word} >> "$1"`, "sh", `${shell.root}.log`]
    const steps = ["a", "b", "c"].map(
      (word): Step => ({ do: "run-command", argv: note(word), undo: note(`no-${word}`) }),
    )
    await (await transact(shell.machine, want("t2", steps))).abort()
    expect(await log()).toBe("a\nb\nc\nno-c\nno-b\nno-a\n")
  })

  it("that cannot be done is loud, goes on with the rest, and stays in the way", async () => {
    const stuck: Step = { do: "run-command", argv: ["true"], undo: ["sh", "-c", "echo cannot >&2; exit 1"] }
    const [first, ...rest] = tenSteps(shell.root)
    const error = await caught(() => transact(shell.machine, want("t2", [first ?? stuck, stuck, ...rest, failing])))
    expect([error.code, error.at]).toEqual(["FC_MACHINE_BROKEN", "web-1"])
    expect(error.message).toContain("run true")
    expect(error.remedy).toContain("txn/t2")
    expect(await listTree(shell.root)).toEqual(old)
    expect([await readHome(shell, "txn/t2/status"), await readHome(shell, "txn/t2/broken")]).toEqual([
      "broken",
      expect.stringMatching(/^2 run_command /),
    ])
  })
})

describe("what the steps are given", () => {
  it("reaches a command word by word", async () => {
    const words = ["a b", "it's", "$HOME", "", "-n", "*", "line\nbreak"]
    const argv = ["sh", "-c", 'out=$1; shift; printf "<%s>" "$@" > "$out"', "sh", `${shell.root}.log`, ...words]
    const environment = { WORDS: "x y'$z" }
    const seen: Step = {
      do: "run-command",
      argv: ["sh", "-c", 'printf "%s|%s" "$PWD" "$WORDS" > seen'],
      directory: at("etc"),
      environment,
      undo: ["rm", "seen"],
    }
    await (await transact(shell.machine, want("t2", [{ do: "run-command", argv }, seen]))).confirm(stateOf(2))
    expect(await log()).toBe(words.map((word) => `<${word}>`).join(""))
    expect(await readFile(at("etc/seen"), "utf8")).toBe(`${at("etc")}|x y'$z`)
  })

  it("is refused when a content is missing, before anything is sent", async () => {
    const error = await caught(() => transact(shell.machine, want("t2", tenSteps(shell.root), { bytes: new Map() })))
    expect(error.code).toBe("FC_STORE")
    expect([shell.scripts, await listTree(shell.root)]).toEqual([[], old])
  })

  it("is refused when it does not arrive as it was sent", async () => {
    const machine: Machine = {
      ...shell.machine,
      sh: (script, options) => shell.machine.sh(script.replace("'one\n'", "'oNe\n'"), options),
    }
    const error = await caught(() => transact(machine, want("t2", tenSteps(shell.root))))
    expect([error.code, error.at]).toEqual(["FC_MACHINE_COMMAND", "web-1"])
    expect([await listTree(shell.root), await readdir(join(shell.home, "txn"))]).toEqual([old, []])
  })
})
