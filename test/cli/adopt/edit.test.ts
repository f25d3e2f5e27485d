import { describe, expect, it } from "vitest"
import { type CallText, type Edits, editModule, newModule } from "../../../src/cli/adopt/edit.ts"
import { caught } from "../../support/catch.ts"

const call = (construct: CallText["construct"], name: string, options: CallText["options"] = {}): CallText => ({
  id: `${construct}:${name}`,
  construct,
  name,
  options,
})

const edits = (given: Partial<Edits>): Edits => ({ add: [], change: [], remove: [], ...given })

/** A configuration with a list of resources, and what it becomes. */
const inConfig = (list: string, imported = "file, service"): string => `import { spec } from "fireclay"
import { ${imported} } from "fireclay/resources"

// What people wrote stays.
const web = spec("web", {
  resources: ${list},
  port:   80,
})
`

interface Row {
  readonly what: string
  readonly before: string
  readonly after: string
  readonly edits: Partial<Edits>
  readonly imported?: string
}

const motd = call("file", "/etc/motd", { source: "./files/web/etc/motd" })
const mode = { change: [call("file", "/etc/a", { mode: 0o600 })] }

const rows: readonly Row[] = [
  {
    what: "adds to a short list on its line",
    before: `[file("/a", { content: "" })]`,
    after: `[file("/a", { content: "" }), service("cron")]`,
    edits: { add: [call("service", "cron")] },
  },
  {
    what: "adds to an empty list",
    before: "[]",
    after: `[service("cron", { running: false })]`,
    edits: { add: [call("service", "cron", { running: false })] },
  },
  {
    what: "adds several to a short list on lines of their own",
    before: `[service("cron")]`,
    after: `[service("cron"),\n    file("/etc/motd", { source: "./files/web/etc/motd" }),\n    service("x"),\n  ]`,
    edits: { add: [motd, call("service", "x")] },
  },
  {
    what: "adds to a list by lines, behind its comments",
    before: `[\n    service("cron"), // for the logs\n    // more to come\n  ]`,
    after: `[\n    service("cron"), // for the logs\n    // more to come\n    file("/etc/motd", { source: "./files/web/etc/motd" }),\n  ]`,
    edits: { add: [motd] },
  },
  {
    what: "adds the comma that is missing",
    before: `[\n\t\tservice("cron") // a, b\n\t]`,
    after: `[\n\t\tservice("cron"), // a, b\n\t\tservice("x"),\n\t]`,
    edits: { add: [call("service", "x")] },
  },
  {
    what: "adds behind what is spread",
    before: `[\n    ...base,\n    ...(big ? [service("y")] : []),\n  ]`,
    after: `[\n    ...base,\n    ...(big ? [service("y")] : []),\n    service("x"),\n  ]`,
    edits: { add: [call("service", "x")] },
  },
  {
    what: "adds to the list of every machine",
    before: `(machine) => [\n    service("cron"),\n  ]`,
    after: `(machine) => [\n    service("cron"),\n    service("x"),\n  ]`,
    edits: { add: [call("service", "x")] },
  },
  {
    what: "adds the imports that are missing",
    before: `[service("cron")]`,
    after: `[service("cron"), pkg("jq")]`,
    imported: "file, service, pkg",
    edits: { add: [call("pkg", "jq")] },
  },
  {
    what: "writes names and values so that nothing in them is code",
    before: "[]",
    after: `[link("/etc/\\"x\\"\\n\${y}", { target: "a\\\\b" })]`,
    imported: "file, service, link",
    edits: { add: [call("link", '/etc/"x"\n${y}', { target: "a\\b" })] },
  },
  {
    what: "sets an option that is there",
    before: `[file("/etc/a", { content: "a", mode: 0o644 /* all */ })]`,
    after: `[file("/etc/a", { content: "a", mode: 0o600 /* all */ })]`,
    edits: mode,
  },
  {
    what: "sets an option that is not",
    before: `[file('/etc/a', { content: "a" })]`,
    after: `[file('/etc/a', { content: "a", mode: 0o600 })]`,
    edits: mode,
  },
  {
    what: "sets the first option",
    before: `[service("cron"), service("ssh.service", {})]`,
    after: `[service("cron", { enabled: false }), service("ssh.service", { running: false })]`,
    edits: {
      change: [call("service", "cron.service", { enabled: false }), call("service", "ssh.service", { running: false })],
    },
  },
  {
    what: "sets a content and an owner",
    before: `[file("/etc/a", {\n    content: \`a\`,\n    owner: "app",\n  })]`,
    after: `[file("/etc/a", {\n    content: "b\\n\\"c\\"\\n",\n    owner: "root",\n  })]`,
    edits: { change: [call("file", "/etc/a", { content: 'b\n"c"\n', owner: "root" })] },
  },
  {
    what: "sets a list",
    before: `[user("app", { groups: ["a"] })]`,
    after: `[user("app", { groups: ["a","sudo"] })]`,
    imported: "file, service, user",
    edits: { change: [call("user", "app", { groups: ["a", "sudo"] })] },
  },
  {
    what: "takes a line out",
    before: `[\n    service("cron"),\n    service("x"), // old\n    file("/a", { content: "" }),\n  ]`,
    after: `[\n    service("cron"),\n    file("/a", { content: "" }),\n  ]`,
    edits: { remove: [call("service", "x")] },
  },
  {
    what: "takes the last out of a line, and the only one",
    before: `[service("cron"), service("x")]`,
    after: `[service("cron")]`,
    edits: { remove: [call("service", "x")] },
  },
  {
    what: "takes the first out of a line",
    before: `[service("x"), service("cron")]`,
    after: `[service("cron")]`,
    edits: { remove: [call("service", "x")] },
  },
]

describe("a configuration", () => {
  it.each(rows)("$what", ({ before, after, imported, edits: given }) => {
    const known = imported === "file, service, user" ? imported : undefined
    const edited = editModule(inConfig(before, known), { spec: "web" }, edits(given))
    expect(edited).toEqual({ text: inConfig(after, imported), left: [] })
  })

  it.each<readonly [string, string, Partial<Edits>, string]>([
    ["a list that a function makes", `make()`, { add: [motd] }, "its list is computed"],
    ["a list from elsewhere", `shared`, { add: [motd] }, "its list is computed"],
    ["an option that is computed", `[file("/etc/a", { content: "a", mode: masks.a })]`, mode, "its mode is computed"],
    ["an option that is a variable", `[file("/etc/a", { content: "a", mode })]`, mode, "its mode is computed"],
    ["options that are computed", `[file("/etc/a", options)]`, mode, "its options are computed"],
    ["a name that is computed", `[file(etc + "/a", { content: "a" })]`, mode, "it is not described here by its name"],
    [
      "what is described twice",
      `[file("/etc/a", {}), file("/etc/a", {})]`,
      mode,
      "it is described here more than once",
    ],
    [
      "what is no part of a list",
      `[wrap(service("x"))]`,
      { remove: [call("service", "x")] },
      "it is no plain part of a list",
    ],
  ])("is left alone where there is %s", (_, list, given, why) => {
    const text = inConfig(list)
    const edited = editModule(text, { spec: "web" }, edits(given))
    expect([edited.text, edited.left.map((each) => each.why)]).toEqual([text, [why]])
  })

  it("may have its list in a constant that nothing else uses", () => {
    const text = (list: string) => `import { spec } from "fireclay"
import { service } from "fireclay/resources"
const list = ${list} as const
export default spec("web", { resources: list })
`
    const add = { add: [call("service", "x")] }
    const edited = editModule(text(`[service("cron")]`), { spec: "web" }, edits(add))
    expect(edited).toEqual({ text: text(`[service("cron"), service("x")]`), left: [] })
    const shared = `${text(`[service("cron")]`)}export const other = spec("other", { resources: list })\n`
    expect(editModule(shared, { spec: "web" }, edits(add)).left).toHaveLength(1)
  })

  it("may import by other names, as a whole, or nothing at all", () => {
    const add = edits({ add: [call("service", "x"), call("pkg", "jq")] })
    const text = (imports: string, list: string) =>
      `import { spec as describe } from "fireclay";\n${imports}export default describe("web", { resources: [${list}] });\n`
    const own = text('import { service as unit } from "fireclay/resources";\n', "")
    expect(editModule(own, { spec: "web" }, add).text).toBe(
      text('import { service as unit, pkg } from "fireclay/resources";\n', '\n  unit("x"),\n  pkg("jq"),\n'),
    )
    const whole = text('import * as r from "fireclay/resources";\n', "")
    expect(editModule(whole, { spec: "web" }, add).text).toBe(
      text('import * as r from "fireclay/resources";\n', '\n  r.service("x"),\n  r.pkg("jq"),\n'),
    )
    expect(editModule(text("", ""), { spec: "web" }, add).text).toBe(
      text('import { pkg, service } from "fireclay/resources";\n', '\n  service("x"),\n  pkg("jq"),\n'),
    )
  })

  it("is left alone where a name that is needed means something else", () => {
    const text = `${inConfig("[]", "service")}const file = 1\n`
    expect(editModule(text, { spec: "web" }, edits({ add: [motd] }))).toEqual({
      text,
      left: [{ id: "file:/etc/motd", why: "a name that it needs is taken here" }],
    })
  })

  it("is left alone where two specifications have one name", () => {
    const text = `${inConfig("[]")}const again = spec("web", { resources: [] })\n`
    expect(editModule(text, { spec: "web" }, edits({ add: [motd] })).text).toBe(text)
  })
})

describe("what is no TypeScript", () => {
  it("is an error", async () => {
    expect(await caught(() => editModule("const = 1", { spec: "web" }, edits({})))).toMatchObject({ code: "FC_ADOPT" })
  })
})

describe("a list of its own", () => {
  it("is made, and added to later", () => {
    const first = newModule([motd])
    expect(first).toBe(`import { file } from "fireclay/resources"

/** What was found on machines, and is wanted. */
export const adopted = [
  file("/etc/motd", { source: "./files/web/etc/motd" }),
]
`)
    const { text, left } = editModule(first, { constant: "adopted" }, edits({ add: [call("service", "x")] }))
    expect(left).toEqual([])
    expect(text).toContain('import { file, service } from "fireclay/resources"')
    expect(text).toContain('etc/motd" }),\n  service("x"),\n]\n')
  })
})
