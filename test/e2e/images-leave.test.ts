import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { run } from "../../src/system/process.ts"
import { type DockerUse, docker, ensureDocker, testLabel } from "../support/docker.ts"
import { makeProject, type TestProject } from "../support/project.ts"
import { account, startRegistry, type TestRegistry } from "../support/registry.ts"

let use: DockerUse
let registry: TestRegistry
let project: TestProject
const earlier = process.env.DOCKER_CONFIG

beforeAll(async () => {
  use = await ensureDocker()
  registry = await startRegistry("basic")
  process.env.DOCKER_CONFIG = registry.login
  project = await makeProject("images")
  await project.write(
    "fireclay.config.ts",
    `import { allAtOnce, defineProject, fleet, local, replace, spec } from "fireclay"
import { file } from "fireclay/resources"

const web = spec("web", { resources: [file("/etc/greeting", { content: "hello from the image\\n" })] })
const on = local({ count: 1 })
export default defineProject({
  name: "images-test",
  fleets: {
    web: fleet(web, { on, by: replace({ strategy: allAtOnce() }) }),
    twin: fleet(web, { on, by: replace({ strategy: allAtOnce() }) }),
  },
})
`,
  )
})

afterAll(async () => {
  for (const name of await testImages()) await docker(["image", "rm", "--force", name])
  await project.fireclay("destroy", "--yes")
  await project.dispose()
  await registry.dispose()
  await use.dispose()
  if (earlier === undefined) delete process.env.DOCKER_CONFIG
  else process.env.DOCKER_CONFIG = earlier
})

describe("an image that leaves", () => {
  it("is the same wherever it goes: a layout, an archive, a registry, Docker", async () => {
    const name = `${registry.host}/shop/web:1`
    const outs = ["--out", "oci:out/layout:1", "--out", "docker-archive:out/web.tar:images-test/web:1"]
    const built = await project.fireclay("build", "web", ...outs, "--push", name)
    expect(built.exitCode, built.stderr).toBe(0)
    const [{ image, left }] = built.json.images
    expect(left).toMatchObject([
      { to: "oci:out/layout:1" },
      { to: "docker-archive:out/web.tar:images-test/web:1" },
      { to: name, reference: `${name}@${image}`, sent: 3 },
    ])

    const login = ["--creds", `${account.user}:${account.password}`, "--tls-verify=false"]
    expect(await digestOf(`oci:${join(project.directory, "out/layout")}:1`)).toBe(image)
    expect(await digestOf(`docker://${name}`, login)).toBe(image)

    await docker(["load", "--input", join(project.directory, "out/web.tar")])
    await docker(["pull", "--quiet", name])
    for (const loaded of ["images-test/web:1", name]) {
      const argv = ["run", "--rm", "--network=none", `--label=${testLabel}`, loaded, "cat", "/etc/greeting"]
      expect(await docker(argv)).toBe("hello from the image")
    }
  })

  it("goes nowhere twice", async () => {
    const again = await project.fireclay("build", "web", "--push", `${registry.host}/shop/web:2`)
    expect(again.json.images[0].left).toMatchObject([{ sent: 0, sentBytes: 0 }])
  })

  it.each([
    ["two fleets under one name", ["--push", "localhost/web:1"], 64],
    ["a name without a registry", ["web", "--push", "shop/web:1"], 64],
    ["an unknown kind of place", ["web", "--out", "zip:web.zip"], 64],
  ])("%s: is refused before anything is baked", async (_, words, exitCode) => {
    const refused = await project.fireclay("build", ...words)
    expect(refused).toMatchObject({ exitCode, json: { error: { code: "FC_USAGE" } } })
  })
})

const digestOf = async (place: string, more: readonly string[] = []): Promise<string> => {
  const { stdout, stderr } = await run(["skopeo", "inspect", ...more, place])
  expect(stderr.toString()).toBe("")
  return (JSON.parse(stdout.toString()) as { readonly Digest: string }).Digest
}

const testImages = async (): Promise<readonly string[]> =>
  (await docker(["images", "--format", "{{.Repository}}:{{.Tag}}"]))
    .split("\n")
    .filter((name) => name.startsWith("images-test/") || name.startsWith(`${registry.host}/`))
