import { readFile, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { attachmentKinds, readAttachments } from "../../src/images/attachments.ts"
import { sbomPredicate, signDocuments, signedPredicates } from "../../src/images/attest.ts"
import {
  exportImage,
  hashFile,
  type Layout,
  parseExportTarget,
  pushImage,
  readPrivateKey,
  readPublicKey,
} from "../../src/images/index.ts"
import { attachDocuments } from "../../src/images/inside/documents.ts"
import { provenancePredicate } from "../../src/images/inside/provenance.ts"
import { blobPath } from "../../src/images/layout.ts"
import { openRegistry } from "../../src/images/registry/client.ts"
import { run } from "../../src/system/process.ts"
import { makeKeys } from "../support/keys.ts"
import { withReferrers } from "../support/referrers.ts"
import { startRegistry, type TestRegistry } from "../support/registry.ts"
import { tinyImage, withDirectory } from "./tiny-image.ts"

const making = {
  fleet: "web",
  spec: "shop",
  release: "sha256:1",
  base: { distribution: "debian", suite: "bookworm", include: [] },
  baseDigest: "sha256:2",
  lock: 0,
  layers: [],
  packages: {},
  finishedAt: "2026-01-02T03:04:06.000Z",
  entry: "3",
} as const

/** An image with its documents, signed, in a directory. */
const attested = async (directory: string, kind: "P-256" | "Ed25519" = "P-256") => {
  const image = await tinyImage(directory)
  const keys = await makeKeys(directory, "own", kind)
  const key = await readPrivateKey(keys.private, async () => Buffer.from(""))
  await attachDocuments(image.layout, image.digest, { createdAt: "2024-01-01T00:00:00Z", tool: "fireclay-1", making })
  await signDocuments(image.layout, image.digest, key)
  return { ...image, keys, key, publicKey: await readPublicKey(keys.public) }
}

const envelopes = (layout: Layout, digest: string) => readAttachments(layout, digest, attachmentKinds.envelope)

describe("signed documents", () => {
  it.each(["P-256", "Ed25519"] as const)("by %s are found to be right, and are signed once", (kind) =>
    withDirectory(async (directory) => {
      const { layout, digest, key, publicKey } = await attested(directory, kind)
      expect(await signedPredicates(layout, digest, publicKey)).toEqual([sbomPredicate, provenancePredicate])
      await signDocuments(layout, digest, key)
      expect(await envelopes(layout, digest)).toHaveLength(2)
    }),
  )

  it("are what openssl finds right, in the encoding of DSSE", () =>
    withDirectory(async (directory) => {
      const { layout, digest, keys } = await attested(directory)
      for (const { bytes } of await envelopes(layout, digest)) {
        const { payload, payloadType, signatures } = JSON.parse(bytes.toString())
        expect(payloadType).toBe("application/vnd.in-toto+json")
        const body = Buffer.from(payload, "base64")
        const head = Buffer.from(`DSSEv1 28 application/vnd.in-toto+json ${body.length} `)
        const [signed, signature] = [join(directory, "signed"), join(directory, "signature")]
        await writeFile(signed, Buffer.concat([head, body]))
        await writeFile(signature, Buffer.from(signatures[0].sig, "base64"))
        const check = ["openssl", "dgst", "-sha256", "-verify", keys.public, "-signature", signature, signed]
        expect((await run(check)).stdout.toString()).toContain("Verified OK")
      }
    }))

  it("of another key, of another image, and changed ones count for nothing", () =>
    withDirectory(async (directory) => {
      const { layout, digest, publicKey } = await attested(directory)
      const other = await readPublicKey((await makeKeys(directory, "other")).public)
      expect(await signedPredicates(layout, digest, other)).toEqual([])
      const [one] = await envelopes(layout, digest)
      const path = join(
        layout.directory,
        "attachments",
        digest.slice(7),
        "blobs/sha256",
        one?.document.digest.slice(7) ?? "",
      )
      const text = await readFile(path, "utf8")
      await writeFile(path, text.replace('"payload":"e', '"payload":"f'))
      expect(await signedPredicates(layout, digest, publicKey)).toEqual([provenancePredicate])
    }))
})

describe("documents that leave with their image", () => {
  let registry: TestRegistry
  beforeAll(async () => {
    registry = await startRegistry()
  })
  afterAll(() => registry.dispose())

  it("are listed as referrers, with what they say, and where cosign looks for them", () =>
    withDirectory(async (directory) => {
      const { layout, digest } = await attested(directory)
      await pushImage(layout, digest, `${registry.host}/shop/told:1`)
      const repository = openRegistry({ host: registry.host, repository: "shop/told" })
      const tag = digest.replace(":", "-")
      const list = JSON.parse((await repository.getManifest(tag))?.bytes.toString() ?? "")
      const about = { "in-toto.io/predicate-type": provenancePredicate }
      expect(list.manifests).toMatchObject([
        { artifactType: "application/spdx+json" },
        { artifactType: "application/vnd.in-toto+json", annotations: about },
        { artifactType: attachmentKinds.envelope, annotations: { "in-toto.io/predicate-type": sbomPredicate } },
        { artifactType: attachmentKinds.envelope, annotations: about },
      ])
      const first = JSON.parse((await repository.getManifest(list.manifests[1].digest))?.bytes.toString() ?? "")
      expect(first).toMatchObject({
        artifactType: "application/vnd.in-toto+json",
        annotations: about,
        subject: { digest },
        layers: [{ mediaType: "application/vnd.in-toto+json" }],
      })
      const cosign = JSON.parse((await repository.getManifest(`${tag}.att`))?.bytes.toString() ?? "")
      expect(cosign.layers).toMatchObject(
        [sbomPredicate, provenancePredicate].map((predicateType) => ({
          mediaType: "application/vnd.dsse.envelope.v1+json",
          annotations: { predicateType, "dev.cosignproject.cosign/signature": "" },
        })),
      )
    }))

  it("are left to a registry that lists referrers itself", () =>
    withDirectory(async (directory) => {
      const { layout, digest } = await attested(directory)
      const listing = await withReferrers(registry)
      try {
        const pushed = await pushImage(layout, digest, `${listing.host}/shop/listed:1`)
        expect(pushed.attached).toHaveLength(4)
        const repository = openRegistry({ host: listing.host, repository: "shop/listed" })
        const list = JSON.parse((await repository.getReferrers(digest))?.bytes.toString() ?? "")
        expect(list.manifests.map(({ artifactType }: { artifactType: string }) => artifactType)).toEqual(
          pushed.attached,
        )
        expect(await repository.getManifest(digest.replace(":", "-"))).toBeUndefined()
      } finally {
        await listing.close()
      }
    }))

  it("stay here when the image is to leave bare", () =>
    withDirectory(async (directory) => {
      const { layout, digest } = await attested(directory)
      const pushed = await pushImage(layout, digest, `${registry.host}/shop/bare:1`, { bare: true })
      expect(pushed.attached).toEqual([])
      const repository = openRegistry({ host: registry.host, repository: "shop/bare" })
      expect(await repository.getManifest(digest.replace(":", "-"))).toBeUndefined()
      const out = join(directory, "out")
      await exportImage(layout, digest, { ...parseExportTarget(`oci:${out}:1`), bare: true }, "a:1")
      expect(JSON.parse(await readFile(join(out, "index.json"), "utf8")).manifests).toHaveLength(1)
    }))

  it.each([
    ["oci-archive", 6],
    ["docker-archive", 1],
  ])("go into an %s: %i manifests", (kind, count) =>
    withDirectory(async (directory) => {
      const { layout, digest } = await attested(directory)
      const out = join(directory, "out.tar")
      await exportImage(layout, digest, parseExportTarget(`${kind}:${out}`), "shop/told:1")
      await run(["mkdir", join(directory, "out")])
      await run(["tar", "-xf", out, "-C", join(directory, "out")])
      const { manifests } = JSON.parse(await readFile(join(directory, "out/index.json"), "utf8"))
      expect(manifests).toHaveLength(count)
      for (const { digest: blob } of manifests)
        expect(await hashFile(blobPath({ directory: join(directory, "out") }, blob))).toBe(blob)
      const { stdout } = await run(["skopeo", "inspect", `${kind}:${out}${kind === "oci-archive" ? ":latest" : ""}`])
      expect(JSON.parse(stdout.toString()).Layers).toHaveLength(2)
    }),
  )

  it("go into a layout beside the image, which is found by its tag as before", () =>
    withDirectory(async (directory) => {
      const { layout, digest } = await attested(directory)
      const out = join(directory, "out")
      for (const _ of ["once", "twice"]) await exportImage(layout, digest, parseExportTarget(`oci:${out}:1`), "a:1")
      const { stdout } = await run(["skopeo", "inspect", `oci:${out}:1`])
      expect(JSON.parse(stdout.toString()).Digest).toBe(digest)
      const { manifests } = JSON.parse(await readFile(join(out, "index.json"), "utf8"))
      expect(manifests.map(({ artifactType }: { artifactType?: string }) => artifactType ?? "")).toEqual([
        "",
        "application/spdx+json",
        "application/vnd.in-toto+json",
        attachmentKinds.envelope,
        attachmentKinds.envelope,
        "",
      ])
      for (const { digest: blob } of manifests) await readFile(blobPath({ directory: out }, blob))
    }))
})
