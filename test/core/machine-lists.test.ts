import { describe, expect, it } from "vitest"
import type { MachineFacts, ResourcesOf } from "../../src/contract/index.ts"
import { bundleFor } from "../../src/core/machine-lists.ts"
import { bundle } from "../../src/core/release.ts"
import { file } from "../../src/resources/index.ts"
import { fleet, local, replace, spec } from "../../src/spec/index.ts"
import { allAtOnce } from "../../src/strategies/index.ts"
import { caught } from "../support/catch.ts"

const factsOf = (name: string, cpus = 2): MachineFacts => ({
  name,
  os: { id: "debian", name: "Debian", version: "12", codename: "bookworm" },
  architecture: "x86_64",
  kernel: "6.1",
  memoryBytes: 1024,
  cpus,
  hostname: name,
  virtualization: "none",
  addresses: { v4: [], v6: [] },
})

const known = (...machines: readonly MachineFacts[]) => new Map(machines.map((machine) => [machine.name, machine]))
const byCpus: ResourcesOf = ({ cpus }) => [
  file("/etc/all", { content: "all" }),
  file("/etc/cpus", { content: String(cpus) }),
]
const made = (resources: ResourcesOf, ...machines: readonly MachineFacts[]) =>
  bundle(spec("web", { resources }), "/", known(...machines))

describe("resources that depend on the machine", () => {
  it("are kept once each, and given to each machine in their order", async () => {
    const all = await made(byCpus, factsOf("b", 4), factsOf("a", 2), factsOf("c", 4))
    expect(all.manifest.machines).toEqual({ a: [0, 1], b: [0, 2], c: [0, 2] })
    expect(all.manifest.resources).toHaveLength(3)
    const own = bundleFor(all, "c")
    expect(own.manifest.resources.map(({ id }) => id)).toEqual(["file:/etc/all", "file:/etc/cpus"])
    expect(all.bytes.get(own.manifest.resources[1]?.contents[0]?.sha256 ?? "")?.toString()).toBe("4")
    expect([own.digest, "machines" in own.manifest]).toEqual([all.digest, false])
  })

  it("are one list, where they come out equal", async () => {
    const { manifest, digest } = await made(byCpus, factsOf("a"), factsOf("b"))
    const plain = await bundle(spec("web", { resources: byCpus(factsOf("a")) }), "/")
    expect(manifest).toEqual(plain.manifest)
    expect(digest).toBe(plain.digest)
  })

  it("make the same release whoever answers first, and another when one list changes", async () => {
    const digests = await Promise.all([
      made(byCpus, factsOf("a", 1), factsOf("b", 2)),
      made(byCpus, factsOf("b", 2), factsOf("a", 1)),
      made(byCpus, factsOf("a", 1), factsOf("b", 3)),
      made(byCpus, factsOf("a", 1), factsOf("c", 2)),
    ])
    expect(digests[0]?.digest).toBe(digests[1]?.digest)
    expect(new Set(digests.map(({ digest }) => digest)).size).toBe(3)
  })

  it("bring the unit of run along, restarted by what the machine has", async () => {
    const run = { command: ["/bin/true"] }
    const all = await bundle(
      spec("web", { run, resources: ({ name }) => [file(`/etc/${name}`, { content: "" })] }),
      "/",
      known(factsOf("a"), factsOf("b")),
    )
    const service = bundleFor(all, "b").manifest.resources.find(({ type }) => type === "service")
    expect(service?.want).toMatchObject({ restartOn: ["file:/etc/b", "/etc/systemd/system/fireclay-web.service"] })
  })

  it("say so when a release knows nothing of a machine: FC_RELEASE_MACHINE", async () => {
    const all = await made(byCpus, factsOf("a", 1), factsOf("b", 2))
    for (const stranger of ["c", "constructor", "__proto__"])
      expect(await caught(() => bundleFor(all, stranger))).toMatchObject({
        code: "FC_RELEASE_MACHINE",
        at: stranger,
        remedy: expect.stringContaining("it knows a, b"),
      })
  })

  it.each<readonly [string, ResourcesOf, object]>([
    [
      "two of the same",
      () => [file("/a", { content: "" }), file("/a", { content: "" })],
      { code: "FC_SPEC_DUPLICATE", at: "specs.web.resources(a)[1]" },
    ],
    ["no list", (() => "x") as never, { code: "FC_SPEC_VALUE", at: "specs.web.resources(a)" }],
    ["a promise of a list", (async () => []) as never, { code: "FC_SPEC_VALUE", at: "specs.web.resources(a)" }],
    [
      "something in it that is no resource",
      (() => [1]) as never,
      { code: "FC_SPEC_VALUE", at: "specs.web.resources(a)[0]" },
    ],
  ])("are held to the rules of a list: %s", async (_, resources, expected) => {
    expect(await caught(() => made(resources, factsOf("a")))).toMatchObject(expected)
  })

  it("cannot change what they are given", async () => {
    const machine = factsOf("a")
    await expect(
      made((given) => [file("/a", { content: `${Object.assign(given.os, { id: "x" })}` })], machine),
    ).rejects.toThrow(TypeError)
    expect(machine.os.id).toBe("debian")
  })

  it("are never read as a template", async () => {
    const evil = { ...factsOf("a"), hostname: "{{ secret }}" }
    const all = await made(({ hostname }) => [file("/a", { content: hostname })], evil)
    expect([...all.bytes.values()].map(String)).toEqual(["{{ secret }}"])
  })

  it("cannot be baked: FC_FLEET_DELIVERY, when the fleet is described, and when it is built", async () => {
    const app = spec("web", { resources: byCpus })
    const expected = { code: "FC_FLEET_DELIVERY", at: "specs.web.resources" }
    expect(
      await caught(() => fleet(app, { on: local({ count: 1 }), by: replace({ strategy: allAtOnce() }) })),
    ).toMatchObject(expected)
    expect(await caught(() => bundle(app, "/"))).toMatchObject(expected)
  })
})
