import { mkdir, readFile, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { pullLayers, pushImage, resolveReference, unpackLayers } from "../../src/images/index.ts"
import { digestOf, type Layout } from "../../src/images/layout.ts"
import { openRegistry } from "../../src/images/registry/client.ts"
import { run } from "../../src/system/process.ts"
import { caught } from "../support/catch.ts"
import { startRegistry, type TestRegistry } from "../support/registry.ts"
import { tinyImage, withDirectory } from "./tiny-image.ts"

let registry: TestRegistry
beforeAll(async () => {
  registry = await startRegistry()
})
afterAll(() => registry.dispose())

/** Copies the image with skopeo, so that a registry has it as others put it there. */
const copy = async (layout: Layout, name: string, ...options: readonly string[]): Promise<void> => {
  const argv = ["skopeo", "copy", "--dest-tls-verify=false", ...options, `oci:${layout.directory}`, `docker://${name}`]
  const { exitCode, stderr } = await run(argv)
  expect(exitCode, stderr.toString()).toBe(0)
}

const greetingIn = (name: string, digest: string) =>
  withDirectory(async (directory) => {
    const root = join(directory, "root")
    await mkdir(root)
    await unpackLayers(await pullLayers(name, digest, directory), root, directory)
    return readFile(join(root, "etc/greeting"), "utf8")
  })

describe("an image that others put into a registry", () => {
  it.each([
    ["compressed by gzip", []],
    ["compressed by zstd", ["--dest-compress-format=zstd"]],
    ["in Docker's format", ["--format=v2s2"]],
  ])("%s", (what, options) =>
    withDirectory(async (directory) => {
      const { layout } = await tinyImage(directory)
      const name = `${registry.host}/base/${what.replaceAll(/\W/g, "-").toLowerCase()}:1`
      await copy(layout, name, ...options)
      const digest = await resolveReference(name)
      expect(await greetingIn(name, digest)).toBe("hello from the second layer\n")
      expect(await greetingIn(`${name.replace(/:1$/, "")}@${digest}`, digest)).toBe("hello from the second layer\n")
    }),
  )

  it("for several processors: the one of this computer", () =>
    withDirectory(async (directory) => {
      const { layout, digest } = await tinyImage(directory)
      const name = `${registry.host}/base/many`
      await pushImage(layout, digest, `${name}:one`)
      const manifest = { mediaType: "application/vnd.oci.image.manifest.v1+json", digest, size: 1 }
      const index = (architecture: string) =>
        Buffer.from(
          JSON.stringify({ schemaVersion: 2, manifests: [{ ...manifest, platform: { os: "linux", architecture } }] }),
        )
      const put = openRegistry({ host: registry.host, repository: "base/many" }).putManifest
      const indexType = "application/vnd.oci.image.index.v1+json"
      await put("own", indexType, index("amd64"))
      await put("other", indexType, index("s390x"))
      const own = await resolveReference(`${name}:own`)
      expect(own).toBe(digestOf(index("amd64")))
      expect(await greetingIn(name, own)).toContain("hello")
      const error = await caught(async () => pullLayers(name, await resolveReference(`${name}:other`), directory))
      expect(error.code).toBe("FC_IMAGE_UNFIT")
    }))

  it("of which a layer was changed where it lies", () =>
    withDirectory(async (directory) => {
      const { layout, digest } = await tinyImage(directory)
      const name = `${registry.host}/base/changed:1`
      await pushImage(layout, digest, name)
      const { layers } = JSON.parse(
        await readFile(join(layout.directory, "blobs/sha256", digest.slice(7)), "utf8"),
      ) as { layers: readonly { digest: string }[] }
      const hex = layers[1]?.digest.slice(7) ?? ""
      const blobs = join(registry.directory, "storage/docker/registry/v2/blobs/sha256")
      const path = join(blobs, hex.slice(0, 2), hex, "data")
      const bytes = await readFile(path)
      bytes[600] = (bytes[600] ?? 0) ^ 1
      await writeFile(path, bytes)
      expect((await caught(() => pullLayers(name, digest, directory))).code).toBe("FC_IMAGE_DIGEST")
    }))

  it("that is not there", async () => {
    expect((await caught(() => resolveReference(`${registry.host}/base/nothing:1`))).code).toBe("FC_IMAGE_UNFIT")
  })
})
