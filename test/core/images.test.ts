import { describe, expect, it } from "vitest"
import type { Engine, Fleet } from "../../src/contract/index.ts"
import { bake } from "../../src/core/bake.ts"
import { collectImages, type ImageUse, listImages, planPrune, prune } from "../../src/core/images.ts"
import { createRelease, readFleet } from "../../src/core/ledger.ts"
import { bundle } from "../../src/core/release.ts"
import { memoryEngine } from "../../src/engines/index.ts"
import { file, pkg } from "../../src/resources/index.ts"
import { debian, defineProject, docker, fleet, local, replace, spec } from "../../src/spec/index.ts"
import { allAtOnce } from "../../src/strategies/index.ts"
import { type TestBench, testBench } from "../support/bench.ts"

const web = (text: string) => spec("web", { resources: [pkg("nginx"), file("/a", { content: text })] })

const project = (images?: { readonly keep?: number; readonly maxSize?: string }) =>
  defineProject({
    name: "project",
    fleets: { web: fleet(web(""), { on: local({ count: 1 }), by: replace({ strategy: allAtOnce() }) }) },
    ...(images === undefined ? {} : { images }),
  })

/** A bench whose fleet has been at each of these in turn. */
const benchAt = async (texts: readonly string[], images?: Parameters<typeof project>[0]): Promise<TestBench> => {
  const bench: TestBench = { ...testBench({ engine: memoryEngine() }), project: project(images) }
  for (const text of texts) await release(bench, text)
  return bench
}

const release = async (bench: TestBench, text: string): Promise<void> => {
  const bundled = await bundle(web(text), "/")
  await bake(bench, "web", bundled)
  const { number } = await createRelease(bench.store, await readFleet(bench.store, "web"), bundled)
  await bench.store.append([{ fleet: "web", kind: "rollout.finished", body: { to: number, versions: {} } }])
}

const usesOf = (images: readonly ImageUse[]): readonly string[] =>
  images.map(({ releases, latestOf, under, instances }) =>
    [
      ...releases.map(({ release: number, inForce }) => `${number}${inForce ? "!" : ""}`),
      ...latestOf.map((name) => `latest of ${name}`),
      ...instances,
      ...(under ? ["under"] : []),
    ].join(" "),
  )

describe("images", () => {
  it("are listed with their releases, the newest first, and what they share", async () => {
    const bench = await benchAt(["one", "two"])
    const images = await listImages(bench)
    expect(usesOf(images)).toEqual(["2! latest of web", "1", "under"])
    expect(images.map(({ size, shared }) => [size, shared])).toEqual([
      [3, 2],
      [3, 2],
      [2, 2],
    ])
  })

  it("are the same image when a release comes again", async () => {
    const bench = await benchAt(["one", "two", "one"])
    expect(usesOf(await listImages(bench))).toEqual(["2", "1 3! latest of web", "under"])
  })

  it("of no release are somebody's latest build, or nobody's", async () => {
    const bench = await benchAt(["one"])
    await bake(bench, "web", await bundle(web("two"), "/"))
    await bake(bench, "web", await bundle(web("three"), "/"))
    expect(usesOf(await listImages(bench))).toEqual(["latest of web", "", "1!", "under"])
  })

  it("know the instances that stand on them", async () => {
    const bench = await benchAt(["one", "two"])
    const image = (await listImages(bench))[1]?.digest ?? ""
    await bench.engine().create({ name: "web-1", fleet: "web", from: { image }, volumes: [], scratch: [] })
    expect(usesOf(await listImages(bench))[1]).toBe("1 web-1")
  })
})

const rows: readonly (readonly [string, Parameters<typeof planPrune>[1], readonly string[]])[] = [
  ["the last two", { keep: 2 }, ["3", "2", "1"]],
  ["as many as there are", { keep: 9 }, []],
  ["only what is in force", { keep: 1 }, ["4", "3", "2", "1"]],
  ["no more than fits, the newest", { keep: 9, maxBytes: 5 }, ["2", "1"]],
  ["what is in force, whatever it takes", { keep: 9, maxBytes: 0 }, ["4", "3", "2", "1"]],
  ["what somebody may be at work with", { keep: 1, before: "2000-01-01T00:00:00.000Z" }, []],
]

describe("pruning", () => {
  it.each(rows)("keeps %s", async (_, want, removed) => {
    const images = await listImages(await benchAt(["one", "two", "three", "four", "five"]))
    const { remove, keep, freed, left } = planPrune(images, want)
    expect(usesOf(remove)).toEqual(removed)
    // The base and the packages stay: what is in force stands on them.
    expect([freed, left]).toEqual([removed.length, 7 - removed.length])
    expect(remove.length + keep.length).toBe(images.length)
  })

  it("keeps an instance's image, and the latest build", async () => {
    const bench = await benchAt(["one", "two"])
    await bake(bench, "web", await bundle(web("three"), "/"))
    const oldest = (await listImages(bench)).find(({ releases }) => releases[0]?.release === 1)
    const from = { image: oldest?.digest ?? "" }
    await bench.engine().create({ name: "web-1", fleet: "web", from, volumes: [], scratch: [] })
    expect(planPrune(await listImages(bench), { keep: 0 }).remove).toEqual([])
  })

  it("bakes again what a rollback needs", async () => {
    const bench = await benchAt(["one", "two"])
    await prune(bench, planPrune(await listImages(bench), { keep: 1 }))
    expect(usesOf(await listImages(bench))).toEqual(["2! latest of web", "under"])
    expect((await bake(bench, "web", await bundle(web("one"), "/"))).made).toBe(1)
    expect(usesOf(await listImages(bench))).toEqual(["1 latest of web", "2!", "under"])
  })

  it("reaches the daemons that images were loaded into, and those first", async () => {
    const bench = await benchAt(["one", "two"])
    const removed: string[] = []
    const noting = (name: string, engine: Engine): Engine => ({
      ...engine,
      removeImage: async (digest) => {
        removed.push(name)
        await engine.removeImage(digest)
      },
    })
    const [baking, daemon] = [noting("bakery", bench.engine()), noting("daemon", memoryEngine())]
    const program = spec("web", { resources: [], run: { command: ["/bin/sleep", "1"] } })
    const fleets = { web: fleet(program, { on: docker({ count: 1 }), by: replace({ strategy: allAtOnce() }) }) }
    const twofold: TestBench = {
      ...bench,
      project: defineProject({ name: "project", fleets }),
      engine: (of) => (of?.on.kind === "docker" ? daemon : baking),
    }
    await prune(twofold, planPrune(await listImages(twofold), { keep: 1 }))
    expect(removed).toEqual(["daemon", "bakery"])
  })

  it("is done by a build, once there is more than the project allows", async () => {
    expect(await collectImages(await benchAt(["one", "two"]))).toBeUndefined()
    const bench = await benchAt(["one", "two"], { keep: 1, maxSize: "3" })
    expect((await collectImages(bench))?.remove).toEqual([])
    const later = { ...bench, now: () => Date.now() + 3_600_000 }
    expect(usesOf((await collectImages(later))?.remove ?? [])).toEqual(["1"])
  })
})

it("is a base that pruning never counts as freed", async () => {
  const bench = testBench({ engine: memoryEngine() })
  const other = spec("other", { base: debian("trixie"), resources: [file("/a", { content: "x" })] })
  await bake(bench, "gone", await bundle(other, "/"))
  expect(planPrune(await listImages(bench), { keep: 5 })).toMatchObject({ freed: 1, left: 0 })
})

it("takes only fleets of this project", async () => {
  const bench = await benchAt(["one"])
  const fleets: { readonly [name: string]: Fleet } = {}
  expect(planPrune(await listImages({ ...bench, project: { ...bench.project, fleets } }), { keep: 5 }).keep).toEqual([])
})
