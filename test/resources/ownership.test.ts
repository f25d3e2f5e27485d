import { describe, expect, it } from "vitest"
import type { Eyes, PathState } from "../../src/contract/index.ts"
import { ancestors, formatMode, makeAncestors, missingAncestors } from "../../src/resources/ownership.ts"
import { made, pathState } from "./planning.ts"

describe("the directories above a path", () => {
  it.each([
    ["/motd", []],
    ["/etc/motd", ["/etc"]],
    ["/srv/a b/c/d", ["/srv", "/srv/a b", "/srv/a b/c"]],
  ])("of %s", (path, above) => {
    expect(ancestors(path)).toEqual(above)
  })

  it("are missing where nothing at all stands, and not where a file or link does", async () => {
    const there: { readonly [path: string]: PathState } = {
      "/srv": pathState("directory"),
      "/srv/link": pathState("link"),
    }
    const eyes = { stat: async (path: string) => there[path] } as Pick<Eyes, "stat"> as Eyes
    expect(await missingAncestors(eyes, "/srv/link/a/b/file")).toEqual(["/srv/link/a", "/srv/link/a/b"])
  })

  it("are made unless an earlier step makes them", () => {
    const none = new Set<string>()
    const willExist = new Set(["/a"])
    const context = { changed: none, contents: [], texts: [], willExist, gone: none, described: none, owners: none }
    expect(makeAncestors("/a/b/f", ["/a", "/a/b"], context)).toEqual([made("/a/b")])
    const leaving = { willExist: none, gone: new Set(["/a"]) }
    expect(makeAncestors("/a/b/f", ["/a/b"], leaving)).toEqual([made("/a"), made("/a/b")])
  })
})

describe("a mode in words", () => {
  it.each([
    [0o644, "0644"],
    [0o7, "0007"],
    [0o4755, "04755"],
  ])("%o is %s", (mode, text) => {
    expect(formatMode(mode)).toBe(text)
  })
})
