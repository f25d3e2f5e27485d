import { mkdir, writeFile } from "node:fs/promises"
import { dirname, join } from "node:path"
import { describe, expect, it } from "vitest"
import { propose } from "../../../src/cli/adopt/propose.ts"
import type { Resource } from "../../../src/contract/index.ts"
import type { AdoptedCall, Adoption } from "../../../src/core/index.ts"
import { file, pkg } from "../../../src/resources/index.ts"
import { defineProject, fleet, inPlace, local, secret, spec } from "../../../src/spec/index.ts"
import { allAtOnce } from "../../../src/strategies/index.ts"
import { withDirectory } from "../../engines/local/support.ts"

const bytes = (text: string) => Buffer.from(text)

const changed = (path: string, content: Uint8Array = bytes("now")): AdoptedCall => ({
  ...{ id: `file:${path}`, construct: "file", name: path, options: {} },
  bytes: content,
})

const adoption = (given: Partial<Adoption>): Adoption => ({ add: [], change: [], remove: [], refused: [], ...given })

const config = (list: string): string =>
  `import { spec } from "fireclay"\nimport { file } from "fireclay/resources"\nspec("web", { resources: ${list} })\n`

/** What would be written for a project with such resources, as text by path, and what is left. */
const proposed = async (
  list: string,
  resources: readonly Resource[] | (() => readonly Resource[]),
  given: Partial<Adoption>,
  files: Readonly<Record<string, string>> = {},
) =>
  withDirectory(async (directory) => {
    for (const [name, text] of Object.entries({ "fireclay.config.ts": config(list), ...files })) {
      await mkdir(dirname(join(directory, name)), { recursive: true })
      await writeFile(join(directory, name), text)
    }
    const web = fleet(spec("web", { resources }), {
      on: local({ machines: 1 }),
      by: inPlace({ strategy: allAtOnce() }),
    })
    const project = defineProject({ name: "project", fleets: { web } })
    const { fleets } = project
    const loaded = { project, directory, file: join(directory, "fireclay.config.ts") }
    const {
      files: written,
      ids,
      left,
      lines,
    } = propose(loaded, fleets.web as NonNullable<typeof fleets.web>, adoption(given))
    const texts = Object.fromEntries(written.map(({ path, after }) => [path, Buffer.from(after).toString()]))
    return { texts, ids, left: left.map(({ why }) => why), lines }
  })

const sourced = file("/etc/a", { source: "./a" })

describe("a proposal for a project's files", () => {
  it("puts a content where its description takes it from", async () => {
    expect(await proposed("[]", [sourced], { change: [changed("/etc/a")] }, { a: "before" })).toEqual({
      ...{ texts: { a: "now" }, ids: ["file:/etc/a"], left: [], lines: [] },
    })
    const inline = `[file("/etc/a", { content: "before" })]`
    const { texts } = await proposed(inline, [file("/etc/a", { content: "before" })], { change: [changed("/etc/a")] })
    expect(texts).toEqual({ "fireclay.config.ts": config(`[file("/etc/a", { content: "now" })]`) })
  })

  it("keeps a new content below files/, beside what is there", async () => {
    const { texts } = await proposed("[]", [], { add: [changed("/etc/b")] }, { "files/web/etc/b": "another" })
    expect(texts).toEqual({
      "files/web/etc/b.2": "now",
      "fireclay.config.ts": config(`[file("/etc/b", { source: "./files/web/etc/b.2" })]`),
    })
  })

  it.each<readonly [string, readonly Resource[] | (() => readonly Resource[]), Uint8Array, string]>([
    ["a template", [file("/etc/a", { template: "./a" })], bytes("now"), "its content is made from a template"],
    ["a secret", [file("/etc/a", { content: secret("A") })], bytes("now"), "its content holds a secret"],
    ["a source outside", [file("/etc/a", { source: "../a" })], bytes("now"), "its source lies outside of the project"],
    ["a source of two", [sourced, file("/etc/b", { source: "a" })], bytes("now"), "others have the same source"],
    ["what is no text", [file("/etc/a", { content: "a" })], Buffer.from([0xff]), "its content is no text any more"],
    ["what a base describes", [pkg("jq")], bytes("now"), "this specification does not describe it itself"],
    ["a list for each machine", () => [sourced], bytes("now"), "where its content comes from depends on the machine"],
  ])("leaves a content to a person where it is of %s", async (_, resources, content, why) => {
    expect(await proposed("[]", resources, { change: [changed("/etc/a", content)] }, { a: "before" })).toEqual({
      ...{ texts: {}, ids: [], left: [why], lines: [] },
    })
  })

  it("has a list of its own for what the specification's list does not take, until somebody adds its line", async () => {
    const add = [changed("/etc/b")]
    const first = await proposed("make()", [], { add })
    expect([first.ids, first.left, first.lines[0]]).toEqual([[], [], 'import { adopted } from "./adopted/web.ts"'])
    const { "adopted/web.ts": list = "" } = first.texts
    expect(list).toContain('file("/etc/b", { source: "./files/web/etc/b" }),')
    const project = {
      "fireclay.config.ts": `import { adopted } from "./adopted/web.ts"\n${config("[...make(), ...adopted].flat()")}`,
      "adopted/web.ts": list,
    }
    const again = await proposed("", [], { add: [changed("/etc/c")] }, project)
    expect([again.ids, again.lines]).toEqual([["file:/etc/c"], []])
    expect(again.texts["adopted/web.ts"]).toContain('etc/b" }),\n  file("/etc/c"')
    const computed = { ...project, "adopted/web.ts": "export const adopted = make()\n" }
    const third = await proposed("", [], { add: [changed("/etc/c")] }, computed)
    expect([third.ids, third.left, third.lines]).toEqual([[], ["its list is computed"], []])
  })
})
