import { describe, expect, it } from "vitest"
import { FireclayError } from "../../../src/contract/index.ts"
import { choiceOf, type FleetPatch } from "../../../src/core/patch/list.ts"
import type { FleetUpdate } from "../../../src/core/patch/policy.ts"

const update = (name: string, security: boolean): FleetUpdate => ({
  ...{ name, version: "2", origin: "Debian/x", security, machines: { web1: "1" } },
})

const [all, daily] = [{ isOpen: false }, { isOpen: true }] as const

const found = (taken: readonly FleetUpdate[], given: Partial<FleetPatch> = {}): FleetPatch => ({
  ...{ fleet: "web", release: 1, machines: [], window: { all, security: daily } },
  set: Object.fromEntries(taken.map(({ name, version }) => [name, version])),
  ...{ taken, heldBack: [], ...given },
})

describe("choiceOf", () => {
  it.each<readonly [string, readonly FleetUpdate[], object]>([
    ["security alone: its own window", [update("a", true), update("b", true)], daily],
    ["something else with it: that of all", [update("a", true), update("b", false)], all],
    ["nothing: that of all", [], all],
  ])("%s", (_, taken, window) => {
    expect(choiceOf(found(taken)).window).toBe(window)
  })

  it("names what stays", () => {
    const heldBack = [{ ...update("c", false), reason: "too young" }]
    expect(choiceOf(found([update("a", true)], { heldBack }))).toMatchObject({ set: { a: "2" }, left: new Set(["c"]) })
  })

  it("chooses nothing where a machine could not be asked", () => {
    const problem = new FireclayError("FC_MACHINE_UNREACHABLE", "web2 is away")
    const machine = { machine: "web2", unrefreshed: [], restarts: [], reboot: [], problem }
    expect(() => choiceOf(found([], { machines: [machine] }))).toThrow(problem)
  })
})
