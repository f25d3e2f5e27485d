import { describe, expect, it } from "vitest"
import { group } from "../../src/resources/index.ts"
import { nothing, planOf, removeOf } from "./planning.ts"

const have = { name: "app", gid: 998 }

describe("a group's plan", () => {
  it.each([
    [
      "it is missing",
      group("app", { system: true }),
      undefined,
      {
        changes: [{ property: "group", from: null, to: "app" }],
        steps: [{ do: "add-group", name: "app", system: true }],
        creates: true,
      },
    ],
    [
      "it is missing and a number is wanted",
      group("app", { gid: 1200 }),
      undefined,
      {
        changes: [{ property: "group", from: null, to: "app" }],
        steps: [{ do: "add-group", name: "app", system: false, gid: 1200 }],
        creates: true,
      },
    ],
    ["it is there", group("app"), have, nothing],
    ["it has the number", group("app", { gid: 998 }), have, nothing],
    [
      "it has another number",
      group("app", { gid: 1200 }),
      have,
      {
        changes: [{ property: "gid", from: "998", to: "1200" }],
        steps: [{ do: "change-group", name: "app", gid: 1200 }],
      },
    ],
  ])("when %s", (_, resource, state, plan) => {
    expect(planOf(group, resource, state)).toEqual(plan)
  })
})

describe("taking a group away", () => {
  it.each([
    [
      "it is there",
      have,
      { changes: [{ property: "group", from: "app", to: null }], steps: [{ do: "remove-group", name: "app" }] },
    ],
    ["it is gone", undefined, nothing],
  ])("when %s", (_, state, plan) => {
    expect(removeOf(group, group("app"), state)).toEqual(plan)
  })
})
