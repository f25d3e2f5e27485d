import { createHash } from "node:crypto"
import { readFile, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { openPins } from "../../src/builtin/bases.ts"
import { pushImage } from "../../src/images/index.ts"
import { tinyImage, withDirectory } from "../images/tiny-image.ts"
import { caught } from "../support/catch.ts"
import { startRegistry, type TestRegistry } from "../support/registry.ts"

let registry: TestRegistry
beforeAll(async () => {
  registry = await startRegistry()
})
afterAll(() => registry.dispose())

const lockIn = async (directory: string): Promise<unknown> =>
  JSON.parse(await readFile(join(directory, "fireclay.lock"), "utf8"))

describe("the tag of a base image", () => {
  it("is looked up once, kept in the lock file, and moves when asked to", () =>
    withDirectory(async (directory) => {
      const { layout, digest } = await tinyImage(directory)
      const image = `${registry.host}/base/moving:1`
      await pushImage(layout, digest, image)
      expect(await openPins({ directory })({ image })).toEqual({ image, digest })
      expect(await lockIn(directory)).toMatchObject({ schemaVersion: 1, bases: { [image]: digest } })

      const other = await withDirectory(async (place) => {
        const second = await tinyImage(place, [join(directory, "two.tar")])
        await pushImage(second.layout, second.digest, image)
        return second.digest
      })
      expect(other).not.toBe(digest)
      expect(await openPins({ directory })({ image })).toEqual({ image, digest })
      expect(await openPins({ directory, update: true })({ image })).toEqual({ image, digest: other })
      expect(await openPins({ directory })({ image })).toEqual({ image, digest: other })
    }))

  it("needs no registry where the digest is written down", () =>
    withDirectory(async (directory) => {
      const digest = `sha256:${"a".repeat(64)}`
      const image = `nowhere.invalid/base@${digest}`
      expect(await openPins({ directory })({ image })).toEqual({ image, digest })
      const locked = "nowhere.invalid/base:1"
      await writeFile(
        join(directory, "fireclay.lock"),
        JSON.stringify({ schemaVersion: 1, bases: { [locked]: digest } }),
      )
      expect(await openPins({ directory })({ image: locked })).toEqual({ image: locked, digest })
    }))

  it("leaves the rest of the lock file as it is", () =>
    withDirectory(async (directory) => {
      const { layout, digest } = await tinyImage(directory)
      const image = `${registry.host}/base/other:1`
      await pushImage(layout, digest, image)
      const before = { schemaVersion: 1, bases: { "z.example/a:1": "sha256:z" }, packages: {}, other: { curl: "1" } }
      await writeFile(join(directory, "fireclay.lock"), JSON.stringify(before))
      await openPins({ directory })({ image })
      expect(await lockIn(directory)).toEqual({ ...before, bases: { ...before.bases, [image]: digest } })
    }))

  it.each(["no json", '{"schemaVersion": 2}', "null"])("with a lock file that is %s", (text) =>
    withDirectory(async (directory) => {
      await writeFile(join(directory, "fireclay.lock"), text)
      const error = await caught(() => openPins({ directory })({ image: "r.example/base:1" }))
      expect(error.code).toBe("FC_LOCK_FILE")
    }),
  )
})

describe("an archive", () => {
  it("is known by its content", () =>
    withDirectory(async (directory) => {
      await writeFile(join(directory, "root.tar"), "content")
      const sha256 = createHash("sha256").update("content").digest("hex")
      expect(await openPins({ directory })({ rootfs: "./root.tar" })).toEqual({ rootfs: "./root.tar", sha256 })
      const error = await caught(() => openPins({ directory })({ rootfs: "./other.tar" }))
      expect(error).toMatchObject({ code: "FC_SPEC_SOURCE", at: 'rootfs("./other.tar")' })
    }))
})
