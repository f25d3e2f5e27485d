import { describe, expect, it } from "vitest"
import type { PathState, PlanContext, Resource, ResourcePlan } from "../../src/contract/index.ts"
import { file } from "../../src/resources/index.ts"
import { secret } from "../../src/spec/index.ts"
import { contentOf, made, nothing, pathState, planOf, removeOf } from "./planning.ts"

interface Have {
  readonly state?: PathState
  readonly sha256?: string
  readonly text?: string
  readonly missing?: readonly string[]
}

const have = (given: Have = {}) => ({ state: undefined, sha256: undefined, text: undefined, missing: [], ...given })

const old = contentOf("old\n").sha256
const neu = contentOf("new\n").sha256
const motd = file("/etc/motd", { content: "new\n" })
const owned = file("/etc/app.conf", { content: "new\n", mode: 0o640, owner: "app", group: "adm" })
const deep = file("/srv/a/b/c.txt", { content: "new\n" })

const root = { mode: 0o644, owner: "root", group: "root" }
const write = (path: string, ownership: object = root) => ({
  do: "write-file",
  path,
  content: contentOf("new\n"),
  ...ownership,
})
const asWanted = have({ state: pathState("file"), sha256: neu })

interface Row {
  readonly when: string
  readonly resource: Resource
  readonly have: ReturnType<typeof have>
  readonly context?: Partial<PlanContext>
  readonly plan: unknown
}

const rows: readonly Row[] = [
  { when: "it is as it should be", resource: motd, have: asWanted, plan: nothing },
  {
    when: "it is not there",
    resource: motd,
    have: have(),
    plan: {
      changes: [{ property: "content", from: null, to: "new\n" }],
      steps: [write("/etc/motd")],
      creates: true,
    },
  },
  {
    when: "its content differs and can be read",
    resource: motd,
    have: have({ state: pathState("file"), sha256: old, text: "old\n" }),
    plan: {
      changes: [{ property: "content", from: "old\n", to: "new\n" }],
      steps: [write("/etc/motd")],
      creates: false,
    },
  },
  {
    when: "what is there cannot be read as text",
    resource: motd,
    have: have({ state: pathState("file"), sha256: old }),
    plan: {
      changes: [{ property: "content", from: `sha256:${old.slice(0, 12)}`, to: `sha256:${neu.slice(0, 12)}` }],
      steps: [write("/etc/motd")],
      creates: false,
    },
  },
  {
    when: "what is wanted cannot be shown as text",
    resource: motd,
    have: have(),
    context: { texts: [undefined] },
    plan: {
      changes: [{ property: "content", from: null, to: `sha256:${neu.slice(0, 12)}` }],
      steps: [write("/etc/motd")],
      creates: true,
    },
  },
  {
    when: "only mode, owner and group differ: the content stays",
    resource: owned,
    have: have({ state: pathState("file"), sha256: neu }),
    plan: {
      changes: [
        { property: "mode", from: "0644", to: "0640" },
        { property: "owner", from: "root", to: "app" },
        { property: "group", from: "root", to: "adm" },
      ],
      steps: [{ do: "set-ownership", path: "/etc/app.conf", mode: 0o640, owner: "app", group: "adm" }],
    },
  },
  {
    when: "only the group differs",
    resource: motd,
    have: have({ state: pathState("file", { group: "42" }), sha256: neu }),
    plan: {
      changes: [{ property: "group", from: "42", to: "root" }],
      steps: [{ do: "set-ownership", path: "/etc/motd", ...root }],
    },
  },
  {
    when: "content and mode differ: one step does both",
    resource: owned,
    have: have({ state: pathState("file", { owner: "app", group: "adm", mode: 0o4755 }), sha256: old, text: "old\n" }),
    plan: {
      changes: [
        { property: "content", from: "old\n", to: "new\n" },
        { property: "mode", from: "04755", to: "0640" },
      ],
      steps: [write("/etc/app.conf", { mode: 0o640, owner: "app", group: "adm" })],
      creates: false,
    },
  },
  ...(["link", "directory", "other"] as const).map((kind) => ({
    when: `a ${kind} is in the way, whatever it leads to`,
    resource: motd,
    have: have({ state: pathState(kind), sha256: neu }),
    plan: {
      changes: [{ property: "kind", from: kind, to: "file" }],
      steps: [write("/etc/motd")],
      creates: false,
    },
  })),
  {
    when: "directories above it are missing: outermost first",
    resource: deep,
    have: have({ missing: ["/srv/a", "/srv/a/b"] }),
    plan: {
      changes: [{ property: "content", from: null, to: "new\n" }],
      steps: [made("/srv/a"), made("/srv/a/b"), write("/srv/a/b/c.txt")],
      creates: true,
    },
  },
  {
    when: "an earlier step makes one of the missing directories",
    resource: deep,
    have: have({ missing: ["/srv/a", "/srv/a/b"] }),
    context: { willExist: new Set(["/srv/a"]) },
    plan: {
      changes: [{ property: "content", from: null, to: "new\n" }],
      steps: [made("/srv/a/b"), write("/srv/a/b/c.txt")],
      creates: true,
    },
  },
]

describe("a file's plan", () => {
  it.each(rows)("when $when", ({ resource, have, context, plan }) => {
    expect(planOf(file, resource, have, context)).toEqual(plan)
  })
})

const removals: readonly (readonly [string, ReturnType<typeof have>, ResourcePlan])[] = [
  ["it is gone already", have(), nothing],
  [
    "it is there",
    have({ state: pathState("file", { size: 12 }), sha256: old }),
    {
      changes: [{ property: "file", from: "12 bytes", to: null }],
      steps: [{ do: "remove-path", path: "/etc/motd" }],
    },
  ],
  ["a directory took its place, which Fireclay did not make", have({ state: pathState("directory") }), nothing],
  ["a link took its place, which Fireclay did not make", have({ state: pathState("link") }), nothing],
]

describe("taking a file away", () => {
  it.each(removals)("when %s", (_, state, plan) => {
    expect(removeOf(file, motd, state)).toEqual(plan)
  })
})

describe("a file's source", () => {
  it.each([
    ["content", { content: "x" }, { text: "x" }],
    ["source", { source: "./x" }, { path: "./x", at: 'file("/f").source' }],
    [
      "template",
      { template: "./x", variables: { a: 1 } },
      { path: "./x", at: 'file("/f").template', variables: { a: 1 } },
    ],
    ["template without variables", { template: "./x" }, { path: "./x", at: 'file("/f").template', variables: {} }],
  ])("from %s", (_, options, source) => {
    expect(file("/f", options).sources).toEqual([source])
  })

  it.each([
    ["number", { content: "", mode: 0o755 }, 0o755],
    ["text", { content: "", mode: "0755" }, 0o755],
    ["short text", { content: "", mode: "755" }, 0o755],
    ["nothing", { content: "" }, 0o644],
  ])("takes a mode as %s", (_, options, mode) => {
    expect(file("/f", options).want).toMatchObject({ mode })
  })

  it("gives the owner's group unless it is told another", () => {
    expect(file("/f", { content: "", owner: "app" }).want).toMatchObject({ owner: "app", group: "app" })
    expect(file("/f", { content: "", owner: "app", group: "adm" }).want).toMatchObject({ owner: "app", group: "adm" })
  })
})

describe("a file with secrets", () => {
  const token = secret("TOKEN")

  it.each<readonly [string, Resource, number]>([
    ["its content is one", file("/t", { content: token }), 0o600],
    ["its template takes one", file("/t", { template: "t", variables: { a: 1, b: token } }), 0o600],
    ["it says otherwise", file("/t", { content: token, mode: "0640" }), 0o640],
    ["there is none", file("/t", { template: "t", variables: { a: 1 } }), 0o644],
  ])("is for its owner only by default: %s", (_, resource, mode) => {
    expect(resource.want).toMatchObject({ mode })
  })
})
