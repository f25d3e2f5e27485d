import { describe, expect, it } from "vitest"
import type { PackageForesight, Step } from "../../src/contract/index.ts"
import { noForesight } from "../../src/core/eyes/packages.ts"
import { decideIrreversible, irreversibleIn } from "../../src/core/irreversible.ts"
import { caught } from "../support/catch.ts"

const install = (...names: readonly string[]): Step => ({
  do: "install-packages",
  packages: names.map((name) => ({ name })),
})
const remove = (name: string): Step => ({ do: "remove-packages", packages: [name], alongside: [] })
const move = (name: string, from: string | null, to: string | null) => ({ name, from, to })
const says = (given: Partial<PackageForesight>): PackageForesight => ({
  ...noForesight,
  manager: "apt",
  hasLists: true,
  ...given,
})

describe("what cannot be undone", () => {
  it.each<readonly [string, Step, PackageForesight | undefined, string | undefined]>([
    ["a command without undo", { do: "run-command", argv: ["a"] }, undefined, "the command has no undo"],
    ["a command with one", { do: "run-command", argv: ["a"], undo: ["b"] }, undefined, undefined],
    ["a file", { do: "remove-path", path: "/etc/motd" }, undefined, undefined],
    ["a user, whose home stays", { do: "remove-user", name: "app" }, undefined, undefined],
    ["a package", install("nginx"), says({ moves: [move("nginx", null, "1")] }), undefined],
    [
      "a package whose present file nobody has",
      install("nginx"),
      says({ moves: [move("nginx", "1", "2")], lost: ["nginx"] }),
      "the present nginx cannot be had any more, from no source and no store",
    ],
    ["a kernel", install("linux-image-amd64"), undefined, "linux-image-amd64 decides how the machine boots"],
    [
      "a boot loader that comes along",
      install("tool"),
      says({ moves: [move("tool", null, "1"), move("grub-common", "1", "2")] }),
      "grub-common decides how the machine boots",
    ],
    ["a library with a name like a kernel's", install("kernelshark"), undefined, undefined],
    ["a database that goes", remove("postgresql-15"), undefined, "postgresql-15 takes its data along"],
    [
      "a database that goes for another",
      install("mysql"),
      says({ moves: [move("mariadb-server", "10", null), move("mysql", null, "8")] }),
      "mariadb-server takes its data along",
    ],
    ["a database that comes", install("postgresql-15"), undefined, undefined],
    ["a client of one that goes", remove("postgresql-client"), undefined, undefined],
  ])("%s", (_, step, answer, why) => {
    const found = irreversibleIn([step], answer === undefined ? new Map() : new Map([[step, answer]]))
    expect(found.map((each) => each.why)).toEqual(why === undefined ? [] : [why])
  })
})

describe("a policy", () => {
  const step = { step: { do: "run-command", argv: ["migrate"] } as Step, why: "no undo", machine: "web-1" }

  it.each([
    ["refuse", [step], true, true, "FC_IRREVERSIBLE"],
    ["refuse", [step], false, false, "FC_IRREVERSIBLE"],
    ["refuse", [], false, false, "go"],
    ["ask", [step], false, true, "ask"],
    ["ask", [step], true, true, "go"],
    ["ask", [step], true, false, "go"],
    ["ask", [step], false, false, "FC_IRREVERSIBLE"],
    ["ask", [], false, false, "go"],
    ["allow", [step], false, false, "go"],
    ["allow", [step], false, true, "go"],
  ] as const)("%s, of %o, allowed: %s, at a terminal: %s: %s", async (policy, steps, allowed, interactive, outcome) => {
    const decide = () => decideIrreversible({ fleet: "web", policy, steps, allowed, interactive })
    if (outcome !== "FC_IRREVERSIBLE") return expect(decide()).toBe(outcome)
    expect(await caught(decide)).toMatchObject({
      code: "FC_IRREVERSIBLE",
      at: "fleets.web",
      details: ["web-1: run migrate: no undo"],
      remedy: expect.stringContaining(policy === "refuse" ? 'irreversible: "ask"' : "--allow-irreversible"),
    })
  })
})
