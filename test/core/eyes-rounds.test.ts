import { mkdir, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest"
import { openEyes } from "../../src/core/eyes/eyes.ts"
import { caught } from "../support/catch.ts"
import { openShellMachine, type ShellMachine } from "../support/shell-machine.ts"

let shell: ShellMachine
const at = (name: string): string => join(shell.root, name)

beforeAll(async () => {
  shell = await openShellMachine()
})
beforeEach(() => {
  shell.scripts.length = 0
})
afterAll(() => shell.dispose())

describe("round trips", () => {
  it("are one for everything that is asked at once", async () => {
    const { eyes, rounds } = openEyes(shell.machine)
    await Promise.all([
      eyes.stat("/etc"),
      eyes.sha256("/etc/passwd"),
      eyes.text("/etc/passwd"),
      eyes.package("dpkg"),
      eyes.user("root"),
      eyes.group("root"),
      eyes.unit("x.service"),
      eyes.run(["true"]),
    ])
    expect([rounds(), shell.scripts.length]).toEqual([1, 1])
  })

  it("are one when the questions come from many tasks that await other things first", async () => {
    const { eyes, rounds } = openEyes(shell.machine)
    const ask = async (turns: number): Promise<unknown> => {
      for (let turn = 0; turn < turns; turn += 1) await undefined
      return eyes.stat("/etc")
    }
    await Promise.all(Array.from({ length: 20 }, (_, index) => ask(index)))
    expect(rounds()).toBe(1)
  })

  it("are two when a question needs an answer, however many do", async () => {
    const { eyes, rounds } = openEyes(shell.machine)
    const dependent = async (path: string): Promise<string | undefined> =>
      (await eyes.stat(path))?.kind === "file" ? eyes.sha256(path) : undefined
    const answers = await Promise.all(["/etc/passwd", "/etc/group", "/etc"].map(dependent))
    expect(answers.map((answer) => answer?.length)).toEqual([64, 64, undefined])
    expect([rounds(), shell.scripts.length]).toEqual([2, 2])
  })

  it("are none for eyes that are not used", async () => {
    const { rounds } = openEyes(shell.machine)
    await new Promise((resolve) => setImmediate(resolve))
    expect([rounds(), shell.scripts.length]).toEqual([0, 0])
  })

  it("carry the same question once, and answer all who asked it", async () => {
    const { eyes } = openEyes(shell.machine)
    const command = ["sh", "-c", `echo x >> "$1"; wc -l < "$1"`, "sh", at("asked")]
    const answers = await Promise.all([eyes.run(command), eyes.run(command), eyes.run(command)])
    expect(answers.map(({ stdout }) => stdout)).toEqual(["1", "1", "1"])
    await Promise.all([eyes.stat(at("once")), eyes.stat(at("once"))])
    expect(shell.scripts.at(-1)?.split(at("once")).length).toBe(2)
  })

  it("ask anew what was asked in an earlier round: the machine may have changed", async () => {
    const { eyes, rounds } = openEyes(shell.machine)
    expect(await eyes.stat(at("late"))).toBeUndefined()
    await writeFile(at("late"), "")
    expect(await eyes.stat(at("late"))).toMatchObject({ kind: "file" })
    expect(rounds()).toBe(2)
  })

  it("are one for 1,000 files, and few processes", async () => {
    await mkdir(at("many"))
    const paths = Array.from({ length: 1_000 }, (_, index) => at(`many/${index} of them`))
    await Promise.all(paths.map((path, index) => writeFile(path, String(index % 2))))
    const { eyes, rounds } = openEyes(shell.machine)
    const answers = await Promise.all(paths.map((path) => Promise.all([eyes.stat(path), eyes.sha256(path)])))
    expect(rounds()).toBe(1)
    expect(answers.filter(([state, digest]) => state?.size === 1 && digest?.length === 64)).toHaveLength(1_000)
    expect(new Set(answers.map(([, digest]) => digest)).size).toBe(2)
    expect(shell.scripts.join("").match(/\bstat --printf/g)).toHaveLength(3)
    expect(shell.scripts.join("").match(/\bsha256sum\b/g)).toHaveLength(3)
  })
})

describe("a machine that does not answer", () => {
  it("is an error to everyone who asked", async () => {
    const { eyes } = openEyes({
      ...shell.machine,
      sh: async () => ({ exitCode: 2, stdout: Buffer.alloc(0), stderr: Buffer.from("no such thing\n") }),
    })
    const errors = await Promise.all([eyes.stat("/a"), eyes.user("b")].map((answer) => caught(() => answer)))
    expect(errors.map(({ code, details }) => [code, details])).toEqual([
      ["FC_OBSERVE", ["no such thing"]],
      ["FC_OBSERVE", ["no such thing"]],
    ])
  })
})
