import { mkdtemp, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import type { Spec } from "../../src/contract/index.ts"
import { canonical, sha256 } from "../../src/core/canonical.ts"
import { bundle } from "../../src/core/release.ts"
import { file, pkg } from "../../src/resources/index.ts"
import { debian, type SpecOptions, spec } from "../../src/spec/index.ts"
import { caught } from "../support/catch.ts"

let directory = ""
const put = (name: string, content: string | Uint8Array): Promise<void> => writeFile(join(directory, name), content)

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "fireclay-release-"))
  await put("page.html", "one\n")
})
afterAll(() => rm(directory, { recursive: true, force: true }))

const base = {
  base: debian("bookworm", { include: ["curl"] }),
  resources: [pkg("nginx"), file("/srv/page.html", { source: "./page.html" }), file("/etc/note", { content: "a" })],
  run: { command: ["/bin/true"], environment: { A: "1" }, writable: ["/var/x"] },
  port: 80,
  health: { path: "/" },
  volumes: { data: "/srv/data" },
} satisfies SpecOptions
const digestOf = async (options: Partial<SpecOptions> = {}, name = "web"): Promise<string> =>
  (await bundle(spec(name, { ...base, ...options }), directory)).digest

describe("a release's digest", () => {
  it("is the same for the same description, in whatever order its keys stand", async () => {
    const reordered = Object.fromEntries(Object.entries(base).toReversed()) as unknown as SpecOptions
    const digest = await digestOf()
    expect(digest).toMatch(/^sha256:[0-9a-f]{64}$/)
    expect((await bundle(spec("web", reordered), directory)).digest).toBe(digest)
  })

  it("does not depend on where the configuration lies", async () => {
    const other = await mkdtemp(join(tmpdir(), "fireclay-release-"))
    await writeFile(join(other, "page.html"), "one\n")
    expect((await bundle(spec("web", base), other)).digest).toBe(await digestOf())
    await rm(other, { recursive: true })
  })

  it.each<readonly [string, Partial<SpecOptions>]>([
    ["the base's suite", { base: debian("trixie", { include: ["curl"] }) }],
    ["the base's packages", { base: debian("bookworm") }],
    ["one resource more", { resources: [...base.resources, pkg("curl")] }],
    ["one resource less", { resources: base.resources.slice(1) }],
    ["the order of resources", { resources: base.resources.toReversed() }],
    ["a resource's want", { resources: [pkg("nginx", { version: "1" }), ...base.resources.slice(1)] }],
    ["a content", { resources: [...base.resources.slice(0, 2), file("/etc/note", { content: "b" })] }],
    ["a mode", { resources: [...base.resources.slice(0, 2), file("/etc/note", { content: "a", mode: 0o600 })] }],
    ["the command", { run: { command: ["/bin/false"], environment: { A: "1" }, writable: ["/var/x"] } }],
    ["the environment", { run: { command: ["/bin/true"], environment: { A: "2" }, writable: ["/var/x"] } }],
    ["what is writable", { run: { command: ["/bin/true"], environment: { A: "1" }, writable: ["/var/y"] } }],
    ["the port", { port: 81 }],
    ["the health check", { health: { path: "/", successes: 2 } }],
    ["the volumes", { volumes: { data: "/srv/other" } }],
  ])("changes with %s", async (_, options) => {
    expect(await digestOf(options)).not.toBe(await digestOf())
  })

  it("changes with the name of the spec", async () => {
    expect(await digestOf({}, "web2")).not.toBe(await digestOf())
  })

  it("changes with a source file, and back", async () => {
    const before = await digestOf()
    await put("page.html", "two\n")
    const after = await digestOf()
    await put("page.html", "one\n")
    expect(after).not.toBe(before)
    expect(await digestOf()).toBe(before)
  })
})

describe("a bundle", () => {
  it("holds every byte that it names, once, whatever the bytes", async () => {
    const bytes = Uint8Array.from({ length: 256 }, (_, index) => index)
    await put("binary", bytes)
    const resources = [
      file("/a", { source: "binary" }),
      file("/b", { source: "./binary" }),
      file("/c", { content: "é" }),
    ]
    const made = await bundle(spec("web", { resources }), directory)
    expect(made.manifest.resources.map(({ contents }) => contents)).toEqual([
      [{ sha256: sha256(bytes), size: 256 }],
      [{ sha256: sha256(bytes), size: 256 }],
      [{ sha256: sha256("é"), size: 2 }],
    ])
    expect([...made.bytes.keys()]).toEqual(expect.arrayContaining([sha256(bytes), sha256("é")]))
    expect(made.bytes.size).toBe(2)
    expect(Buffer.from(made.bytes.get(sha256(bytes)) ?? []).equals(bytes)).toBe(true)
  })

  it("is plain JSON and comes back from it as it was", async () => {
    const { manifest } = await bundle(spec("web", base), directory)
    expect(JSON.parse(JSON.stringify(manifest))).toEqual(manifest)
  })
})

const template = async (text: string, variables?: { readonly [name: string]: string | number }): Promise<string> => {
  await put("template", text)
  const resource = file("/t", { template: "./template", ...(variables === undefined ? {} : { variables }) })
  const [content] = (await bundle(spec("web", { resources: [resource] }), directory)).bytes.values()
  return Buffer.from(content ?? []).toString()
}

describe("a template", () => {
  it.each([
    ["{{ name }}", { name: "x" }, "x"],
    ["{{name}}{{  name  }}", { name: "x" }, "xx"],
    ["{{ port }}", { port: 0 }, "0"],
    ["{{ a }}", { a: "{{ b }}", b: "no" }, "{{ b }}"],
    ["{{ a }}", { a: "$& $1 $$ \\" }, "$& $1 $$ \\"],
    ["{ name } {{ 1a }} {{ a b }} {{}}", { name: "x" }, "{ name } {{ 1a }} {{ a b }} {{}}"],
    ["nothing\n", {}, "nothing\n"],
  ])("%j with %j is %j", async (text, variables, result) => {
    expect(await template(text, variables)).toBe(result)
  })

  it.each([
    ["{{ missing }}", { other: 1, third: "" }, "add missing to variables; known: other, third"],
    ["{{ missing }}", undefined, "add missing to variables; known: none"],
    ["{{ toString }}", {}, "add toString to variables; known: none"],
    ["{{ __proto__ }}", {}, "add __proto__ to variables; known: none"],
  ])("%j with %j is refused", async (text, variables, remedy) => {
    const error = await caught(() => template(text, variables))
    expect([error.code, error.at, error.remedy]).toEqual(["FC_SPEC_TEMPLATE", 'file("/t").template', remedy])
  })

  it("is only what asks to be one", async () => {
    await put("plain", "{{ name }}")
    const made = await bundle(spec("web", { resources: [file("/t", { source: "plain" })] }), directory)
    expect(made.bytes.has(sha256("{{ name }}"))).toBe(true)
  })
})

describe("a source that cannot be had", () => {
  it.each([
    ["missing.txt", "is not there"],
    [".", "cannot be read (EISDIR)"],
  ])("%s", async (source, why) => {
    const resources = [file("/f", { source })]
    const error = await caught(() => bundle(spec("web", { resources }) as Spec, directory))
    expect([error.code, error.at, error.message]).toEqual([
      "FC_SPEC_SOURCE",
      'file("/f").source',
      `the source file ${source} ${why}`,
    ])
  })
})

describe("canonical JSON", () => {
  it.each([
    [{ b: 1, a: { d: 1, c: 2 } }, '{"a":{"c":2,"d":1},"b":1}'],
    [[2, 1], "[2,1]"],
    [{ a: undefined, b: null }, '{"b":null}'],
    [[{ b: 1, a: 2 }], '[{"a":2,"b":1}]'],
  ])("of %j is %s", (value, text) => {
    expect(canonical(value)).toBe(text)
  })
})
