import { describe, expect, it } from "vitest"
import type { TreeEntry } from "../../src/contract/index.ts"
import { directory } from "../../src/resources/index.ts"
import { caught } from "../support/catch.ts"
import { pathState, planOf } from "./planning.ts"

const entry = (path: string, given: Partial<TreeEntry> = {}): TreeEntry => ({
  path,
  kind: path.endsWith("/") ? "directory" : "file",
  elsewhere: false,
  ...given,
  ...(path.endsWith("/") ? { path: path.slice(0, -1) } : {}),
})

const purged = (
  entries: readonly TreeEntry[],
  context: {
    readonly described?: readonly string[]
    readonly owners?: readonly string[]
    readonly gone?: readonly string[]
  } = {},
): readonly string[] => {
  const { described = [], owners = [], gone = [] } = context
  const plan = planOf(
    directory,
    directory("/d", { purge: true }),
    { state: pathState("directory"), missing: [], entries },
    { described: new Set(["/d", ...described, ...owners]), owners: new Set(["/d", ...owners]), gone: new Set(gone) },
  )
  expect(plan.changes.map(({ property, from, to }) => [property, from, to])).toEqual(
    plan.steps.map((step) => ["purge", "path" in step && step.path, null]),
  )
  return plan.steps.map((step) => ("path" in step ? `${step.do} ${step.path}` : step.do))
}

describe("a purge", () => {
  it.each<readonly [string, readonly TreeEntry[], Parameters<typeof purged>[1], readonly string[]]>([
    ["takes nothing from an empty directory", [], {}, []],
    [
      "goes deepest first",
      [entry("/d/a/"), entry("/d/a/b/"), entry("/d/a/b/f"), entry("/d/x")],
      {},
      ["remove-path /d/a/b/f", "remove-path /d/a/b", "remove-path /d/a", "remove-path /d/x"].toSorted(
        (a, b) => b.split("/").length - a.split("/").length,
      ),
    ],
    [
      "keeps what is described, and the way to it",
      [entry("/d/a/"), entry("/d/a/f"), entry("/d/a/g"), entry("/d/b/"), entry("/d/l", { kind: "link" })],
      { described: ["/d/a/f"] },
      ["remove-path /d/a/g", "remove-path /d/b", "remove-path /d/l"],
    ],
    [
      "leaves to a described directory what it holds",
      [entry("/d/own/"), entry("/d/own/f"), entry("/d/owner"), entry("/d/own/deep/"), entry("/d/own/deep/f")],
      { owners: ["/d/own"] },
      ["remove-path /d/owner"],
    ],
    [
      "leaves alone what an earlier step removed",
      [entry("/d/f"), entry("/d/g")],
      { gone: ["/d/f"] },
      ["remove-path /d/g"],
    ],
    [
      "does not mind a mount that is described",
      [entry("/d/data/", { elsewhere: true }), entry("/d/f")],
      { owners: ["/d/data"] },
      ["remove-path /d/f"],
    ],
  ])("%s", (_, entries, context, expected) => {
    expect(purged(entries, context)).toEqual(expected)
  })

  it("comes after the directory's own mode and owner", () => {
    const state = pathState("directory", { mode: 0o700 })
    const plan = planOf(directory, directory("/d", { purge: true }), { state, missing: [], entries: [entry("/d/f")] })
    expect(plan.steps.map((step) => step.do)).toEqual(["set-ownership", "remove-path"])
  })

  it.each<readonly [string, TreeEntry, string]>([
    ["a mount", entry("/d/mnt/", { elsewhere: true }), "/d cannot be purged: /d/mnt lies on a file system of its own"],
    ["a name that is no text", entry("/d/\uFFFD"), "/d cannot be purged: /d/\uFFFD has a name that is not UTF-8"],
  ])("is refused over %s: FC_PURGE", async (_, stray, message) => {
    const error = await caught(async () => purged([stray]))
    expect([error.code, error.message, error.at]).toEqual(["FC_PURGE", message, "directory:/d"])
  })

  it.each([
    "/",
    "/etc",
    "/usr",
    "/var",
    "/home",
    "/srv",
    "/etc/systemd",
    "/etc/systemd/system",
    "/etc/systemd/system/multi-user.target.wants",
    "/etc/ssh",
    "/usr/lib",
    "/usr/local",
    "/usr/bin",
    "/var/lib",
    "/var/lib/dpkg",
    "/var/lib/dpkg/info",
    "/var/lib/fireclay",
    "/boot/grub",
    "/run/lock",
    "/proc/sys",
  ])("of %s is refused: FC_SPEC_PURGE", async (path) => {
    const error = await caught(async () => directory(path, { purge: true }))
    expect([error.code, error.at]).toEqual(["FC_SPEC_PURGE", `directory("${path}").purge`])
  })

  it.each([
    "/etc/nginx/conf.d",
    "/srv/app",
    "/opt/app",
    "/usr/local/lib/app",
    "/var/www/html",
    "/home/app",
    "/var/lib/app",
  ])("of %s is allowed", (path) => {
    expect(directory(path, { purge: true }).want).toMatchObject({ path, purge: true })
  })

  it("that is not asked for is no part of what is wanted", () => {
    expect(directory("/d", { purge: false })).toEqual(directory("/d"))
  })
})
