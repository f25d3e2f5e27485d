import { describe, expect, it } from "vitest"
import type { PackageForesight } from "../../../src/contract/index.ts"
import { noForesight } from "../../../src/core/eyes/packages.ts"
import { judgeForesight } from "../../../src/core/patch/foresee.ts"

const set = { x: "2", y: "2" }
const fine = [
  { name: "x", from: "1", to: "2" },
  { name: "new", from: null, to: "1" },
]

describe("judgeForesight", () => {
  it.each<readonly [string, Partial<PackageForesight>, readonly string[]]>([
    ["what is of the set, and what is new", {}, []],
    ["what else would change", { moves: [...fine, { name: "z", from: "1", to: "2" }] }, ["would also take z to 2"]],
    ["another version than the set says", { moves: [{ name: "y", from: "1", to: "3" }] }, ["would also take y to 3"]],
    ["what would go", { moves: [...fine, { name: "z", from: "1", to: null }] }, ["would remove z"]],
    ["what is held", { held: ["z"] }, ["would change z, which is held"]],
    ["what nobody offers", { unknown: ["x=2"] }, ["x=2 cannot be had"]],
    ["what the manager cannot do", { refused: ["E: broken"] }, ["E: broken"]],
  ])("tells %s", (_, foreseen, refused) => {
    const judged = judgeForesight({ ...noForesight, moves: fine, lost: ["x"], ...foreseen }, set)
    expect(judged.refused).toEqual(refused)
    expect(judged.lost).toEqual(["x"])
  })

  it("names what comes along", () => {
    expect(judgeForesight({ ...noForesight, moves: fine }, set).along).toEqual([{ name: "new", from: null, to: "1" }])
  })
})
