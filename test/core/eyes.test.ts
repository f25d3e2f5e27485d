import { execFileSync } from "node:child_process"
import { createHash } from "node:crypto"
import { chmod, mkdir, symlink, writeFile } from "node:fs/promises"
import { userInfo } from "node:os"
import { join } from "node:path"
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest"
import { openEyes } from "../../src/core/eyes/eyes.ts"
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

const sha256 = (bytes: string | Uint8Array): string => createHash("sha256").update(bytes).digest("hex")
const owner = userInfo().username
const group = execFileSync("id", ["-gn"]).toString().trim()

const names = [
  "plain",
  "a space",
  " spaces at both ends ",
  "it's",
  'quo"ted',
  "back\\slash",
  "back\\nslash",
  "line\nbreak",
  "\n",
  "-rf",
  "--help",
  "tab\there",
  "$(id) `id` $HOME *?[a]",
  "grüße-✓-日本",
  "a -> b",
  "{}%s%n",
  "x".repeat(200),
]

describe.each(names.map((name) => ({ shown: JSON.stringify(name).slice(0, 40), name })))(
  "the name $shown",
  ({ name }) => {
    const content = `in ${name}`

    beforeAll(async () => {
      await writeFile(at(name), content, { mode: 0o640 })
      await symlink(name, at(`${name.slice(0, 190)}.link`))
    })

    it("can be asked everything about", async () => {
      const { eyes, rounds } = openEyes(shell.machine)
      const answers = await Promise.all([
        eyes.stat(at(name)),
        eyes.sha256(at(name)),
        eyes.text(at(name)),
        eyes.stat(at(`${name.slice(0, 190)}.link`)),
        eyes.run(["cat", "--", at(name)]),
      ])
      expect(answers).toEqual([
        { kind: "file", mode: 0o640, owner, group, size: Buffer.byteLength(content) },
        sha256(content),
        content,
        expect.objectContaining({ kind: "link", target: name }),
        { exitCode: 0, stdout: content.replace(/\n+$/, "") },
      ])
      expect(rounds()).toBe(1)
    })
  },
)

describe("what stands at a path", () => {
  beforeAll(async () => {
    await mkdir(at("kinds/directory"), { recursive: true })
    await Promise.all([
      ...[0o4755, 0o2750, 0o1777, 0o000, 0o7777].map(async (mode) => {
        await writeFile(at(`kinds/${mode.toString(8)}`), "")
        await chmod(at(`kinds/${mode.toString(8)}`), mode)
      }),
      symlink("/nowhere/at all", at("kinds/dangling")),
      symlink("directory", at("kinds/to-directory")),
      writeFile(at("kinds/file"), "12345"),
    ])
    execFileSync("mkfifo", [at("kinds/pipe")])
    await chmod(at("kinds/directory"), 0o2775)
  })

  it.each(["4755", "2750", "1777", "0", "7777"])("has the mode %s", async (mode) => {
    const state = await openEyes(shell.machine).eyes.stat(at(`kinds/${mode}`))
    expect(state?.mode).toBe(Number.parseInt(mode, 8))
  })

  it.each([
    ["file", { kind: "file", size: 5 }, true],
    ["directory", { kind: "directory", mode: 0o2775 }, false],
    ["dangling", { kind: "link", target: "/nowhere/at all" }, false],
    ["to-directory", { kind: "link", target: "directory" }, false],
    ["pipe", { kind: "other" }, false],
  ])(
    "is known: %s",
    async (name, state, hasContent) => {
      const { eyes } = openEyes(shell.machine)
      const path = at(`kinds/${name}`)
      const [found, digest, text] = await Promise.all([eyes.stat(path), eyes.sha256(path), eyes.text(path)])
      expect(found).toMatchObject(state)
      expect([digest, text].map((answer) => answer !== undefined)).toEqual([hasContent, hasContent])
    },
    5_000,
  )

  it.each(["missing", "kinds/file/below", "missing/below"])("is nothing: %s", async (name) => {
    const { eyes } = openEyes(shell.machine)
    expect(await Promise.all([eyes.stat(at(name)), eyes.sha256(at(name)), eyes.text(at(name))])).toEqual([
      undefined,
      undefined,
      undefined,
    ])
  })

  it("is a directory whose state does not depend on what lies in it", async () => {
    await mkdir(at("growing"))
    const before = await openEyes(shell.machine).eyes.stat(at("growing"))
    await Promise.all(
      Array.from({ length: 400 }, (_, index) => writeFile(at(`growing/${"n".repeat(200)}${index}`), "")),
    )
    expect(await openEyes(shell.machine).eyes.stat(at("growing"))).toEqual(before)
  })
})

describe("the text of a file", () => {
  it.each([
    ["empty", Buffer.alloc(0), true],
    ["that ends in line ends", Buffer.from("a\n\n\n"), true],
    ["with a byte order mark", Buffer.from("\ufeffa"), true],
    ["with a NUL", Buffer.from("a\0b\0"), true],
    ["of 65,536 bytes", Buffer.alloc(65_536, "a"), true],
    ["of 65,537 bytes", Buffer.alloc(65_537, "a"), false],
    ["in Latin-1", Buffer.from("grüße", "latin1"), false],
    ["of a cut-off character", Buffer.from("grü").subarray(0, 3), false],
  ])("%s: %#", async (name, bytes, readable) => {
    await writeFile(at(name), bytes)
    const { eyes } = openEyes(shell.machine)
    const [text, digest] = await Promise.all([eyes.text(at(name)), eyes.sha256(at(name))])
    expect(text).toBe(readable ? bytes.toString("utf8") : undefined)
    expect(digest).toBe(sha256(bytes))
  })

  it("is read through a link", async () => {
    await writeFile(at("target"), "content")
    await symlink("target", at("pointer"))
    const { eyes } = openEyes(shell.machine)
    expect(await Promise.all([eyes.text(at("pointer")), eyes.sha256(at("pointer"))])).toEqual([
      "content",
      sha256("content"),
    ])
  })
})

describe("a command that looks", () => {
  it.each([
    [["echo", "a  b", "c'd"], 0, "a  b c'd"],
    [["printf", "a\\n\\n\\nb\\n\\n"], 0, "a\n\n\nb"],
    [["sh", "-c", "echo out; echo err >&2; exit 3"], 3, "out"],
    [["false"], 1, ""],
    [["no-such-program"], 127, ""],
    [["cat"], 0, ""],
    [["exit", "4"], 4, ""],
    [["printf", "%s", '$HOME `id` \\ "'], 0, '$HOME `id` \\ "'],
  ])("%j ends with %i", async (argv, exitCode, stdout) => {
    expect(await openEyes(shell.machine).eyes.run(argv)).toEqual({ exitCode, stdout })
  })

  it("is not mistaken for another of the same round", async () => {
    const { eyes } = openEyes(shell.machine)
    const commands = [["echo", "a b"], ["echo", "a", "b"], ["false"], ["echo"], ["cat"], ["printf", "x\\n\\ny"]]
    const answers = await Promise.all(commands.map((argv) => eyes.run(argv)))
    expect(answers.map(({ stdout }) => stdout)).toEqual(["a b", "a b", "", "", "", "x\n\ny"])
  })
})
