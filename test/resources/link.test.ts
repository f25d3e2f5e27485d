import { describe, expect, it } from "vitest"
import type { PathState } from "../../src/contract/index.ts"
import { link } from "../../src/resources/index.ts"
import { made, nothing, pathState, planOf, removeOf } from "./planning.ts"

const current = link("/srv/app/current", { target: "releases/2" })
const make = { do: "make-link", path: "/srv/app/current", target: "releases/2" }
const have = (state?: PathState, missing: readonly string[] = []) => ({ state, missing })
const pointing = (target: string) => pathState("link", { target })

describe("a link's plan", () => {
  it.each([
    ["it points where it should", have(pointing("releases/2")), new Set<string>(), nothing],
    [
      "it is not there",
      have(),
      new Set<string>(),
      { changes: [{ property: "target", from: null, to: "releases/2" }], steps: [make], creates: true },
    ],
    [
      "it points elsewhere",
      have(pointing("releases/1")),
      new Set<string>(),
      { changes: [{ property: "target", from: "releases/1", to: "releases/2" }], steps: [make], creates: false },
    ],
    [
      "a file is in the way",
      have(pathState("file")),
      new Set<string>(),
      { changes: [{ property: "target", from: "file", to: "releases/2" }], steps: [make], creates: false },
    ],
    [
      "the directory above is missing",
      have(undefined, ["/srv/app"]),
      new Set<string>(),
      {
        changes: [{ property: "target", from: null, to: "releases/2" }],
        steps: [made("/srv/app"), make],
        creates: true,
      },
    ],
    [
      "an earlier step makes the directory above",
      have(undefined, ["/srv/app"]),
      new Set(["/srv/app"]),
      { changes: [{ property: "target", from: null, to: "releases/2" }], steps: [make], creates: true },
    ],
  ])("when %s", (_, state, willExist, plan) => {
    expect(planOf(link, current, state, { willExist })).toEqual(plan)
  })
})

describe("taking a link away", () => {
  it.each([
    [
      "it is there, wherever it points now",
      have(pointing("elsewhere")),
      {
        changes: [{ property: "target", from: "elsewhere", to: null }],
        steps: [{ do: "remove-path", path: "/srv/app/current" }],
      },
    ],
    ["it is gone", have(), nothing],
    ["a file took its place", have(pathState("file")), nothing],
  ])("when %s", (_, state, plan) => {
    expect(removeOf(link, current, state)).toEqual(plan)
  })
})
