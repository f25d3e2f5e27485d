import { describe, expect, it } from "vitest"
import type { PathState, ResourcePlan } from "../../src/contract/index.ts"
import { directory } from "../../src/resources/index.ts"
import { made, nothing, pathState, planOf, removeOf } from "./planning.ts"

const srv = directory("/srv/a/b", { mode: 0o750, owner: "app" })
const ownership = { mode: 0o750, owner: "app", group: "app" }
const make = { do: "make-directory", path: "/srv/a/b", ...ownership } as const
const fine = { owner: "app", group: "app", mode: 0o750 }

const have = (state?: PathState, missing: readonly string[] = []) => ({ state, missing })

const rows: readonly (readonly [string, ReturnType<typeof have>, ReadonlySet<string>, unknown])[] = [
  ["it is as it should be", have(pathState("directory", fine)), new Set(), nothing],
  [
    "it is not there",
    have(),
    new Set(),
    { changes: [{ property: "directory", from: null, to: "/srv/a/b" }], steps: [make], creates: true },
  ],
  [
    "the one above is missing",
    have(undefined, ["/srv/a"]),
    new Set(),
    { changes: [{ property: "directory", from: null, to: "/srv/a/b" }], steps: [made("/srv/a"), make], creates: true },
  ],
  [
    "an earlier step makes the one above",
    have(undefined, ["/srv/a"]),
    new Set(["/srv/a"]),
    { changes: [{ property: "directory", from: null, to: "/srv/a/b" }], steps: [make], creates: true },
  ],
  [
    "only its mode differs",
    have(pathState("directory", { ...fine, mode: 0o1777 })),
    new Set(),
    {
      changes: [{ property: "mode", from: "01777", to: "0750" }],
      steps: [{ do: "set-ownership", path: "/srv/a/b", ...ownership }],
    },
  ],
  ...(["file", "link", "other"] as const).map(
    (kind) =>
      [
        `a ${kind} is in the way`,
        have(pathState(kind)),
        new Set<string>(),
        {
          changes: [{ property: "directory", from: kind, to: "/srv/a/b" }],
          steps: [{ do: "remove-path", path: "/srv/a/b" }, make],
          creates: false,
        },
      ] as const,
  ),
]

describe("a directory's plan", () => {
  it.each(rows)("when %s", (_, state, willExist, plan) => {
    expect(planOf(directory, srv, state, { willExist })).toEqual(plan)
  })

  it("is root's unless it says otherwise", () => {
    expect(directory("/d").want).toEqual({ path: "/d", mode: 0o755, owner: "root", group: "root" })
  })
})

const removal: ResourcePlan = {
  changes: [{ property: "directory", from: "/srv/a/b", to: null }],
  steps: [{ do: "remove-path", path: "/srv/a/b" }],
}

describe("taking a directory away", () => {
  it.each([
    ["it is there", have(pathState("directory")), removal],
    ["it is gone", have(), nothing],
    ["a file took its place", have(pathState("file")), nothing],
    ["a link took its place", have(pathState("link")), nothing],
  ])("when %s", (_, state, plan) => {
    expect(removeOf(directory, srv, state)).toEqual(plan)
  })
})
