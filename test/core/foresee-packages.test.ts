import { describe, expect, it } from "vitest"
import type { Eyes, PackageForesight, PackageQuestion, Step } from "../../src/contract/index.ts"
import { noForesight, toForesight } from "../../src/core/eyes/packages.ts"
import { askPackageSteps, judgePackages, roomFor } from "../../src/core/foresee/packages.ts"
import { caught } from "../support/catch.ts"

const step: Step = { do: "install-packages", packages: [{ name: "nginx", version: "2" }] }
const known: PackageForesight = { ...noForesight, manager: "apt", hasLists: true }
const move = (name: string, from: string | null, to: string | null) => ({ name, from, to })

describe("what a package manager foresees", () => {
  it.each<readonly [string, string, Partial<PackageForesight>]>([
    ["nothing", "", { manager: "", hasLists: false }],
    ["no manager", "manager \n", { manager: "", hasLists: false }],
    ["no lists", "manager apt\nmissing\n", { hasLists: false }],
    [
      "moves",
      "manager apt\n+ a 1\n~ b 1 2\n- c 3\nheld b\nlost c 3\ndownload 1200\nspace 2,266 kB used\n",
      {
        moves: [move("a", null, "1"), move("b", "1", "2"), move("c", "3", null)],
        ...{ held: ["b"], lost: ["c"], downloadBytes: 1200, spaceBytes: 2_266_000 },
      },
    ],
    ["room that becomes free", "manager dnf\nspace 1.5 MB freed\n", { manager: "dnf", spaceBytes: -1_500_000 }],
    ["unknown words", "manager apt\nunknown a\nunknown b=2\n", { unknown: ["a", "b=2"] }],
    ["a refusal", "manager apt\nrefused E: Broken packages\n", { refused: ["E: Broken packages"] }],
  ])("is read: %s", (_, text, expected) => {
    expect(toForesight(text)).toEqual({ ...known, ...expected })
  })
})

describe("a removal", () => {
  const remove = (name: string, ...alongside: readonly string[]): Step => ({
    do: "remove-packages",
    packages: [name],
    alongside,
  })
  const answers: { readonly [name: string]: Partial<PackageForesight> } = {
    app: { moves: [move("app", "1", null), move("library", "1", null), move("stranger", "1", null)], needs: ["app"] },
    library: { moves: [move("library", "1", null)], needs: ["library", "app", "other"], lost: ["library", "other"] },
  }
  const eyes = {
    packages: async (question: PackageQuestion) => ({
      ...known,
      ...answers["remove" in question ? (question.remove[0] ?? "") : ""],
    }),
  } as unknown as Eyes

  it("concerns only what Fireclay had installed, and what goes by itself is in nobody's way", async () => {
    const [app, library] = [remove("app", "library"), remove("library")] as const
    const asked = await askPackageSteps(eyes, [app, library])
    expect(asked.get(app)).toMatchObject({ moves: [{ name: "app" }, { name: "library" }], needs: [] })
    expect(asked.get(library)).toMatchObject({ moves: [{ name: "library" }], needs: ["other"], lost: ["library"] })
  })
})

describe("the packages of a plan", () => {
  const judge = (given: Partial<PackageForesight>, before: readonly Step[] = []) =>
    judgePackages("web-1", [...before, step], new Map([[step, { ...known, ...given }]]))

  it("are told apart from what comes along", () => {
    const moves = [move("nginx", null, "2"), move("libx", null, "1")]
    expect(judge({ moves })).toMatchObject({ moves, along: [moves[1]], notes: [] })
  })

  it.each<readonly [string, Partial<PackageForesight>, string, string]>([
    ["a version that nobody offers", { unknown: ["nginx=2"] }, "FC_PACKAGE_UNKNOWN", "version 2 of nginx"],
    ["a package that nobody offers", { unknown: ["nginx"] }, "FC_PACKAGE_UNKNOWN", "a package nginx"],
    ["one that is held", { held: ["nginx"], moves: [move("nginx", "1", "2")] }, "FC_PACKAGE_HELD", "nginx 1 → 2"],
    ["what others need", { needs: ["other"] }, "FC_PACKAGE_REFUSED", "need what would be removed: other"],
    ["what cannot be", { refused: ["E: Broken packages"] }, "FC_PACKAGE_REFUSED", "apt cannot do what is asked"],
    ["a machine without a manager", { manager: "" }, "FC_PACKAGE_REFUSED", "no package manager"],
  ])("are refused: %s", async (_, given, code, words) => {
    const error = await caught(() => judge(given))
    expect(error).toMatchObject({ code, at: expect.stringContaining("web-1") })
    expect(error.message).toContain(words)
  })

  it.each<readonly [string, Step]>([
    ["a file of sources", { do: "remove-path", path: "/etc/apt/sources.list.d/x.list" }],
    ["a command", { do: "run-command", argv: ["add-repository"] }],
  ])("may be offered later, where %s comes before", (_, earlier) => {
    expect(judge({ unknown: ["nginx=2"] }, [earlier]).notes).toEqual([
      "packages: as offered; steps before them may bring their source",
    ])
  })

  it.each<readonly [string, Partial<PackageForesight>, object]>([
    ["nothing", {}, {}],
    ["new ones", { downloadBytes: 5, spaceBytes: 9 }, { "/var/cache/apt/archives": 5, "/usr": 9 }],
    [
      "newer ones, whose present files are kept",
      { downloadBytes: 5, spaceBytes: -9, moves: [move("a", "1", "2")] },
      { "/var/cache/apt/archives": 5, "/var/lib/fireclay": 5 },
    ],
  ])("need room: %s", (_, given, room) => {
    expect(Object.fromEntries(roomFor(judge(given)).map(({ path, bytes }) => [path, bytes]))).toEqual(room)
  })

  it("are as offered where lists are missing", () => {
    expect(judge({ hasLists: false })).toMatchObject({ hasLists: false, notes: [expect.stringContaining("missing")] })
  })
})
