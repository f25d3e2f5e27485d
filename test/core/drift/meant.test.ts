import { describe, expect, it } from "vitest"
import { meantBy } from "../../../src/core/drift/meant.ts"

const file = (path: string) => ({ type: "file", id: `file:${path}`, want: { path } })
const pkg = (name: string, version?: string) => ({
  type: "package",
  id: `package:${name}`,
  want: version === undefined ? { name } : { name, version },
})

describe("what is meant by a release", () => {
  it.each([
    ["nothing new", [file("/a"), pkg("x")], [file("/a"), pkg("x")], [], []],
    ["a path that leaves", [file("/a"), file("/b")], [file("/b")], ["/a"], []],
    ["a path that comes: it is described", [], [file("/a")], [], []],
    ["a package that comes", [pkg("x")], [pkg("x"), pkg("y")], [], ["y"]],
    ["a package in another version", [pkg("x")], [pkg("x", "2")], [], ["x"]],
    ["a package that leaves", [pkg("x")], [], [], []],
  ] as const)("is told: %s", (_, before, now, paths, packages) => {
    expect(meantBy(before, now)).toEqual({ paths, packages })
  })
})
