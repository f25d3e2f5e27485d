import { createPublicKey, type KeyObject, sign, verify } from "node:crypto"
import { stat } from "node:fs/promises"
import { FireclayError } from "../contract/index.ts"
import { type Attachment, attach, attachmentKinds, readAttachments, signedName } from "./attachments.ts"
import { blobPath, type Descriptor, hashFile, type Layout, mediaTypes } from "./layout.ts"
import { readManifest } from "./manifest.ts"
import { wrongDigest } from "./unpack.ts"

/**
 * Signs an image: what cosign signs, in the form in which cosign keeps it. Signatures of other keys stay.
 *
 * @param name where the image is, `REGISTRY/NAME`; empty: here
 */
export const signImage = async (layout: Layout, image: string, key: KeyObject, name = ""): Promise<void> => {
  const publicKey = createPublicKey(key)
  const before = await readAttachments(layout, image, attachmentKinds.signature)
  if (before.some((one) => isSignedBy(one, image, publicKey) && signedName(one) === name)) return
  const payload = Buffer.from(
    JSON.stringify({
      critical: {
        identity: { "docker-reference": name },
        image: { "docker-manifest-digest": image },
        type: payloadKind,
      },
      optional: null,
    }),
  )
  const signature = sign(algorithmOf(key), payload, key).toString("base64")
  const descriptor = await describeImage(layout, image)
  await attach(
    layout,
    descriptor,
    {
      kind: attachmentKinds.signature,
      mediaType: payloadType,
      bytes: payload,
      annotations: { [annotation]: signature },
    },
    { keep: true },
  )
}

/**
 * That somebody who has the private half of this key has signed the digest of the image. Whether the image is what its
 * digest says is another question.
 *
 * @throws FireclayError FC_IMAGE_UNSIGNED, FC_IMAGE_SIGNATURE
 */
export const verifySignature = async (layout: Layout, image: string, key: KeyObject): Promise<void> => {
  const signatures = await readAttachments(layout, image, attachmentKinds.signature)
  if (signatures.length === 0)
    throw new FireclayError("FC_IMAGE_UNSIGNED", "the image has no signature", {
      at: image,
      remedy: "fireclay build FLEET --sign KEYFILE",
    })
  if (!signatures.some((signature) => isSignedBy(signature, image, key)))
    throw new FireclayError("FC_IMAGE_SIGNATURE", "none of the signatures of the image is one of this key", {
      at: image,
      remedy: "sign it with the key that belongs to the one that is asked for, or find out who signed it",
    })
}

/** Every blob of the image is what its digest says. */
export const checkBlobs = async (layout: Layout, image: string): Promise<void> => {
  await checkBlob(layout, image)
  const { config, layers } = await readManifest(layout, image)
  for (const { digest } of [config, ...layers]) await checkBlob(layout, digest)
}

const checkBlob = async (layout: Layout, digest: string): Promise<void> => {
  const path = blobPath(layout, digest)
  const found = await hashFile(path).catch((cause: NodeJS.ErrnoException) => {
    if (cause.code === "ENOENT") return "not there"
    throw cause
  })
  if (found !== digest) throw wrongDigest(path, digest, found)
}

const isSignedBy = ({ bytes, document }: Attachment, image: string, key: KeyObject): boolean => {
  const signature = document.annotations?.[annotation]
  if (signature === undefined) return false
  try {
    if (!verify(algorithmOf(key), bytes, key, Buffer.from(signature, "base64"))) return false
    const critical = payloadOf({ bytes })
    return critical.type === payloadKind && critical.image?.["docker-manifest-digest"] === image
  } catch {
    return false
  }
}

interface Critical {
  readonly type?: string
  readonly image?: { readonly "docker-manifest-digest"?: string }
}

const payloadOf = ({ bytes }: Pick<Attachment, "bytes">): Critical =>
  (JSON.parse(bytes.toString()) as { readonly critical?: Critical }).critical ?? {}

export const describeImage = async (layout: Layout, digest: string): Promise<Descriptor> => {
  await readManifest(layout, digest)
  return { mediaType: mediaTypes.manifest, digest, size: (await stat(blobPath(layout, digest))).size }
}

export const algorithmOf = ({ asymmetricKeyType }: KeyObject): string | null =>
  asymmetricKeyType === "ed25519" ? null : "sha256"

const payloadKind = "cosign container image signature"
const payloadType = "application/vnd.dev.cosign.simplesigning.v1+json"
const annotation = "dev.cosignproject.cosign/signature"
