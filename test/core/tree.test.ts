import { describe, expect, it } from "vitest"
import { compareTrees } from "../../src/core/tree/compare.ts"
import { explain, type Scene } from "../../src/core/tree/explain.ts"
import { explainByPast } from "../../src/core/tree/past.ts"
import type { Entry, Tree } from "../../src/core/tree/scan.ts"

const file: Entry = { kind: "f", mode: "644", owner: "root", group: "root", size: "1", content: "aa" }
const empty: Entry = { kind: "f", mode: "644", owner: "root", group: "root", size: "0" }
const directory: Entry = { kind: "d", mode: "755", owner: "root", group: "root" }
const link = (target: string): Entry => ({ kind: "l", mode: "777", owner: "root", group: "root", target })

const tree = (
  entries: Record<string, Entry>,
  more: Partial<Record<"texts" | "packages", Record<string, string>>> = {},
): Tree => ({
  entries: new Map(Object.entries(entries)),
  texts: new Map(Object.entries(more.texts ?? {})),
  packages: new Map(Object.entries(more.packages ?? {})),
  notes: [],
})

const manifest: Scene["manifest"] = {
  resources: [
    { type: "directory", id: "directory:/var/lib/app/own", want: { path: "/var/lib/app/own" }, contents: [] },
  ],
  volumes: [{ name: "data", path: "/srv/data" }],
  scratch: ["/srv/state"],
}

const told = (one: Tree, other: Tree, touched?: ReadonlySet<string>) =>
  compareTrees(one, other).map((difference) => {
    const { what, property, kind } = explain(difference, { one, other, manifest, ...(touched && { touched }) })
    return [what, property, kind].join(" ")
  })

const rows: readonly (readonly [string, Tree, Tree, readonly string[]])[] = [
  ["the same", tree({ "/a": file }), tree({ "/a": file }), []],
  ["content", tree({ "/a": file }), tree({ "/a": { ...file, content: "bb" } }), ["/a content unexplained"]],
  [
    "mode, owner and attributes",
    tree({ "/a": file }),
    tree({ "/a": { ...file, mode: "4755", owner: "app", attributes: "security.capability=00" } }),
    ["/a mode unexplained", "/a owner unexplained", "/a attributes unexplained"],
  ],
  ["kind", tree({ "/a": file }), tree({ "/a": directory }), ["/a kind unexplained"]],
  ["target", tree({ "/a": link("b") }), tree({ "/a": link("c") }), ["/a target unexplained"]],
  ["one side only", tree({ "/a": file }), tree({}), ["/a there unexplained"]],
  ["a machine's own", tree({ "/etc/machine-id": file }), tree({}), ["/etc/machine-id there machine"]],
  ["a log", tree({ "/var/log/x": file }), tree({}), ["/var/log/x there nature"]],
  [
    "data",
    tree({ "/srv/data/x": file, "/srv/state": directory }),
    tree({}),
    ["/srv/data/x there data", "/srv/state there data"],
  ],
  ["beside data", tree({ "/srv/database": file }), tree({}), ["/srv/database there unexplained"]],
  [
    "what comes with the start",
    tree({ "/etc/app.env": file }),
    tree({ "/etc/app.env": link("/run/fireclay/app.env") }),
    ["/etc/app.env kind start"],
  ],
  [
    "a place for state",
    tree({ "/var/lib/app": directory, "/var/lib/app/body": directory, "/var/lib/app/log": empty }),
    tree({ "/var/lib/app": directory }),
    ["/var/lib/app/body there nature", "/var/lib/app/log there nature"],
  ],
  [
    "state with something in it, or that a resource is about",
    tree({
      "/var/lib/app": directory,
      "/var/lib/app/own": directory,
      "/var/lib/app/b": directory,
      "/var/lib/app/b/f": file,
    }),
    tree({ "/var/lib/app": directory }),
    ["/var/lib/app/b there unexplained", "/var/lib/app/b/f there unexplained", "/var/lib/app/own there unexplained"],
  ],
  [
    "packages",
    tree({}, { packages: { jq: "1 ii", zip: "3 ii" } }),
    tree({}, { packages: { jq: "2 ii" } }),
    ["package jq version unexplained", "package zip version unexplained"],
  ],
  [
    "accounts in another order, with other numbers, and another shell",
    tree({}, { texts: { "/etc/passwd": "a:x:1:1::/a:/bin/sh\nb:x:2:2::/b:/bin/sh\n" } }),
    tree({}, { texts: { "/etc/passwd": "b:x:3:2::/b:/bin/sh\na:x:1:1::/a:/bin/false\n" } }),
    ["/etc/passwd: a shell unexplained", "/etc/passwd: b uid derived"],
  ],
  [
    "members of a group in another order, and one more",
    tree({}, { texts: { "/etc/group": "g:x:1:a,b\nh:x:2:a\n" } }),
    tree({}, { texts: { "/etc/group": "g:x:1:b,a\nh:x:2:a,b\n" } }),
    ["/etc/group: h members unexplained"],
  ],
  [
    "when a password was set",
    tree({}, { texts: { "/etc/shadow": "a:*:19000:0:::::\n" } }),
    tree({}, { texts: { "/etc/shadow": "a:*:20000:0:::::\n" } }),
    ["/etc/shadow: a changed nature"],
  ],
]

describe("two machines", () => {
  it.each(rows)("%s", (_, one, other, expected) => {
    expect(told(one, other)).toEqual(expected)
  })

  it("never tell a password", () => {
    const of = (password: string) => tree({}, { texts: { "/etc/shadow": `a:${password}:1:0:::::\n` } })
    const [difference] = compareTrees(of("$y$one"), of("$y$two"))
    expect(difference).toMatchObject({ property: "password", one: "‹hidden›", other: "‹hidden›" })
  })

  it("differ by what an earlier release left, where the one in force says nothing of it", () => {
    const image = tree(
      { "/old": { ...file, owner: "ann", group: "ann" }, "/changed": file, "/new": file },
      { texts: { "/etc/group": "old:x:1:ann\n" } },
    )
    const drifted = { ...file, content: "bb" }
    const one = tree(
      { "/old": { ...file, owner: "1001", group: "1001" }, "/changed": drifted, "/new": file, "/own": file },
      { texts: { "/etc/group": "old:x:1:\n" } },
    )
    const explained = compareTrees(one, tree({})).map((difference) =>
      explain(difference, { one, other: tree({}), manifest }),
    )
    const told = explainByPast(explained, one, new Set(["/new"]), { release: 3, image })
    expect(told.map(({ what, kind }) => `${what} ${kind}`)).toEqual([
      "/changed unexplained",
      "/new unexplained",
      "/old past",
      "/own unexplained",
      "/etc/group: old past",
    ])
    expect(told[2]?.why).toBe("as release 3 left it")
  })

  it("of another system are compared in what the release touches", () => {
    const [one, other] = [tree({ "/a": file, "/b": file }), tree({ "/a": { ...file, mode: "600" } })]
    expect(told(one, other, new Set(["/a"]))).toEqual(["/a mode unexplained", "/b there server"])
  })
})
