import type { KnownMaking } from "../../contract/index.ts"
import { type Attachment, attach, attachmentKinds, readAttachments } from "../attachments.ts"
import { type Layout, readBlob } from "../layout.ts"
import { readManifest } from "../manifest.ts"
import { describeImage } from "../sign.ts"
import { takeInventory } from "./inventory.ts"
import { provenanceOf, provenancePredicate } from "./provenance.ts"
import { type Subject, spdxOf } from "./spdx.ts"

/** What is told of an image from outside it. */
export interface Telling {
  /** Absent: nobody knows how it was made. */
  readonly making?: KnownMaking | undefined
  readonly createdAt: string
  /** What writes the documents, such as `fireclay-1.2.3`. */
  readonly tool: string
}

/** What an image is made of, and how, as documents for others. */
export interface Documents {
  /** SPDX. */
  readonly sbom: Buffer
  /** A statement of in-toto. */
  readonly provenance?: Buffer
}

/** Those that lie beside an image, made now where they do not. Nothing is kept. */
export const readDocuments = async (layout: Layout, image: string, telling: Telling): Promise<Documents> => {
  const there = await attached(layout, image)
  const lacks = there.sbom === undefined || (there.provenance === undefined && telling.making !== undefined)
  return lacks ? { ...(await makeDocuments(layout, image, telling)), ...there } : { ...there, sbom: there.sbom }
}

/** Puts them beside an image, for all that leave with it. Those that are there stay as they are. */
export const attachDocuments = async (layout: Layout, image: string, telling: Telling): Promise<void> => {
  const there = await attached(layout, image)
  const { sbom, provenance } = await readDocuments(layout, image, telling)
  const descriptor = await describeImage(layout, image)
  const { sbom: listKind, provenance: statementKind } = attachmentKinds
  if (there.sbom === undefined) await attach(layout, descriptor, { kind: listKind, mediaType: listKind, bytes: sbom })
  if (there.provenance === undefined && provenance !== undefined)
    await attach(layout, descriptor, {
      kind: statementKind,
      mediaType: statementKind,
      bytes: provenance,
      about: { [predicateAnnotation]: provenancePredicate },
    })
}

/** Kinds of all that lies beside an image, each once. */
export const readAttached = async (layout: Layout, image: string): Promise<readonly string[]> => [
  ...new Set((await readAttachments(layout, image)).map(({ kind }) => kind)),
]

/** Who reads a list of attachments learns from it what a statement says. */
export const predicateAnnotation = "in-toto.io/predicate-type"

const attached = async (layout: Layout, image: string): Promise<Partial<Documents>> => {
  const all = await readAttachments(layout, image)
  const bytesOf = (kind: string): Attachment["bytes"] | undefined => all.find((one) => one.kind === kind)?.bytes
  const [sbom, provenance] = [bytesOf(attachmentKinds.sbom), bytesOf(attachmentKinds.provenance)]
  return { ...(sbom === undefined ? {} : { sbom }), ...(provenance === undefined ? {} : { provenance }) }
}

const makeDocuments = async (layout: Layout, image: string, telling: Telling): Promise<Documents> => {
  const { making } = telling
  const [subject, inventory] = await Promise.all([
    subjectOf(layout, image, telling),
    takeInventory(layout, image, making),
  ])
  return {
    sbom: spdxOf(subject, inventory, making),
    ...(making === undefined ? {} : { provenance: provenanceOf(subject, inventory, making) }),
  }
}

const subjectOf = async (layout: Layout, digest: string, { making, createdAt, tool }: Telling): Promise<Subject> => {
  const { config, layers } = await readManifest(layout, digest)
  const read = await readBlob<{ readonly architecture?: string }>(layout, config.digest)
  return {
    digest,
    name: making?.spec ?? "image",
    architecture: read?.architecture ?? "",
    layers: layers.map((layer) => layer.digest),
    createdAt,
    tool,
  }
}
