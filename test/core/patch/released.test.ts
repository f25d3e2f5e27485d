import { describe, expect, it } from "vitest"
import type { PatchSet, Resource } from "../../../src/contract/index.ts"
import { carryPatches, patchesOf, withPatches } from "../../../src/core/patch/released.ts"
import { type Bundle, bundle } from "../../../src/core/release.ts"
import { file, pkg } from "../../../src/resources/index.ts"
import { spec } from "../../../src/spec/index.ts"
import { caught } from "../../support/catch.ts"

const bundleOf = (...resources: readonly Resource[]): Promise<Bundle> => bundle(spec("web", { resources }), "/")
const motd = file("/etc/motd", { content: "hello" })

describe("a release with patches", () => {
  it.each<readonly [string, readonly Resource[], PatchSet, PatchSet]>([
    ["has them", [motd], { openssl: "2", libc6: "1:3" }, { openssl: "2", libc6: "1:3" }],
    [
      "has none of what its spec says itself",
      [pkg("openssl", { version: "1" })],
      { openssl: "2", bash: "3" },
      { bash: "3" },
    ],
    ["has what its spec leaves open", [pkg("openssl")], { openssl: "2" }, { openssl: "2" }],
  ])("%s", async (_, resources, set, patches) => {
    expect(patchesOf(withPatches(await bundleOf(...resources), set).manifest)).toEqual(patches)
  })

  it.each([
    ["a name with a blank", { "tool -o=x": "1" }],
    ["an option for a name", { "-y": "1" }],
    ["a version with a line end", { tool: "1\nreboot" }],
    ["a pattern for a version", { tool: "*" }],
  ])("has nothing that is no package: %s", async (_, set) => {
    const plain = await bundleOf(motd)
    expect(await caught(async () => withPatches(plain, set))).toMatchObject({ code: "FC_PATCH" })
  })

  it("is another release, and the same for the same patches in whatever order", async () => {
    const plain = await bundleOf(motd)
    const [one, other] = [
      { a1: "1", b2: "2" },
      { b2: "2", a1: "1" },
    ].map((set) => withPatches(plain, set))
    expect(one?.digest).toBe(other?.digest)
    expect(one?.digest).not.toBe(plain.digest)
  })

  it("is the old one again without them", async () => {
    const plain = await bundleOf(motd)
    expect(withPatches(withPatches(plain, { a1: "1" }), {})).toEqual(plain)
    expect(withPatches(plain, {})).toBe(plain)
  })

  it("has them last, for each machine that has a list of its own", async () => {
    const { manifest, ...rest } = await bundleOf(motd, pkg("bash"))
    const own = { ...rest, manifest: { ...manifest, machines: { one: [0], two: [0, 1] } } }
    const once = withPatches(own, { a1: "1" })
    expect(once.manifest.machines).toEqual({ one: [0, 2], two: [0, 1, 2] })
    expect(withPatches(once, { b2: "1", c3: "1" }).manifest.machines).toEqual({ one: [0, 2, 3], two: [0, 1, 2, 3] })
  })
})

describe("a new release of a fleet", () => {
  const release = (number: number, { manifest, digest }: Bundle) => ({ number, digest, manifest, createdAt: "" })

  it.each<
    readonly [string, { readonly current?: number; readonly open?: number; readonly stopped?: number }, PatchSet]
  >([
    ["has no patches where nothing was delivered", {}, {}],
    ["has those of the release in force", { current: 1 }, { a1: "1" }],
    ["has those of one that a dead controller was on its way to", { current: 1, open: 2 }, { a1: "2" }],
    ["has those of one that was stopped half-way", { current: 1, stopped: 2 }, { a1: "2" }],
    ["goes without them after a rollback", { current: 3 }, {}],
  ])("%s", async (_, { current, open, stopped }, patches) => {
    const plain = await bundleOf(motd)
    const toward = (to: number | undefined) => (to === undefined ? undefined : { id: "r", from: current, to })
    const carried = carryPatches(await bundleOf(file("/etc/motd", { content: "new" })), {
      ...{ fleet: "web", history: [], rejected: new Set(), elsewhere: new Map() },
      releases: [
        release(1, withPatches(plain, { a1: "1" })),
        release(2, withPatches(plain, { a1: "2" })),
        release(3, plain),
      ],
      ...{ current, open: toward(open), stopped: toward(stopped) },
    })
    expect(patchesOf(carried.manifest)).toEqual(patches)
  })
})
