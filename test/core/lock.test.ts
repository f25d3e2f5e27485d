import { describe, expect, it } from "vitest"
import { baseKey, emptyLock, lockKey, parseLock, renderLock } from "../../src/core/lock.ts"
import { debian } from "../../src/spec/index.ts"
import { caught } from "../support/catch.ts"

const lock = {
  bases: { "debian trixie amd64": "sha256:b", "debian bookworm amd64": "sha256:a" },
  packages: { "debian bookworm amd64": { zip: "3.0-13", jq: "1.6-2" } },
  moved: {},
}

describe("the lock file", () => {
  it("reads what it writes, sorted, and without moves as long as there are none", () => {
    const text = renderLock(undefined, lock)
    expect(parseLock(text)).toEqual(lock)
    expect(text).not.toContain("moved")
    expect(text.indexOf("jq")).toBeLessThan(text.indexOf("zip"))
    expect(text.indexOf("bookworm")).toBeLessThan(text.indexOf("trixie"))
    const moved = { ...lock, moved: { "debian bookworm amd64": 2 } }
    expect(parseLock(renderLock(text, moved))).toEqual(moved)
  })

  it("leaves what others wrote", () => {
    const before = JSON.stringify({ schemaVersion: 1, theirs: { a: 1 } })
    expect(JSON.parse(renderLock(before, emptyLock))).toEqual({
      schemaVersion: 1,
      theirs: { a: 1 },
      bases: {},
      packages: {},
    })
  })

  it.each([
    ["no JSON", "{"],
    ["a list", "[]"],
    ["of another time", '{ "schemaVersion": 2 }'],
    ["without one", "{}"],
    ["with versions that are none", '{ "schemaVersion": 1, "packages": { "debian bookworm amd64": { "jq": 1 } } }'],
    ["with a base that is none", '{ "schemaVersion": 1, "bases": { "debian bookworm amd64": null } }'],
    ["with moves that are none", '{ "schemaVersion": 1, "moved": { "debian bookworm amd64": "x" } }'],
  ])("is refused when it is %s", async (_, text) => {
    const error = await caught(async () => parseLock(text))
    expect([error.code, error.at]).toEqual(["FC_LOCK_FILE", "fireclay.lock"])
  })

  it("names a base by what its packages depend on", () => {
    const from = { snapshot: "20261101T000000Z", sources: ["deb http://x.example/{snapshot} {suite} main"] }
    expect(lockKey(debian("bookworm"))).toMatch(/^debian bookworm \w+$/)
    expect(lockKey(debian("bookworm", from))).toMatch(/^debian bookworm 20261101T000000Z \w+$/)
    expect(baseKey(debian("bookworm", { include: ["vim", "git", "vim"] }))).toMatch(/^debian bookworm \w+ \+git \+vim$/)
  })
})
