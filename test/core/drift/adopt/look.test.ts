import { mkdir, symlink, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { adoptionOf, refuseAdopting } from "../../../../src/core/drift/adopt/look.ts"
import type { Finding } from "../../../../src/core/drift/judge.ts"
import { fleet, inPlace, ssh } from "../../../../src/spec/index.ts"
import { allAtOnce } from "../../../../src/strategies/index.ts"
import { caught } from "../../../support/catch.ts"
import { nameFleet } from "../../../support/fleet.ts"
import { testSecrets } from "../../../support/secrets.ts"
import { openShellMachine, type ShellMachine } from "../../../support/shell-machine.ts"
import { webFleet, webSpec } from "../../rollout-fixture.ts"
import { found } from "./fixture.ts"

let shell: ShellMachine
beforeAll(async () => {
  shell = await openShellMachine()
})
afterAll(() => shell.dispose())

const drifted = (undeclared: readonly Finding[]) => ({
  ...{ machine: "shell", declared: [], undeclared, ignored: [], data: 0, varied: 0 },
})

describe("what a machine has, as a description", () => {
  it("has the bytes of files, and of secrets neither bytes nor a question for them", async () => {
    const at = (name: string): string => join(shell.root, name)
    const secrets = testSecrets({ SHOP: "open-sesame" })
    await secrets.read({ secret: "SHOP", from: { env: "SHOP" } } as never)
    await writeFile(at("binary"), Buffer.from([0, 255, 10, 10]), { mode: 0o600 })
    await writeFile(at("own"), "say open-sesame\n")
    await writeFile(at(".env"), "A=b\n")
    await mkdir(at("tree"))
    await writeFile(at("tree/ü b"), "x")
    await symlink("ü b", at("tree/link"))
    const findings = [
      found("file", at("binary")),
      found("file", at("own")),
      found("file", at(".env")),
      found("directory", at("tree")),
    ]
    const { add, refused } = await adoptionOf({ secrets }, shell.machine, drifted(findings))
    expect(
      add.map(({ construct, name, options, bytes }) => [construct, name.slice(shell.root.length), options, bytes]),
    ).toEqual([
      ["directory", "/tree", {}, undefined],
      ["file", "/binary", { mode: 0o600 }, Buffer.from([0, 255, 10, 10])],
      ["file", "/tree/ü b", {}, Buffer.from("x")],
      ["link", "/tree/link", { target: "ü b" }, undefined],
    ])
    expect(refused.map(({ what }) => what.replace(shell.root, ""))).toEqual(["file /own", "file /.env"])
    expect(shell.scripts.join("\n")).not.toMatch(/base64[^\n]*\.env/)
  })

  it("leaves large files and whole applications where they are", async () => {
    const at = (name: string): string => join(shell.root, name)
    await writeFile(at("large"), Buffer.alloc(300_000))
    await mkdir(at("many"))
    await Promise.all(Array.from({ length: 201 }, (_, index) => writeFile(at(`many/${index}`), "")))
    const findings = [found("file", at("large")), found("directory", at("many"))]
    const { add, refused } = await adoptionOf({ secrets: testSecrets() }, shell.machine, drifted(findings))
    expect([add, refused.map(({ why }) => why)]).toEqual([
      [],
      ["it is larger than a project should keep (300000 bytes)", "it has more below it than a project should keep"],
    ])
  })
})

describe("a fleet whose drift may be adopted", () => {
  it("is one whose machines are kept", async () => {
    refuseAdopting(nameFleet(fleet(webSpec(1), { on: ssh({ hosts: ["a"] }), by: inPlace({ strategy: allAtOnce() }) })))
    expect(await caught(() => refuseAdopting(webFleet("rolling")))).toMatchObject({
      code: "FC_USAGE",
      remedy: expect.stringContaining("--replace"),
    })
  })
})
