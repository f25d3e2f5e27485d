import { describe, expect, it } from "vitest"
import type { PlanContext } from "../../../src/contract/index.ts"
import { type Past, patchOn } from "../../../src/core/patch/type.ts"

const context = {} as PlanContext

/** A machine that patches brought to these versions, from those that were there before. */
const past = (brought: string, before?: string): Past => ({
  resources: [
    { type: "patch", id: "patch:tool", want: { name: "tool", version: brought }, contents: [], created: false },
  ],
  ...(before === undefined ? {} : { replaced: { tool: before } }),
})
const has = (version: string | undefined) => (version === undefined ? undefined : { version, held: false })
const pinned = {
  resources: [{ type: "package", id: "package:tool", want: { name: "tool", version: "1" }, contents: [] }],
}

describe("a patch to version 2", () => {
  it.each<readonly [string, string | undefined, Past, string | undefined]>([
    ["upgrades what is older", "1", undefined, "2"],
    ["upgrades what is older again, though it was patched", "1", past("2", "1"), "2"],
    ["upgrades by versions as Debian orders them", "2~rc1", undefined, "2"],
    ["leaves what is there already", "2", undefined, undefined],
    ["leaves what is newer", "3", undefined, undefined],
    ["does not install what is not there", undefined, undefined, undefined],
    ["takes back what a later patch had brought", "3", past("3", "1"), "2"],
    ["leaves what somebody else brought further than a later patch", "4", past("3", "1"), undefined],
    ["leaves what no patch brought", "3", past("3"), undefined],
  ])("%s", (_, have, machinePast, to) => {
    const plan = patchOn(machinePast, { resources: [] }).plan({ name: "tool", version: "2" }, has(have), context)
    expect(plan.steps).toEqual(
      to === undefined ? [] : [{ do: "upgrade-packages", packages: [{ name: "tool", version: to }] }],
    )
    expect(plan.changes).toEqual(to === undefined ? [] : [{ property: "version", from: have, to }])
  })
})

describe("a patch to version 2 that is gone from the release", () => {
  it.each<readonly [string, string | undefined, Past, typeof pinned | undefined, string | undefined]>([
    ["goes back to what was there before", "2", past("2", "1"), undefined, "1"],
    ["leaves what was there before it", "2", past("2"), undefined, undefined],
    ["leaves what somebody brought further", "3", past("2", "1"), undefined, undefined],
    ["leaves what somebody removed", undefined, past("2", "1"), undefined, undefined],
    ["leaves it to the spec, if that says a version", "2", past("2", "1"), pinned, undefined],
  ])("%s", (_, have, machinePast, manifest, to) => {
    const type = patchOn(machinePast, manifest ?? { resources: [] })
    const plan = type.remove({ name: "tool", version: "2" }, has(have), { written: new Map() })
    expect(plan.steps).toEqual(
      to === undefined ? [] : [{ do: "upgrade-packages", packages: [{ name: "tool", version: to }] }],
    )
  })
})
