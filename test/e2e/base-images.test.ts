import { readFile, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { run } from "../../src/system/process.ts"
import { makeProject, type TestProject } from "../support/project.ts"
import { startRegistry, type TestRegistry } from "../support/registry.ts"

let registry: TestRegistry
/** Makes a base, and pushes it. */
let maker: TestProject
/** Uses it. */
let user: TestProject
let digest: string

const config = (name: string, specs: string, fleets: string): string =>
  `import { allAtOnce, defineProject, fleet, from, image, inPlace, local, replace, rootfs, spec } from "fireclay"
import { file } from "fireclay/resources"

${specs}
const by = replace({ strategy: allAtOnce() })
const kept = inPlace({ strategy: allAtOnce() })
export default defineProject({ name: "${name}", fleets: { ${fleets} } })
`

const must = async (project: TestProject, ...words: readonly string[]) => {
  const result = await project.fireclay(...words)
  expect(result.exitCode, result.stderr).toBe(0)
  return result.json
}

/** What a machine of a fleet has in a file. */
const cat = async (project: TestProject, machine: string, path: string): Promise<string> => {
  const { json, stdout } = await project.fireclay("exec", machine, "--", "cat", path)
  return json?.machines?.[0]?.stdout ?? stdout
}

beforeAll(async () => {
  registry = await startRegistry()
  maker = await makeProject("maker")
  user = await makeProject("user")
  await maker.write(
    "fireclay.config.ts",
    config(
      "maker",
      `const base = spec("base", { resources: [file("/etc/motd", { content: "from the registry\\n" })] })`,
      "base: fleet(base, { on: local({ count: 1 }), by })",
    ),
  )
  const built = await must(maker, "build", "--push", `${registry.host}/base/debian:1`)
  digest = built.images[0].image
  // As others would have it there: compressed.
  const [source, target] = [`${registry.host}/base/debian:1`, `${registry.host}/base/debian:small`]
  const tls = ["--src-tls-verify=false", "--dest-tls-verify=false"]
  await run(["skopeo", "copy", ...tls, "--dest-compress-format=zstd", `docker://${source}`, `docker://${target}`])
})

afterAll(async () => {
  for (const project of [maker, user]) {
    await project.fireclay("destroy", "--yes")
    await project.dispose()
  }
  await registry.dispose()
})

describe("a base from a registry", () => {
  it("is fetched, kept by its digest, and built on; instances of what is built run", async () => {
    const base = `${registry.host}/base/debian:1`
    await user.write(
      "fireclay.config.ts",
      config(
        "user",
        `const web = spec("web", { base: image("${base}"), resources: [file("/etc/own", { content: "own\\n" })] })`,
        "web: fleet(web, { on: local({ count: 1 }), by })",
      ),
    )
    await must(user, "apply", "--yes")
    expect(JSON.parse(await readFile(join(user.directory, "fireclay.lock"), "utf8")).bases).toMatchObject({
      [base]: digest,
    })
    expect(await cat(user, "web-r1-1", "/etc/motd")).toContain("from the registry")
    expect(await cat(user, "web-r1-1", "/etc/own")).toContain("own")
    expect((await must(user, "build")).images[0]).toMatchObject({ layersMade: 0 })
  })
})

describe("a hybrid fleet", () => {
  const file = `file("/etc/platform", { content: "p\\n" })`
  const specs = (motd: string, own: string, more = ""): string => `
const platform = spec("platform", {
  base: rootfs("./root.tar.zst"),
  resources: [file("/etc/motd", { content: "${motd}\\n" }), ${more}],
})
const pet = spec("pet", { base: from(platform), resources: [file("/etc/own", { content: "${own}\\n" })] })`
  const fleets =
    "pets: fleet(pet, { on: local({ machines: 1 }), by: kept }), herd: fleet(pet, { on: local({ count: 1 }), by })"

  it("starts from the image of the other spec, by replacement as well as in place, on an archive", async () => {
    const out = join(user.directory, "layout")
    await must(user, "build", "web", "--out", `oci:${out}:1`)
    const { layers } = await manifestIn(out)
    const blob = join(out, "blobs/sha256", layers[0]?.digest.slice(7) ?? "")
    await run(["zstd", "-q", "-1", "-o", join(user.directory, "root.tar.zst"), blob])
    await must(user, "destroy", "--yes")
    await user.write("fireclay.config.ts", config("user", specs("one", "one", file), fleets))
    const plan = await user.fireclay("plan", "pets")
    expect(plan.json.fleets[0]).toMatchObject({ base: "platform", missing: ["pets-1"] })
    await must(user, "apply", "--yes")
    expect(await cat(user, "pets-1", "/etc/motd")).toContain("one")
    expect(await cat(user, "herd-r1-1", "/etc/motd")).toContain("one")
    // The image had it: in place there was nothing left to do but the own layer.
    const { stdout } = await run(["find", "/var/lib/fireclay-local", "-path", "*/instances/pets-1/upper/etc/platform"])
    expect(stdout.toString()).toBe("")
  })

  it("says which change is whose, and takes both", async () => {
    await user.write("fireclay.config.ts", config("user", specs("two", "two"), fleets))
    const { json } = await user.fireclay("plan", "pets")
    const [{ differences }] = json.fleets[0].machines
    const whose = differences.map(({ id, origin }: { id: string; origin?: string }) => [id, origin ?? null])
    expect(whose.toSorted()).toEqual([
      ["file:/etc/motd", "platform"],
      ["file:/etc/own", null],
      ["file:/etc/platform", "platform"],
    ])
    await must(user, "apply", "--yes")
    expect(await cat(user, "pets-1", "/etc/motd")).toContain("two")
    expect(await cat(user, "herd-r2-1", "/etc/motd")).toContain("two")
    expect((await must(user, "plan")).fleets).toMatchObject([{ empty: true }, { empty: true }])
  })

  it("is what the image of the same release is, and says when what lies below all is another", async () => {
    expect((await must(user, "verify", "pets")).unexplained).toBe(0)
    await user.write("fireclay.config.ts", config("user", specs("two", "two").replace(/base: rootfs.*,/, ""), fleets))
    const { fleets: planned } = await must(user, "plan", "pets", "herd")
    const other = { from: expect.stringMatching(/^\.\/root\.tar\.zst, [0-9a-f]{12}$/), to: "debian bookworm" }
    expect(planned).toMatchObject([{ baseChange: other }, { baseChange: other }])
    await user.write("fireclay.config.ts", config("user", specs("two", "two"), fleets))
  })

  it("refuses an archive that is not one any more", async () => {
    await writeFile(join(user.directory, "root.tar.zst"), "no archive")
    const { exitCode, json } = await user.fireclay("build", "herd")
    expect({ exitCode, code: json.error.code }).toEqual({ exitCode: 1, code: "FC_IMAGE_UNSAFE" })
  })
})

const manifestIn = async (layout: string): Promise<{ readonly layers: readonly { readonly digest: string }[] }> => {
  const blob = async (name: string) => JSON.parse(await readFile(join(layout, name), "utf8"))
  const { manifests } = await blob("index.json")
  return blob(`blobs/sha256/${manifests[0].digest.slice(7)}`)
}
