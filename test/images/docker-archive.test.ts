import { writeFile } from "node:fs/promises"
import { join } from "node:path"
import { buffer } from "node:stream/consumers"
import { afterAll, beforeAll, expect, test } from "vitest"
import { dockerArchive, writeDockerArchive } from "../../src/images/index.ts"
import { tarHeader } from "../../src/images/tar.ts"
import { run } from "../../src/system/process.ts"
import { caught } from "../support/catch.ts"
import { type DockerUse, docker, ensureDocker, testLabel } from "../support/docker.ts"
import { tinyImage, withDirectory } from "./tiny-image.ts"

let use: DockerUse
beforeAll(async () => {
  use = await ensureDocker()
})
afterAll(async () => {
  await docker(["image", "rm", "--force", "fireclay-test/tiny:1", "fireclay-test/tiny:2"])
  await use.dispose()
})

test("docker loads the archive under its names, and runs the image", () =>
  withDirectory(async (directory) => {
    const { layout, digest } = await tinyImage(directory)
    const file = join(directory, "tiny.tar")
    await writeDockerArchive(layout, [{ digest, names: ["fireclay-test/tiny:1", "fireclay-test/tiny:2"] }], file)
    expect(await docker(["load", "--input", file])).toContain("fireclay-test/tiny:2")
    const argv = ["run", "--rm", "--network=none", `--label=${testLabel}`, "fireclay-test/tiny:2"]
    expect(await docker(argv)).toBe("hello from the second layer")
  }))

test("skopeo reads it as a Docker archive and as an OCI archive; the latter has the image's own digest", () =>
  withDirectory(async (directory) => {
    const { layout, digest } = await tinyImage(directory)
    const file = join(directory, "tiny.tar")
    await writeDockerArchive(layout, [{ digest, names: ["fireclay-test/tiny:1"] }], file)
    const inspect = async (place: string) => {
      const { stdout, stderr } = await run(["skopeo", "inspect", place])
      expect(stderr.toString()).toBe("")
      return JSON.parse(stdout.toString()) as { Digest: string; Layers: readonly string[] }
    }
    expect((await inspect(`oci-archive:${file}:1`)).Digest).toBe(digest)
    expect((await inspect(`docker-archive:${file}`)).Layers).toHaveLength(2)
  }))

test("two archives of one image are the same bytes", () =>
  withDirectory(async (directory) => {
    const { layout, digest } = await tinyImage(directory)
    const archive = () => buffer(dockerArchive(layout, [{ digest, names: ["fireclay-test/tiny:1"] }]))
    expect((await archive()).equals(await archive())).toBe(true)
  }))

test("an image that is not there", () =>
  withDirectory(async (directory) => {
    const { layout } = await tinyImage(directory)
    const images = [{ digest: `sha256:${"0".repeat(64)}`, names: [] }]
    const error = await caught(() => writeDockerArchive(layout, images, join(directory, "a.tar")))
    expect(error.code).toBe("FC_IMAGE_UNKNOWN")
  }))

test("a size over 8 GiB is written as GNU tar reads it", () =>
  withDirectory(async (directory) => {
    const file = join(directory, "large.tar")
    const size = 9 * 2 ** 30 + 7
    await writeFile(file, tarHeader({ name: "large", size }))
    expect((await run(["tar", "-tvf", file])).stdout.toString()).toContain(` ${size} `)
  }))
