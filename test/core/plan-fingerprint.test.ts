import { chmod, mkdir, rm, symlink, utimes, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { afterEach, beforeEach, describe, expect, it } from "vitest"
import type { Resource } from "../../src/contract/index.ts"
import { command, directory, file, link } from "../../src/resources/index.ts"
import { applyOn, me, planOn } from "../support/apply.ts"
import { caught } from "../support/catch.ts"
import { openShellMachine, type ShellMachine } from "../support/shell-machine.ts"

let shell: ShellMachine
const at = (name: string): string => join(shell.root, name)

beforeEach(async () => {
  shell = await openShellMachine("web-1")
})
afterEach(() => shell.dispose())

const resources = (): readonly Resource[] => [
  directory(at("d"), me),
  file(at("d/f"), { content: "1", ...me }),
  link(at("l"), { target: "d" }),
  command("look", { run: ["true"], check: ["cat", at("seen")] }),
]
const fingerprint = async (wanted = resources()): Promise<string> =>
  (await planOn(shell.machine, wanted)).sight.fingerprint

describe("a plan's fingerprint", () => {
  it.each<readonly [string, () => Promise<unknown>]>([
    ["a file's content", () => writeFile(at("d/f"), "2")],
    ["a file's mode", () => chmod(at("d/f"), 0o600)],
    ["a file that is gone", () => rm(at("d/f"))],
    ["a directory's mode", () => chmod(at("d"), 0o700)],
    [
      "a link's target",
      async () => {
        await rm(at("l"))
        await symlink("e", at("l"))
      },
    ],
    ["what a check prints", () => writeFile(at("seen"), "2")],
    ["what a check ends with", () => rm(at("seen"))],
  ])("changes with %s", async (_, change) => {
    await writeFile(at("seen"), "1")
    await applyOn(shell.machine, resources())
    const before = await fingerprint()
    await change()
    expect(await fingerprint()).not.toBe(before)
  })

  it.each<readonly [string, () => Promise<unknown>]>([
    ["nothing changes", async () => undefined],
    ["only a time does", () => utimes(at("d/f"), 1, 1)],
    [
      "something that nobody described does",
      async () => {
        await mkdir(at("other"))
        await Promise.all(Array.from({ length: 300 }, (_, i) => writeFile(at(`d/${"n".repeat(150)}${i}`), "")))
      },
    ],
  ])("stays while %s", async (_, change) => {
    await writeFile(at("seen"), "1")
    await applyOn(shell.machine, resources())
    const before = await fingerprint()
    await change()
    expect(await fingerprint()).toBe(before)
  })

  it("changes with what is wanted, and with the release that is there", async () => {
    const bare = await fingerprint([])
    expect(await fingerprint()).not.toBe(bare)
    await applyOn(shell.machine, [])
    const first = await fingerprint([])
    expect(first).not.toBe(bare)
    await applyOn(shell.machine, [], 2)
    expect(await fingerprint([])).not.toBe(first)
  })

  it("changes with what became of something that left the description", async () => {
    await writeFile(at("seen"), "1")
    await applyOn(shell.machine, resources())
    const before = await fingerprint([])
    await writeFile(at("d/f"), "changed by hand")
    expect(await fingerprint([])).not.toBe(before)
  })
})

describe("what a machine knows of itself", () => {
  it("is read by the plan", async () => {
    await applyOn(shell.machine, [file(at("f"), { content: "1", ...me })], 7)
    const { state, from } = await planOn(shell.machine, [])
    expect(from).toBe(7)
    expect(state).toMatchObject({
      schema: 1,
      project: "project",
      fleet: "web",
      release: 7,
      directories: [],
      packages: [],
      resources: [{ type: "file", id: `file:${at("f")}`, created: true, contents: [{ size: 1 }] }],
    })
  })

  it.each([
    ["no JSON", "{"],
    ["a later form", '{"schema":2,"resources":[]}'],
    ["without resources", '{"schema":1}'],
  ])("is refused when it is %s", async (_, json) => {
    await mkdir(shell.home, { recursive: true })
    await writeFile(join(shell.home, "current.json"), json)
    const error = await caught(() => planOn(shell.machine, []))
    expect([error.code, error.at]).toEqual(["FC_OBSERVE", "web-1"])
  })

  it("includes an undo that did not finish", async () => {
    await mkdir(join(shell.home, "txn/web-1"), { recursive: true })
    await writeFile(join(shell.home, "txn/web-1/broken"), "3 write_file /etc/motd\n")
    await writeFile(join(shell.home, "txn/web-1/status"), "broken\n")
    expect((await planOn(shell.machine, [])).broken).toBe("3 write_file /etc/motd")
  })
})
