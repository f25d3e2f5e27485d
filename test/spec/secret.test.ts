import { inspect } from "node:util"
import { describe, expect, it } from "vitest"
import { isSecret } from "../../src/contract/index.ts"
import { secret } from "../../src/spec/index.ts"
import { caught } from "../support/catch.ts"

describe("a reference to a secret", () => {
  const reference = secret("DB_PASSWORD", { command: ["pass", "show", "db"] })

  it.each([
    ["text", String(reference)],
    ["a template", `${reference}`],
    ["joined text", [reference].join()],
    ["JSON", JSON.parse(JSON.stringify(reference))],
    ["an inspection", inspect(reference)],
    ["an inspection of what holds it", inspect({ deep: [reference] }).replace(/.*(‹.*›).*/, "$1")],
  ])("says only its name as %s", (_, said) => {
    expect(said).toBe("‹secret DB_PASSWORD›")
  })

  it("is frozen all the way down, and known by its mark", () => {
    expect(
      [reference, reference.source, "argv" in reference.source && reference.source.argv].every(Object.isFrozen),
    ).toBe(true)
    expect([reference, { ...reference }, "x", null, undefined].map(isSecret)).toEqual([
      true,
      false,
      false,
      false,
      false,
    ])
  })

  it.each<readonly [string, Parameters<typeof secret>, object]>([
    ["the environment", ["A"], { secret: "A", source: { from: "environment" } }],
    ["a file", ["A", { file: "s.age" }], { secret: "A", source: { from: "file", path: "s.age" } }],
    [
      "a file with its key",
      ["A", { file: "s.age", identity: "~/k" }],
      { secret: "A", source: { from: "file", path: "s.age", identity: "~/k" } },
    ],
    ["a command", ["A", { command: ["x", "y"] }], { secret: "A", source: { from: "command", argv: ["x", "y"] } }],
  ])("as data says that it comes from %s", (_, given, data) => {
    expect({ ...secret(...given) }).toEqual(data)
  })

  it.each<readonly [string, () => unknown, string, string]>([
    ["a name with a dash", () => secret("a-b"), "FC_SPEC_VALUE", 'secret("a-b")'],
    ["two sources", () => secret("A", { file: "x", command: ["y"] }), "FC_SPEC_VALUE", 'secret("A")'],
    ["a key without a file", () => secret("A", { identity: "x" }), "FC_SPEC_VALUE", 'secret("A")'],
    ["an empty command", () => secret("A", { command: [] }), "FC_SPEC_VALUE", 'secret("A").command'],
    ["an unknown key", () => secret("A", { fiel: "x" } as object), "FC_SPEC_UNKNOWN_KEY", 'secret("A").fiel'],
  ])("is refused with %s", async (_, make, code, at) => {
    const error = await caught(async () => make())
    expect([error.code, error.at]).toEqual([code, at])
  })
})
