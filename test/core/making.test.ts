import { describe, expect, it } from "vitest"
import type { Base } from "../../src/contract/index.ts"
import { bake } from "../../src/core/bake.ts"
import { knownMaking } from "../../src/core/making.ts"
import { bundle } from "../../src/core/release.ts"
import { command, file, pkg } from "../../src/resources/index.ts"
import { debian, from, secret, spec } from "../../src/spec/index.ts"
import { memoryStore } from "../../src/stores/index.ts"
import { testBench } from "../support/bench.ts"

const built = async (bench: ReturnType<typeof testBench>, fleet: string, resources = web()) => {
  const made = await bundle(spec("web", { resources }), "/")
  return { bundle: made, image: (await bake(bench, fleet, made)).image.digest }
}

const web = () => [
  pkg("nginx"),
  command("compile", { run: ["/bin/make"], check: ["/bin/true"] }),
  file("/etc/a", { content: "x" }),
]

describe("how an image was made", () => {
  it("is remembered: release, base, resources by layer, and which Fireclay it was", async () => {
    const store = memoryStore()
    const bench = { ...testBench({ store }), version: () => "1.2.3" }
    const { bundle: made, image } = await built(bench, "web")
    expect(await knownMaking(bench, image)).toMatchObject({
      fleet: "web",
      spec: "web",
      release: made.digest,
      base: made.manifest.base,
      baseDigest: expect.any(String),
      lock: 0,
      version: "1.2.3",
      layers: [
        [{ type: "package", id: "package:nginx", name: "nginx", sources: [] }],
        [{ type: "command", id: "command:compile" }],
        [{ type: "file", id: "file:/etc/a", path: "/etc/a", sources: [expect.stringMatching(/^[0-9a-f]{64}$/)] }],
      ],
      entry: (await store.events({ kind: "image.built" }))[0]?.hash,
    })
  })

  it("is told by whoever made it first, and a build that changes nothing writes nothing", async () => {
    const store = memoryStore()
    const bench = testBench({ store })
    const { image } = await built(bench, "web")
    const before = (await store.events()).length
    await built(bench, "web")
    expect((await store.events()).length).toBe(before)
    await built(bench, "twin")
    expect((await knownMaking(bench, image))?.fleet).toBe("web")
  })

  it("is not known of an image that an earlier Fireclay made", async () => {
    const bench = testBench({})
    const image = "sha256:1"
    await bench.store.append([{ fleet: "web", kind: "image.built", body: { release: "sha256:2", image } }])
    expect(await knownMaking(bench, image)).toBeUndefined()
  })

  it("says which spec a resource of a base is of", async () => {
    const bench = testBench({})
    const platform = spec("platform", { resources: [file("/etc/base", { content: "" })] })
    const shop = spec("shop", { base: from(platform), resources: [file("/etc/own", { content: "" })] })
    const { image } = await bake(bench, "shop", await bundle(shop, "/"))
    const { layers = [] } = (await knownMaking(bench, image.digest)) ?? {}
    expect(layers.flat().map(({ id, spec: owner }) => [id, owner])).toEqual([
      ["file:/etc/base", "platform"],
      ["file:/etc/own", undefined],
    ])
  })

  it("holds no secret", async () => {
    const bench = testBench({})
    const run = { command: ["/bin/app"], environment: { TOKEN: secret("TOKEN") } }
    const shop = spec("shop", { resources: [file("/etc/a", { content: "" })], run })
    const { image } = await bake(bench, "shop", await bundle(shop, "/"))
    expect(JSON.stringify(await knownMaking(bench, image.digest))).not.toContain("TOKEN")
  })

  it.each<[string, Base, Base]>([
    [
      "the login of a package source",
      debian("bookworm", { sources: ["deb https://me:hunter22@mirror.example/debian {suite} main"] }),
      debian("bookworm", { sources: ["deb https://mirror.example/debian {suite} main"] }),
    ],
    [
      "the path of one",
      debian("bookworm", { sources: ["deb [trusted=yes] file:/srv/mirror ./"] }),
      debian("bookworm", { sources: ["deb [trusted=yes] file:… ./"] }),
    ],
    ["the path of an archive", { rootfs: "/home/me/root.tar", sha256: "a" }, { rootfs: "root.tar", sha256: "a" }],
    ["nothing", { image: "r.example/a:1", digest: "sha256:b" }, { image: "r.example/a:1", digest: "sha256:b" }],
  ])("leaves out of its base %s", async (_, base, told) => {
    const bench = testBench({})
    const made = await bundle(spec("shop", { resources: [file("/etc/a", { content: "" })] }), "/")
    const { image } = await bake(bench, "shop", { ...made, manifest: { ...made.manifest, base } })
    expect((await knownMaking(bench, image.digest))?.base).toEqual(told)
  })
})
