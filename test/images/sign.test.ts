import { readdir, readFile, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { attachmentsOf } from "../../src/images/attachments.ts"
import {
  checkBlobs,
  exportImage,
  parseExportTarget,
  pushImage,
  readPrivateKey,
  readPublicKey,
  signImage,
  verifySignature,
} from "../../src/images/index.ts"
import { blobPath, type Layout } from "../../src/images/layout.ts"
import { openRegistry } from "../../src/images/registry/client.ts"
import { run } from "../../src/system/process.ts"
import { caught } from "../support/catch.ts"
import { makeKeys } from "../support/keys.ts"
import { startRegistry, type TestRegistry } from "../support/registry.ts"
import { tinyImage, withDirectory } from "./tiny-image.ts"

const passphrase = async () => Buffer.from("open sesame")
const privateKey = (path: string) => readPrivateKey(path, passphrase)

/** A signed image in a directory, with the public key that belongs to it. */
const signed = async (directory: string, kind: "P-256" | "Ed25519" = "P-256") => {
  const image = await tinyImage(directory)
  const keys = await makeKeys(directory, "own", kind)
  await signImage(image.layout, image.digest, await privateKey(keys.private))
  return { ...image, keys, publicKey: await readPublicKey(keys.public) }
}

describe("a signature", () => {
  it.each(["P-256", "Ed25519"] as const)("by %s is found to be right", (kind) =>
    withDirectory(async (directory) => {
      const { layout, digest, publicKey, keys } = await signed(directory, kind)
      await verifySignature(layout, digest, publicKey)
      await checkBlobs(layout, digest)
      // Again: nothing is added.
      const before = await readdir(join(attachmentsOf(layout, digest).directory, "blobs/sha256"))
      await signImage(layout, digest, await privateKey(keys.private))
      expect(await readdir(join(attachmentsOf(layout, digest).directory, "blobs/sha256"))).toEqual(before)
    }),
  )

  it("that is missing, or of another key, or about another image", () =>
    withDirectory(async (directory) => {
      const { layout, digest, publicKey } = await signed(directory)
      const other = await readPublicKey((await makeKeys(directory, "other")).public)
      expect((await caught(() => verifySignature(layout, digest, other))).code).toBe("FC_IMAGE_SIGNATURE")
      const unsigned = await withDirectory((place) => tinyImage(place, [join(directory, "two.tar")]))
      const missing = await caught(() => verifySignature(layout, unsigned.digest, publicKey))
      expect(missing.code).toBe("FC_IMAGE_UNSIGNED")
      const [mine, theirs] = [digest, unsigned.digest].map((image) => attachmentsOf(layout, image).directory)
      await run(["cp", "-a", mine ?? "", theirs ?? ""])
      const moved = await caught(() => verifySignature(layout, unsigned.digest, publicKey))
      expect(moved.code).toBe("FC_IMAGE_SIGNATURE")
    }))

  it("of several, one is enough", () =>
    withDirectory(async (directory) => {
      const { layout, digest, publicKey } = await signed(directory)
      const second = await makeKeys(directory, "second", "Ed25519")
      await signImage(layout, digest, await privateKey(second.private))
      await verifySignature(layout, digest, publicKey)
      await verifySignature(layout, digest, await readPublicKey(second.public))
    }))

  it.each<[string, string, (layout: Layout, digest: string) => Promise<void>]>([
    ["its index was emptied", "FC_IMAGE_UNSIGNED", (layout) => writeFile(join(layout.directory, "index.json"), "{}")],
    ["a byte of what is signed was changed", "FC_IMAGE_UNSIGNED", (layout) => flipIn(layout, "cosign container")],
    ["the signature was changed", "FC_IMAGE_UNSIGNED", (layout) => flipIn(layout, "dev.cosignproject")],
  ])("counts for nothing when %s", (_, code, change) =>
    withDirectory(async (directory) => {
      const { layout, digest, publicKey } = await signed(directory)
      await change(attachmentsOf(layout, digest), digest)
      expect((await caught(() => verifySignature(layout, digest, publicKey))).code).toBe(code)
    }),
  )

  it("does not hide that the image was changed", () =>
    withDirectory(async (directory) => {
      const { layout, digest, publicKey } = await signed(directory)
      const { layers } = JSON.parse(await readFile(blobPath(layout, digest), "utf8")) as {
        layers: readonly { digest: string }[]
      }
      const path = blobPath(layout, layers[0]?.digest ?? "")
      const bytes = await readFile(path)
      bytes[700] = (bytes[700] ?? 0) ^ 1
      await writeFile(path, bytes)
      await verifySignature(layout, digest, publicKey)
      expect((await caught(() => checkBlobs(layout, digest))).code).toBe("FC_IMAGE_DIGEST")
    }))
})

describe("a key", () => {
  it("may be encrypted", () =>
    withDirectory(async (directory) => {
      const { private: plain } = await makeKeys(directory, "own")
      const locked = join(directory, "locked.key")
      await run([
        "openssl",
        "pkcs8",
        "-topk8",
        "-v2",
        "aes-256-cbc",
        "-passout",
        "pass:open sesame",
        "-in",
        plain,
        "-out",
        locked,
      ])
      expect((await privateKey(locked)).asymmetricKeyType).toBe("ec")
      const error = await caught(() => readPrivateKey(locked, async () => Buffer.from("wrong")))
      expect(error).toMatchObject({ code: "FC_KEY", message: expect.stringContaining("passphrase") })
    }))

  it.each<[string, (directory: string) => Promise<readonly string[]>]>([
    ["of another kind", async (place) => ["openssl", "genpkey", "-algorithm", "RSA", "-out", join(place, "key")]],
    [
      "on another curve",
      async (place) => ["openssl", "ecparam", "-name", "secp384r1", "-genkey", "-noout", "-out", join(place, "key")],
    ],
    ["that is none", async (place) => ["cp", "/etc/hostname", join(place, "key")]],
    ["that is not there", async () => ["true"]],
  ])("%s", (_, make) =>
    withDirectory(async (directory) => {
      await run(await make(directory))
      expect((await caught(() => privateKey(join(directory, "key")))).code).toBe("FC_KEY")
      expect((await caught(() => readPublicKey(join(directory, "key")))).code).toBe("FC_KEY")
    }),
  )

  it("that is private is not taken for a public one", () =>
    withDirectory(async (directory) => {
      const keys = await makeKeys(directory, "own")
      expect((await caught(() => readPublicKey(keys.private))).code).toBe("FC_KEY")
    }))
})

describe("signatures that leave with their image", () => {
  let registry: TestRegistry
  beforeAll(async () => {
    registry = await startRegistry()
  })
  afterAll(() => registry.dispose())

  /** An image in the registry, signed under its name there. */
  const pushed = async (directory: string) => {
    const image = await signed(directory)
    const name = `${registry.host}/shop/signed`
    await signImage(image.layout, image.digest, await privateKey(image.keys.private), name)
    await pushImage(image.layout, image.digest, `${name}:1`)
    return { ...image, name }
  }

  it("are where cosign looks for them, and are what openssl finds right", () =>
    withDirectory(async (directory) => {
      const { digest, name, keys } = await pushed(directory)
      const repository = openRegistry({ host: registry.host, repository: "shop/signed" })
      const found = await repository.getManifest(`${digest.replace(":", "-")}.sig`)
      const { layers } = JSON.parse(found?.bytes.toString() ?? "")
      const [{ digest: payload, annotations }] = layers
      const path = join(directory, "payload")
      await run([
        "skopeo",
        "copy",
        "--src-tls-verify=false",
        `docker://${name}:${digest.replace(":", "-")}.sig`,
        `dir:${directory}/sig`,
      ])
      await run(["cp", join(directory, "sig", payload.slice(7)), path])
      expect(JSON.parse(await readFile(path, "utf8")).critical).toEqual({
        identity: { "docker-reference": name },
        image: { "docker-manifest-digest": digest },
        type: "cosign container image signature",
      })
      await writeFile(
        join(directory, "signature"),
        Buffer.from(annotations["dev.cosignproject.cosign/signature"], "base64"),
      )
      const check = [
        "openssl",
        "dgst",
        "-sha256",
        "-verify",
        keys.public,
        "-signature",
        join(directory, "signature"),
        path,
      ]
      expect((await run(check)).stdout.toString()).toContain("Verified OK")
    }))

  it("are listed under the tag that takes the place of a list of referrers", () =>
    withDirectory(async (directory) => {
      const { digest } = await pushed(directory)
      const repository = openRegistry({ host: registry.host, repository: "shop/signed" })
      expect(await repository.getReferrers(digest)).toBeUndefined()
      const list = await repository.getManifest(digest.replace(":", "-"))
      expect(list?.mediaType).toBe("application/vnd.oci.image.index.v1+json")
      const [{ digest: artifact }] = JSON.parse(list?.bytes.toString() ?? "").manifests
      const manifest = JSON.parse((await repository.getManifest(artifact))?.bytes.toString() ?? "")
      expect(manifest.subject.digest).toBe(digest)
    }))

  it("go into a layout that still has one image of that tag", () =>
    withDirectory(async (directory) => {
      const { layout, digest } = await signed(directory)
      const out = join(directory, "out")
      for (const _ of ["once", "twice"]) await exportImage(layout, digest, parseExportTarget(`oci:${out}:1`), "a:1")
      const { stdout, stderr } = await run(["skopeo", "inspect", `oci:${out}:1`])
      expect(stderr.toString()).toBe("")
      expect(JSON.parse(stdout.toString()).Digest).toBe(digest)
      expect(JSON.parse(await readFile(join(out, "index.json"), "utf8")).manifests).toHaveLength(3)
    }))
})

/** Changes one letter in each small blob that has this text. */
const flipIn = async (layout: Layout, text: string): Promise<void> => {
  const blobs = join(layout.directory, "blobs/sha256")
  for (const name of await readdir(blobs)) {
    const bytes = await readFile(join(blobs, name))
    const at = bytes.indexOf(text)
    if (at < 0) continue
    bytes[at] = (bytes[at] ?? 0) ^ 1
    await writeFile(join(blobs, name), bytes)
  }
}
