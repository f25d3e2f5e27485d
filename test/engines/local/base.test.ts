import { describe, expect, it } from "vitest"
import { bootstrapArgv } from "../../../src/engines/local/base.ts"
import { debian } from "../../../src/spec/index.ts"

describe("a base", () => {
  it("comes from its own sources, of its own day", () => {
    const sources = [
      "deb [check-valid-until=no] http://packages.example/debian/{snapshot} {suite} main",
      "deb http://packages.example/security/{snapshot} {suite}-security main",
    ]
    const argv = bootstrapArgv(debian("bookworm", { snapshot: "20261101T000000Z", sources }), "base.tar")
    expect(argv.slice(argv.indexOf("bookworm"))).toEqual([
      "bookworm",
      "base.tar",
      "deb [check-valid-until=no] http://packages.example/debian/20261101T000000Z bookworm main",
      "deb http://packages.example/security/20261101T000000Z bookworm-security main",
    ])
  })

  it("comes from this computer's without", () => {
    expect(bootstrapArgv(debian("bookworm"), "base.tar").at(-1)).toBe("base.tar")
  })
})
