import { describe, expect, it } from "vitest"
import { adopt, commonAdoption } from "../../../../src/core/drift/adopt/adopt.ts"
import { caught } from "../../../support/catch.ts"
import { eve, found, path, seen } from "./fixture.ts"

describe("a machine's drift as a description", () => {
  it("comes in an order in which each finds what it stands on", () => {
    const undeclared = [
      found("running unit", "x.service"),
      found("file", "/opt/a"),
      found("package", "jq:all", { details: ["1 installed"] }),
      found("directory", "/opt/z"),
      found("account", "eve"),
      found("group", "www"),
    ]
    const all = seen({
      paths: new Map([
        ["/opt/a", path({}, "a")],
        ["/opt/z", path({ kind: "directory" })],
      ]),
      users: new Map([["eve", eve]]),
      groups: new Map([["www", { name: "www", gid: 33 }]]),
      packages: new Map([["jq", { version: "1", held: false }]]),
      units: new Map([["x.service", { enabled: true, active: true, fragment: "/etc/x" }]]),
    })
    expect(adopt({ declared: [], undeclared }, all).add.map(({ construct }) => construct)).toEqual([
      "group",
      "user",
      "pkg",
      "directory",
      "file",
      "service",
    ])
  })
})

describe("what several machines come to", () => {
  const empty = { add: [], change: [], remove: [], refused: [] }
  const of = (machine: string, name: string) => ({
    machine,
    adoption: { ...empty, add: [{ id: `package:${name}`, construct: "pkg" as const, name, options: {} }] },
  })

  it("is the same where they drifted alike", () => {
    expect(commonAdoption("web", [])).toBeUndefined()
    expect(commonAdoption("web", [of("a", "jq"), of("b", "jq")])).toEqual(of("a", "jq"))
  })

  it("has to be chosen where they did not", async () => {
    expect(await caught(() => commonAdoption("web", [of("a", "jq"), of("b", "yq")]))).toMatchObject({
      code: "FC_USAGE",
      at: "a, b",
      remedy: expect.stringContaining("fireclay drift web --adopt --on a"),
    })
  })
})
