import { readFile } from "node:fs/promises"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { run } from "../../src/system/process.ts"
import { cli } from "../support/cli.ts"
import { makeKeys } from "../support/keys.ts"
import { makeProject, type TestProject } from "../support/project.ts"
import { startRegistry, type TestRegistry } from "../support/registry.ts"
import { filesByMaker, managedPackages, readSpdx } from "../support/spdx.ts"

const config = `import { allAtOnce, defineProject, fleet, key, local, replace, spec } from "fireclay"
import { command, file, pkg, user } from "fireclay/resources"

const web = spec("web", {
  resources: [
    pkg("tree"),
    user("app", { system: true }),
    command("compile", {
      run: ["/bin/sh", "-c", "mkdir /opt/app && echo 1 >/opt/app/one && echo 2 >/opt/app/two"],
      check: ["/usr/bin/test", "-e", "/opt/app/two"],
    }),
    file("/etc/greeting", { content: "hello\\n" }),
  ],
})
const by = replace({ strategy: allAtOnce(), verify: key("./own.pub") })
export default defineProject({ name: "inside-test", fleets: { web: fleet(web, { on: local({ count: 1 }), by }) } })
`

let registry: TestRegistry
let projects: readonly [TestProject, TestProject]

beforeAll(async () => {
  registry = await startRegistry()
  projects = [await makeProject("inside"), await makeProject("inside-again")]
  await makeKeys(projects[0].directory, "own")
  for (const project of projects) await project.write("fireclay.config.ts", config)
})

afterAll(async () => {
  for (const project of projects) {
    await project.fireclay("destroy", "--yes")
    await project.dispose()
  }
  await registry.dispose()
})

/** What a registry says, by plain HTTP. */
const ask = async (path: string) => {
  const answer = await fetch(`http://${registry.host}/v2/shop/inside/${path}`, { headers: { accept: everything } })
  expect(answer.status, path).toBe(200)
  return Buffer.from(await answer.arrayBuffer())
}

const everything = "application/vnd.oci.image.manifest.v1+json, application/vnd.oci.image.index.v1+json"

/** What refers to an image in the registry, by kind: the one document of each. */
const referrers = async (image: string): Promise<ReadonlyMap<string, string>> => {
  const { manifests } = JSON.parse((await ask(`manifests/${image.replace(":", "-")}`)).toString())
  const documents = new Map<string, string>()
  for (const { digest } of manifests) {
    const { subject, artifactType, layers } = JSON.parse((await ask(`manifests/${digest}`)).toString())
    expect(subject.digest).toBe(image)
    documents.set(artifactType, (await ask(`blobs/${layers[0].digest}`)).toString())
  }
  return documents
}

describe("what is inside an image", () => {
  it("goes with it: found in the registry, and true of a machine that runs it", async () => {
    const [project] = projects
    const name = `${registry.host}/shop/inside:1`
    const built = await project.fireclay("build", "--push", name, "--sign", "own.key", "--out", "oci:out:1")
    expect(built.exitCode, built.stderr).toBe(0)
    const [{ image, left }] = built.json.images
    expect(left[1].attached).toHaveLength(5)

    const skopeo = await run(["skopeo", "inspect", "--tls-verify=false", `docker://${name}`])
    expect(JSON.parse(skopeo.stdout.toString()).Digest).toBe(image)
    const found = await referrers(image)
    const sbom = readSpdx(found.get("application/spdx+json") ?? "")
    expect(filesByMaker(sbom)).toMatchObject({
      "command:compile": ["./opt/app/one", "./opt/app/two"],
      "file:/etc/greeting": ["./etc/greeting"],
    })

    const applied = await project.fireclay("apply", "--yes")
    expect(applied.exitCode, applied.stderr).toBe(0)
    const query = ["dpkg-query", "-W", "-f", "${Package} ${Architecture} ${Version}\\n"]
    const { stdout } = await run([...cli, "exec", "web-r1-1", "--", ...query], { cwd: project.directory })
    expect(managedPackages(sbom)).toEqual(stdout.toString().trim().split("\n").sort())
    expect(managedPackages(sbom).length).toBeGreaterThan(100)

    const provenance = JSON.parse(found.get("application/vnd.in-toto+json") ?? "")
    const releases = await project.fireclay("releases", "web")
    expect(provenance.subject[0].digest.sha256).toBe(image.slice(7))
    expect(provenance.predicate.buildDefinition.externalParameters).toMatchObject({ spec: "web", fleet: "web" })
    expect(releases.stdout).toContain(provenance.predicate.buildDefinition.externalParameters.release.slice(7, 19))
    expect(JSON.stringify(provenance)).not.toContain(project.directory)
  })

  it("is shown, and printed as it lies beside the image", async () => {
    const [project] = projects
    const { json } = await project.fireclay("inspect", "web")
    expect(json.making).toMatchObject({ fleet: "web", spec: "web" })
    expect(json.layers.map(({ resources }: { resources: readonly string[] }) => resources)).toEqual([
      [],
      ["package:tree"],
      ["user:app", "command:compile"],
      ["file:/etc/greeting"],
    ])
    expect(json.signed).toEqual(["https://spdx.dev/Document", "https://slsa.dev/provenance/v1"])
    const sbom = await project.fireclay("inspect", json.image.slice(7, 19), "--sbom")
    expect(sbom.stdout).toBe((await referrers(json.image)).get("application/spdx+json"))
    const index = JSON.parse(await readFile(join(project.directory, "out/index.json"), "utf8"))
    expect(index.manifests.map(({ artifactType }: { artifactType?: string }) => artifactType)).toContain(
      "application/spdx+json",
    )
  })

  it("is the same document of the same image, built in another place", async () => {
    const [one, other] = projects
    await other.write("own.pub", await readFile(join(one.directory, "own.pub"), "utf8"))
    await other.write("fireclay.lock", await readFile(join(one.directory, "fireclay.lock"), "utf8"))
    expect((await other.fireclay("build")).exitCode).toBe(0)
    const [mine, theirs] = [
      await one.fireclay("inspect", "web", "--sbom"),
      await other.fireclay("inspect", "web", "--sbom"),
    ]
    expect(theirs.stdout).toBe(mine.stdout)
  })

  it("is asked for by a name that there is", async () => {
    const [project] = projects
    expect((await project.fireclay("inspect", "0123456789ab")).json.error.code).toBe("FC_IMAGE_UNKNOWN")
    expect((await project.fireclay("inspect", "nobody")).json.error.code).toBe("FC_FLEET_UNKNOWN")
    expect((await project.fireclay("inspect", "web", "--sbom", "--provenance")).exitCode).toBe(64)
  })
})
