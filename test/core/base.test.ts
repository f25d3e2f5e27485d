import { describe, expect, it } from "vitest"
import type { Base, Spec } from "../../src/contract/index.ts"
import { bake } from "../../src/core/bake.ts"
import { baseChange, originsOf, pinSpec } from "../../src/core/base.ts"
import { planFleet } from "../../src/core/plan-fleet.ts"
import { bundle } from "../../src/core/release.ts"
import { rollOut } from "../../src/core/rollout/rollout.ts"
import { memoryEngine } from "../../src/engines/index.ts"
import { allAtOnce, debian, fleet, from, image, local, replace, rootfs, spec } from "../../src/index.ts"
import { file, pkg } from "../../src/resources/index.ts"
import { testBench } from "../support/bench.ts"
import { caught } from "../support/catch.ts"

const run = { command: ["/usr/bin/agent"], writable: ["/var/agent"] }
const platform = (text = "platform") =>
  spec("platform", {
    resources: [pkg("curl"), file("/etc/motd", { content: text })],
    run,
    volumes: { data: "/srv/data", logs: "/srv/logs" },
  })
const shop = (below = platform(), name = "shop") =>
  spec(name, { base: from(below), resources: [file(`/etc/${name}`, { content: "x" })], volumes: { data: "/data" } })

describe("a spec that is based on another", () => {
  it("is released with what that one describes before its own", async () => {
    const { manifest } = await bundle(shop(), "/")
    expect(manifest.resources.map(({ id }) => id)).toEqual([
      "package:curl",
      "file:/etc/motd",
      "file:/etc/systemd/system/fireclay-platform.service",
      "service:fireclay-platform.service",
      "file:/etc/shop",
    ])
    expect(manifest).toMatchObject({
      base: { distribution: "debian" },
      below: [{ spec: "platform", resources: 4 }],
      scratch: ["/var/agent"],
      volumes: [
        { name: "logs", path: "/srv/logs" },
        { name: "data", path: "/data" },
      ],
    })
  })

  it("knows of each resource where it comes from, however deep", async () => {
    const { manifest } = await bundle(
      spec("top", { base: from(shop()), resources: [file("/top", { content: "" })] }),
      "/",
    )
    const origins = originsOf(manifest)
    expect(manifest.resources.map(({ id }) => origins.get(id))).toEqual([
      ...Array(4).fill("platform"),
      "shop",
      undefined,
    ])
  })

  it("has the layers of the base, which are baked once for all", async () => {
    const bench = testBench({ engine: memoryEngine() })
    expect(await bake(bench, "web", await bundle(platform(), "/"))).toMatchObject({ made: 2, layers: 2 })
    expect(await bake(bench, "web", await bundle(shop(), "/"))).toMatchObject({ made: 1, layers: 3 })
    expect(await bake(bench, "web", await bundle(shop(platform(), "other"), "/"))).toMatchObject({ made: 1, layers: 3 })
    expect(await bake(bench, "web", await bundle(shop(platform("new")), "/"))).toMatchObject({ made: 2, layers: 3 })
    const last = (await bench.store.events({ kind: "image.baked" })).at(-1)
    const created = ["package:curl", "file:/etc/motd", "file:/etc/shop"]
    expect(last?.body.made).toMatchObject({ created: expect.arrayContaining(created) })
  })

  it("is another release when its base changes, and the plan says which change is whose", async () => {
    const bench = testBench()
    const by = replace({ strategy: allAtOnce() })
    const web = { name: "web", ...fleet(shop(), { on: local({ count: 1 }), by }) }
    const plan = await planFleet(bench, web, await bundle(shop(), "/"))
    expect(plan.release.map(({ id, origin }) => [id, origin])).toContainEqual(["file:/etc/motd", "platform"])
    expect(plan.release.map(({ id, origin }) => [id, origin])).toContainEqual(["file:/etc/shop", undefined])
    expect(plan.base).toBe("platform")
  })

  it("loses what the plan says was the base's, and gets another base, which the plan says too", async () => {
    const bench = testBench({ engine: memoryEngine() })
    const by = replace({ strategy: allAtOnce() })
    const webOn = (below: Spec) => ({ name: "web", ...fleet(shop(below), { on: local({ count: 1 }), by }) })
    const bare = (base: Base) => spec("platform", { base, resources: [pkg("curl")], volumes: { logs: "/srv/logs" } })
    await rollOut(bench, webOn(platform()), { bundle: await bundle(shop(), "/") })
    const own = await planFleet(
      bench,
      webOn(bare(debian("bookworm"))),
      await bundle(shop(bare(debian("bookworm"))), "/"),
    )
    expect(own.baseChange).toBeUndefined()
    expect(own.release.map(({ id, action, origin }) => [id, action, origin])).toContainEqual([
      "file:/etc/motd",
      "remove",
      "platform",
    ])
    const other = debian("trixie", { include: ["jq"] })
    const moved = await planFleet(bench, webOn(bare(other)), await bundle(shop(bare(other)), "/"))
    expect(moved.baseChange).toEqual({ from: "debian bookworm", to: "debian trixie, with jq" })
  })

  it.each([
    [
      { base: debian("bookworm") },
      { base: debian("bookworm"), lock: 1 },
      "debian bookworm → debian bookworm, as updated once",
    ],
    [
      { base: { image: "r.example/b:1", digest: `sha256:${"a".repeat(64)}` } },
      { base: { image: "r.example/b:1", digest: `sha256:${"b".repeat(64)}` } },
      "r.example/b:1, aaaaaaaaaaaa → r.example/b:1, bbbbbbbbbbbb",
    ],
    [
      { base: { rootfs: "./a.tar", sha256: "c".repeat(64) } },
      { base: debian("bookworm", { snapshot: "20260101T000000Z", sources: ["deb S/{snapshot} {suite} main"] }) },
      "./a.tar, cccccccccccc → debian bookworm, from deb S/{snapshot} {suite} main, of 20260101T000000Z",
    ],
  ] as const)("tells one base from another: %#", (before, now, told) => {
    const change = baseChange(before, now)
    expect(`${change?.from} → ${change?.to}`).toBe(told)
    expect([baseChange(undefined, now), baseChange(now, now)]).toEqual([undefined, undefined])
  })

  it("cannot describe the same thing again, nor be based on what depends on the machine", async () => {
    const again = () => spec("shop", { base: from(platform()), resources: [file("/etc/motd", { content: "" })] })
    expect(await caught(again)).toMatchObject({ code: "FC_SPEC_DUPLICATE", at: "specs.shop.resources[0]" })
    const fluid = spec("fluid", { resources: () => [] })
    expect((await caught(() => from(fluid))).code).toBe("FC_FLEET_DELIVERY")
  })
})

describe("what a base means", () => {
  it("is asked for what is named from outside only, also below another spec", async () => {
    const asked: unknown[] = []
    const bench = {
      pin: async (base: unknown) => {
        asked.push(base)
        return { image: "r.example/base:1", digest: "sha256:1" }
      },
    }
    await pinSpec(bench, spec("a", { base: debian("bookworm"), resources: [] }))
    expect(asked).toEqual([])
    const below = spec("b", { base: image("r.example/base:1"), resources: [] })
    const pinned = await pinSpec(bench, spec("c", { base: from(below), resources: [] }))
    expect(asked).toEqual([{ image: "r.example/base:1" }])
    expect((await bundle(pinned, "/")).manifest.base).toEqual({ image: "r.example/base:1", digest: "sha256:1" })
  })

  it("is part of the release", async () => {
    const digests = await Promise.all(
      [debian("bookworm"), image("r.example/base:1"), rootfs("./root.tar"), { rootfs: "./root.tar", sha256: "1" }].map(
        async (base) => (await bundle(spec("a", { base, resources: [] }), "/")).digest,
      ),
    )
    expect(new Set(digests).size).toBe(4)
  })
})
