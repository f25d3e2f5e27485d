import { describe, expect, it } from "vitest"
import { pkg } from "../../src/resources/index.ts"
import { nothing, planOf, removeOf } from "./planning.ts"

const any = pkg("nginx")
const exact = pkg("nginx", { version: "1.22.1-9" })
const installed = (version: string) => ({ version, held: false })
const install = (version?: string) => [
  { do: "install-packages", packages: [{ name: "nginx", ...(version === undefined ? {} : { version }) }] },
]

describe("a package's plan", () => {
  it.each([
    ["it is missing", any, undefined, [null, "as offered"], install(), true],
    ["it is missing and a version is wanted", exact, undefined, [null, "1.22.1-9"], install("1.22.1-9"), true],
    ["another version is there", exact, installed("1.18.0-6"), ["1.18.0-6", "1.22.1-9"], install("1.22.1-9"), false],
  ] as const)("when %s", (_, resource, have, [from, to], steps, creates) => {
    expect(planOf(pkg, resource, have)).toEqual({ changes: [{ property: "version", from, to }], steps, creates })
  })

  it.each([
    ["the very version is there", exact, installed("1.22.1-9")],
    ["some version is there and none is wanted", any, installed("1.18.0-6")],
    ["it is held, and none is wanted", any, { version: "1.18.0-6", held: true }],
  ])("is empty when %s", (_, resource, have) => {
    expect(planOf(pkg, resource, have)).toEqual(nothing)
  })
})

describe("taking a package away", () => {
  it("removes it, and leaves to core what came along", () => {
    expect(removeOf(pkg, any, installed("1.22.1-9"))).toEqual({
      changes: [{ property: "version", from: "1.22.1-9", to: null }],
      steps: [{ do: "remove-packages", packages: ["nginx"], alongside: [] }],
    })
  })

  it("does nothing when it is gone", () => {
    expect(removeOf(pkg, any, undefined)).toEqual(nothing)
  })
})
