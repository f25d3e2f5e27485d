import { describe, expect, it } from "vitest"
import { tellApart } from "../../src/lab/tell-apart.ts"

const many = Array.from({ length: 9 }, (_, index) => `page ${index}`)

describe("telling versions apart by their answers", () => {
  it.each([
    ["pages that differ", undefined, ["one"], ["two"], "body", ["old", "new", "other"]],
    ["several pages of each", undefined, ["one", "uno"], ["two", "due"], "body", ["old", "new", "other"]],
    ["the same page", undefined, ["one"], ["one"], "rollout", ["other", "other", "other"]],
    [
      "a page that is the same sometimes",
      undefined,
      ["one", "x"],
      ["two", "x"],
      "rollout",
      ["other", "other", "other"],
    ],
    ["another page each time", undefined, many, ["two"], "rollout", ["other", "other", "other"]],
    [
      "what the pattern finds",
      "^(\\w)",
      ["one at 9:01", "one at 9:02"],
      ["two at 9:03"],
      "pattern",
      ["old", "new", "other"],
    ],
    ["a pattern that finds the same", "(o)", ["one"], ["two"], "rollout", ["other", "other", "other"]],
  ] as const)("%s", (_what, pattern, from, to, by, names) => {
    const apart = tellApart(pattern === undefined ? {} : { pattern }, { from, to })
    expect([apart.by, ["one", "two", "three"].map(apart.classify)]).toEqual([
      by,
      names.map((name, index) => (index === 2 && pattern !== undefined && by === "pattern" ? "new" : name)),
    ])
  })
})
