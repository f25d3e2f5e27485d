import { describe, expect, it } from "vitest"
import type { Output } from "../../src/contract/index.ts"
import { layersOf } from "../../src/core/bake/layers.ts"
import { bake } from "../../src/core/bake.ts"
import { bundle, type ReleasedResource } from "../../src/core/release.ts"
import { type MemoryScript, memoryEngine } from "../../src/engines/index.ts"
import { file, pkg, service, user } from "../../src/resources/index.ts"
import { spec } from "../../src/spec/index.ts"
import { memoryStore } from "../../src/stores/index.ts"
import { testBench } from "../support/bench.ts"
import { caught } from "../support/catch.ts"

const rows: readonly (readonly [string, string])[] = [
  ["", ""],
  ["f", "f"],
  ["p", "p"],
  ["ffs", "ffs"],
  ["ppp", "ppp"],
  ["pf", "p|f"],
  ["ppffs", "pp|ffs"],
  ["fp", "fp"],
  ["fppf", "fpp|f"],
  ["pfpf", "p|fp|f"],
  ["pfppfsp", "p|fpp|fsp"],
  ["fccf", "fcc|f"],
  ["pcf", "p|c|f"],
  ["cpf", "c|p|f"],
  ["fcfcs", "fc|fc|s"],
  ["fu", "f|u"],
  ["puu", "p|uu"],
  ["uu", "uu"],
  ["cf".repeat(30), [`${"cf".repeat(7)}c`, ...Array(22).fill("fc"), "f"].join("|")],
]

const types: { readonly [letter: string]: string } = { f: "file", p: "package", s: "service", c: "command", u: "patch" }
const resourcesOf = (letters: string): readonly ReleasedResource[] =>
  [...letters].map((letter, index) => ({ type: types[letter] ?? "", id: `${letter}${index}`, want: {}, contents: [] }))

describe("layers", () => {
  it.each(rows)("of %j are %j", (letters, layers) => {
    const made = layersOf(resourcesOf(letters))
    expect(made.map((layer) => layer.map(({ id }) => id[0]).join("")).join("|")).toBe(layers)
    expect(made.flat()).toEqual(resourcesOf(letters))
  })
})

const bundleOf = (text: string, version = "1") =>
  bundle(
    spec("web", {
      resources: [pkg("nginx", { version }), user("app"), file("/a", { content: text }), service("nginx")],
    }),
    "/",
  )

const ok: Output = { exitCode: 0, stdout: Buffer.alloc(0), stderr: Buffer.alloc(0) }

/** An engine whose machines remember what they were told. */
const engineWith = (answer: (call: MemoryScript) => Output = () => ok) => {
  const scripts: MemoryScript[] = []
  const engine = memoryEngine({
    answer: (call) => {
      scripts.push(call)
      return answer(call)
    },
  })
  /** The steps of each layer that was baked, by their verbs. */
  const layers = (): readonly string[] =>
    scripts
      .map(({ script }) => script)
      .filter((script) => script.includes('main "$@"'))
      .map((script) => [...new Set([...script.matchAll(/^s \d+ (\w+)/gm)].map(([, verb]) => verb ?? ""))].join(" "))
  return { engine, scripts, layers }
}

describe("baking", () => {
  it("bakes layer by layer, and leaves to the boot what only a running machine can do", async () => {
    const { engine, layers } = engineWith()
    const baked = await bake(testBench({ engine }), "web", await bundleOf("one"))
    expect([baked.made, baked.layers]).toEqual([2, 2])
    expect(layers()).toEqual(["install_packages", "account write_file unit"])
    expect(await engine.image(baked.image.digest)).toEqual(baked.image)
  })

  it("does not start, stop or reload anything", async () => {
    const { engine, scripts } = engineWith()
    await bake(testBench({ engine }), "web", await bundleOf("one"))
    const steps = scripts
      .map(({ script }) => script)
      .join("")
      .match(/^s \d+ (unit .*|reload_units)$/gm)
    expect([...new Set(steps?.map((line) => line.replace(/^s \d+ /, "")))]).toEqual(["unit enable nginx.service"])
  })

  it.each([
    ["nothing changed", "one", "1", 0],
    ["the last layer changed", "two", "1", 1],
    ["the first layer changed, so what follows it is baked again", "one", "2", 2],
  ] as const)("when %s", async (_, text, version, made) => {
    const { engine } = engineWith()
    const bench = testBench({ engine })
    const first = await bake(bench, "web", await bundleOf("one"))
    const second = await bake(bench, "web", await bundleOf(text, version))
    expect(second.made).toBe(made)
    expect(second.image.digest === first.image.digest).toBe(made === 0)
  })

  it("shares layers between fleets", async () => {
    const bench = testBench()
    await bake(bench, "one", await bundleOf("x"))
    expect((await bake(bench, "two", await bundleOf("x"))).made).toBe(0)
  })

  it("bakes anew what the engine has no more, and all when it is asked to", async () => {
    const store = memoryStore()
    await bake(testBench({ store }), "web", await bundleOf("x"))
    const other = testBench({ store })
    expect((await bake(other, "web", await bundleOf("x"))).made).toBe(2)
    expect((await bake(other, "web", await bundleOf("x"), { fresh: true })).made).toBe(2)
  })

  it("refuses a spec without anything in it", async () => {
    const empty = await bundle(spec("web", { resources: [] }), "/")
    const error = await caught(() => bake(testBench(), "web", empty))
    expect([error.code, error.at]).toEqual(["FC_BAKE_FAILED", "specs.web"])
  })

  it("throws the scratch machine away when a step fails, and says which", async () => {
    let discarded = 0
    const { engine } = engineWith(({ script }) => {
      if (/library\.sh'? bake/.test(script)) return { ...ok, exitCode: 1 }
      return script.includes("s/^fail //p") ? { ...ok, stdout: Buffer.from("1\n") } : ok
    })
    const counting = {
      ...engine,
      openScratch: async (from: Parameters<typeof engine.openScratch>[0]) => {
        const scratch = await engine.openScratch(from)
        return {
          ...scratch,
          discard: async () => {
            discarded += 1
            await scratch.discard()
          },
        }
      },
    }
    const bench = testBench({ engine: counting })
    const error = await caught(async () => bake(bench, "web", await bundleOf("x")))
    expect([error.code, error.at, discarded]).toEqual(["FC_BAKE_FAILED", "specs.web", 1])
    expect(error.message).toContain("step 1 of 1 failed: install packages nginx")
    expect(await bench.kinds()).toEqual([])
  })
})
