import { createPublicKey, type KeyObject, sign, verify } from "node:crypto"
import { attach, attachmentKinds, readAttachments } from "./attachments.ts"
import { predicateAnnotation } from "./inside/documents.ts"
import { provenancePredicate, statement } from "./inside/provenance.ts"
import type { Layout } from "./layout.ts"
import { algorithmOf, describeImage } from "./sign.ts"

/** What an envelope of DSSE holds, as in-toto and cosign write it. */
interface Envelope {
  readonly payloadType: string
  readonly payload: string
  readonly signatures: readonly { readonly sig: string }[]
}

/**
 * Signs the documents that lie beside an image: each as a statement about it, in an envelope of its own. Envelopes of other
 * keys stay.
 */
export const signDocuments = async (layout: Layout, image: string, key: KeyObject): Promise<void> => {
  const publicKey = createPublicKey(key)
  const before = await readAttachments(layout, image, attachmentKinds.envelope)
  const descriptor = await describeImage(layout, image)
  for (const { predicate, payload } of await statements(layout, image)) {
    const known = before.some(({ bytes }) => payloadSignedBy(bytes, publicKey)?.equals(payload) === true)
    if (known) continue
    const signature = sign(algorithmOf(key), encoded(payload), key).toString("base64")
    const envelope: Envelope = {
      payloadType,
      payload: payload.toString("base64"),
      signatures: [{ sig: signature }],
    }
    await attach(
      layout,
      descriptor,
      {
        kind: attachmentKinds.envelope,
        mediaType: attachmentKinds.envelope,
        bytes: Buffer.from(JSON.stringify(envelope)),
        // Cosign looks for these two.
        annotations: { "dev.cosignproject.cosign/signature": "", predicateType: predicate },
        about: { [predicateAnnotation]: predicate },
      },
      { keep: true },
    )
  }
}

/** What kinds of statement about an image were signed by a key, and are about this very image. */
export const signedPredicates = async (layout: Layout, image: string, key: KeyObject): Promise<readonly string[]> => {
  const envelopes = await readAttachments(layout, image, attachmentKinds.envelope)
  return envelopes.flatMap(({ bytes }) => {
    const payload = payloadSignedBy(bytes, key)
    if (payload === undefined) return []
    const { subject = [], predicateType = "" } = JSON.parse(payload.toString()) as Statement
    return subject.some(({ digest }) => `sha256:${digest?.sha256}` === image) ? [predicateType] : []
  })
}

interface Statement {
  readonly subject?: readonly { readonly digest?: { readonly sha256?: string } }[]
  readonly predicateType?: string
}

export const sbomPredicate = "https://spdx.dev/Document"

const statements = async (
  layout: Layout,
  image: string,
): Promise<readonly { readonly predicate: string; readonly payload: Buffer }[]> => {
  const [lists, provenances] = await Promise.all([
    readAttachments(layout, image, attachmentKinds.sbom),
    readAttachments(layout, image, attachmentKinds.provenance),
  ])
  return [
    ...lists.map(({ bytes }) => {
      const list = JSON.parse(bytes.toString()) as { readonly name?: string }
      const subject = { digest: image, name: (list.name ?? "").split("@")[0] ?? "" }
      return { predicate: sbomPredicate, payload: statement(subject, sbomPredicate, list) }
    }),
    ...provenances.map(({ bytes }) => ({ predicate: provenancePredicate, payload: bytes })),
  ]
}

/** The payload of an envelope, if this key signed it. */
const payloadSignedBy = (bytes: Buffer, key: KeyObject): Buffer | undefined => {
  try {
    const envelope = JSON.parse(bytes.toString()) as Envelope
    const payload = Buffer.from(envelope.payload, "base64")
    const signed = envelope.signatures.some(({ sig }) =>
      verify(algorithmOf(key), encoded(payload), key, Buffer.from(sig, "base64")),
    )
    return signed && envelope.payloadType === payloadType ? payload : undefined
  } catch {
    return undefined
  }
}

/** What DSSE signs: the payload with its type, each with its length, so that neither can be taken for the other. */
const encoded = (payload: Buffer): Buffer =>
  Buffer.concat([Buffer.from(`DSSEv1 ${Buffer.byteLength(payloadType)} ${payloadType} ${payload.length} `), payload])

const payloadType = "application/vnd.in-toto+json"
