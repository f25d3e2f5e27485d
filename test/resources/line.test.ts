import { describe, expect, it } from "vitest"
import type { PathState } from "../../src/contract/index.ts"
import { type LineOptions, line } from "../../src/resources/index.ts"
import { caught } from "../support/catch.ts"
import { pathState, planOf, removeOf } from "./planning.ts"

interface Have {
  readonly text: string | undefined
  readonly state: PathState | undefined
}

const have = (text: string | undefined, state = pathState("file")): Have => ({ text, state })
const gone: Have = { text: undefined, state: undefined }

/** What a file becomes; `same` where nothing is done. */
const become = (text: string, options: LineOptions): string => {
  const plan = planOf(line, line("/f", options), have(text))
  const [step] = plan.steps
  if (step === undefined) return "same"
  if (step.do !== "write-file") throw new Error(step.do)
  expect(plan.texts?.has(step.content.sha256)).toBe(true)
  return plan.texts?.get(step.content.sha256) ?? ""
}

const port = { match: "^#?Port ", line: "Port 22" }

describe("a line", () => {
  it.each<readonly [string, string, LineOptions, string]>([
    ["is added at the end", "a\nb\n", { line: "c" }, "a\nb\nc\n"],
    ["is added to a file without an end of line", "a", { line: "c" }, "a\nc\n"],
    ["is added to an empty file", "", { line: "c" }, "c\n"],
    ["is left where it is", "c\na\n", { line: "c" }, "same"],
    ["is not part of another", "abc\n", { line: "b" }, "abc\nb\n"],
    ["takes the place of the last that matches", "Port 1\nx\n#Port 2\ny\n", port, "Port 1\nx\nPort 22\ny\n"],
    ["is added where none matches", "x\n", port, "x\nPort 22\n"],
    ["that matches already is left", "Port 1\nPort 22\n", port, "same"],
    ["that ends the file keeps it without an end", "x\nPort 1", port, "x\nPort 22"],
    ["is taken away wherever it is", "a\nb\na\n", { line: "a", state: "absent" }, "b\n"],
    ["is taken away by what it matches", "Port 1\nx\n#Port 2\n", { ...port, state: "absent" }, "x\n"],
    ["is taken away as the only one", "a\n", { line: "a", state: "absent" }, ""],
    ["that is not there is not taken away", "b\n", { line: "a", state: "absent" }, "same"],
    ["matches no end of a file", "x\n", { line: "y", match: "^(y|)$" }, "x\ny\n"],
    ["holds anything but a line break", "", { line: "'$HOME' `id` é \t" }, "'$HOME' `id` é \t\n"],
  ])("%s", (_, text, options, expected) => {
    expect(become(text, options)).toBe(expected)
    if (expected !== "same") expect(become(expected, options)).toBe("same")
  })

  it("says what it replaces, and keeps mode and owner", () => {
    const state = pathState("file", { mode: 0o600, owner: "app" })
    const plan = planOf(line, line("/f", port), have("Port 1\n", state))
    expect(plan.changes).toEqual([{ property: "line", from: "Port 1", to: "Port 22" }])
    expect(plan.steps).toMatchObject([{ do: "write-file", path: "/f", mode: 0o600, owner: "app", group: "root" }])
  })

  it("is put into what earlier steps will have written", () => {
    const plan = planOf(line, line("/f", { line: "c" }), have("a\n"), { written: new Map([["/f", "b\n"]]) })
    expect([...(plan.texts?.values() ?? [])]).toEqual(["b\nc\n"])
  })

  it.each<readonly [string, Have, string]>([
    ["is not there", gone, "is not there"],
    ["is too long, or no text", have(undefined), "is larger than 64 KiB, or no UTF-8 text"],
    ["is a link", have("a\n", pathState("link")), "is no file but a link"],
    ["is a directory", have(undefined, pathState("directory")), "is no file but a directory"],
  ])("of a file that %s: FC_LINE", async (_, found, message) => {
    const error = await caught(async () => planOf(line, line("/f", { line: "c" }), found))
    expect([error.code, error.message, error.at]).toEqual([
      "FC_LINE",
      `/f ${message}, so no line of it can be changed`,
      "line:/f",
    ])
  })

  it("that should not be in a file that is not there is not", () => {
    const plan = planOf(line, line("/f", { line: "c", state: "absent" }), gone)
    expect(plan.steps).toEqual([])
  })

  it("is taken away again, but not what stood in its place", () => {
    const { texts } = removeOf(line, line("/f", { line: "c" }), have("a\nc\nb\n"))
    expect([...(texts?.values() ?? [])]).toEqual(["a\nb\n"])
    expect(removeOf(line, line("/f", { line: "c" }), have("a\n")).steps).toEqual([])
    expect(removeOf(line, line("/f", { line: "c", state: "absent" }), have("c\n")).steps).toEqual([])
  })

  it.each<readonly [LineOptions, string, string]>([
    [{ line: "a\nb" }, 'line("/f").line', "a line has text and no line break"],
    [{ line: "" }, 'line("/f").line', "a line has text and no line break"],
    [{ line: "a", match: "(" }, 'line("/f").match', "not a regular expression"],
    [
      { line: "a", match: "^b$" },
      'line("/f").match',
      "match does not match the line itself, which would be added at every run",
    ],
  ])("is refused when it makes no sense: FC_SPEC_VALUE %j", async (options, at, message) => {
    const error = await caught(async () => line("/f", options))
    expect([error.code, error.at, error.message]).toEqual(["FC_SPEC_VALUE", at, message])
  })
})
