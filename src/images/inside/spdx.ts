import { createHash } from "node:crypto"
import type { Making } from "../../contract/index.ts"
import { describeBase } from "../../contract/index.ts"
import type { FoundFile, FoundPackage, Inventory } from "./inventory.ts"
import { checkedIds } from "./spdx-ids.ts"

/** The image that a document is about. */
export interface Subject {
  /** `sha256:…` */
  readonly digest: string
  /** What it is called, such as the name of its spec. */
  readonly name: string
  /** Of the processor, as images have it. */
  readonly architecture: string
  /** Digests of its layers, the base first. */
  readonly layers: readonly string[]
  /** ISO 8601, without fractions: the one time that is ever written into an image. */
  readonly createdAt: string
  /** What writes the document, such as `fireclay-1.2.3`. */
  readonly tool: string
}

type Element = { readonly SPDXID: string; readonly [field: string]: unknown }
type Relationship = readonly [one: string, kind: string, other: string]

/**
 * The contents of an image as a document of SPDX 2.3: packages with their sources, terms and package URLs; what no package
 * owns as files of the resources that made them. The same inventory is the same bytes.
 */
export const spdxOf = (subject: Subject, inventory: Inventory, making: Making | undefined): Buffer => {
  const ids = checkedIds()
  const image = imagePackage(subject, inventory)
  const base = basePackage(subject, making)
  const packages = inventory.packages.map((found) => packageOf(found, ids.of("Package", found.purl), making))
  const groups = groupFiles(inventory.files).map(([key, files]) => groupPackage(ids.of("Resource", key), files))
  const files = inventory.files.map((file) => fileOf(file, ids.of("File", file.path)))
  const fileIds = new Map(inventory.files.map(({ path }, index) => [path, files[index]?.SPDXID ?? ""]))
  const relationships: readonly Relationship[] = [
    ["SPDXRef-DOCUMENT", "DESCRIBES", image.SPDXID],
    [image.SPDXID, "DESCENDANT_OF", base.SPDXID],
    ...packages.map(({ SPDXID }): Relationship => [image.SPDXID, "CONTAINS", SPDXID]),
    ...groups.flatMap(({ element, paths }): readonly Relationship[] => [
      [image.SPDXID, "CONTAINS", element.SPDXID],
      ...paths.map((path): Relationship => [element.SPDXID, "CONTAINS", fileIds.get(path) ?? ""]),
    ]),
  ]
  const licences = extractedLicences(inventory.packages)
  const content = {
    packages: [image, base, ...packages, ...groups.map(({ element }) => element)],
    ...(files.length === 0 ? {} : { files }),
    relationships: relationships.map(([spdxElementId, relationshipType, relatedSpdxElement]) => ({
      spdxElementId,
      relationshipType,
      relatedSpdxElement,
    })),
    ...(licences.length === 0 ? {} : { hasExtractedLicensingInfos: licences }),
  }
  return Buffer.from(`${JSON.stringify({ ...headOf(subject, inventory, content), ...content }, null, 2)}\n`)
}

/** Documents that differ have different names, even if they are about one image. */
const headOf = ({ digest, name, createdAt, tool }: Subject, { notes }: Inventory, content: object): object => {
  const own = createHash("sha256")
    .update(JSON.stringify([tool, content]))
    .digest("hex")
  const comment = [
    "Files that packages own are told by their packages, those of the base by the base. What is derived or varies by nature is left out.",
    ...notes,
  ]
  return {
    spdxVersion: "SPDX-2.3",
    dataLicense: "CC0-1.0",
    SPDXID: "SPDXRef-DOCUMENT",
    name: `${name}@${digest}`,
    documentNamespace: `https://spdx.org/spdxdocs/fireclay-${digest.replace(":", "-")}-${own.slice(0, 32)}`,
    creationInfo: { created: createdAt, creators: [`Tool: ${tool}`] },
    comment: comment.join(" "),
  }
}

const imagePackage = ({ digest, name, architecture }: Subject, { system }: Inventory): Element => ({
  SPDXID: "SPDXRef-Image",
  name,
  versionInfo: digest,
  downloadLocation: "NOASSERTION",
  filesAnalyzed: false,
  primaryPackagePurpose: "CONTAINER",
  checksums: [{ algorithm: "SHA256", checksumValue: digest.replace("sha256:", "") }],
  externalRefs: [purlReference(`pkg:oci/${encodeURIComponent(name.toLowerCase())}@${digest}?arch=${architecture}`)],
  comment: `Runs ${system.name}.`,
})

const basePackage = ({ layers: [digest = ""] }: Subject, making: Making | undefined): Element => ({
  SPDXID: "SPDXRef-Base",
  name: making === undefined ? "base" : describeBase(making.base),
  versionInfo: digest,
  downloadLocation: "NOASSERTION",
  filesAnalyzed: false,
  primaryPackagePurpose: "OPERATING-SYSTEM",
  checksums: [{ algorithm: "SHA256", checksumValue: digest.replace("sha256:", "") }],
})

const packageOf = (found: FoundPackage, SPDXID: string, making: Making | undefined): Element => {
  const { name, version, source, maintainer, homepage, terms, purl } = found
  return {
    SPDXID,
    name,
    versionInfo: version,
    ...(maintainer === undefined ? {} : { supplier: supplierOf(maintainer) }),
    downloadLocation: "NOASSERTION",
    filesAnalyzed: false,
    ...(homepage === undefined || !URL.canParse(homepage) ? {} : { homepage }),
    ...(source === undefined ? {} : { sourceInfo: `built from the source package ${source.name} ${source.version}` }),
    licenseConcluded: "NOASSERTION",
    licenseDeclared: terms.expression ?? "NOASSERTION",
    ...(terms.hint === undefined ? {} : { licenseComments: terms.hint }),
    copyrightText: terms.copyright ?? "NOASSERTION",
    externalRefs: [purlReference(purl)],
    comment: originOf(found, making),
  }
}

const originOf = ({ layer, name }: FoundPackage, making: Making | undefined): string => {
  if (layer === 0) return "of the base"
  const resources = making?.layers[layer - 1] ?? []
  const wanted = resources.find((each) => each.name === name)
  return wanted === undefined ? `came along in layer ${layer}` : `described by ${wanted.id}`
}

/** Teams are organisations; a name alone does not tell, but their addresses do. */
const supplierOf = (maintainer: string): string => {
  const [, name = maintainer, address] = /^(.*?)\s*<([^>]*)>$/.exec(maintainer) ?? []
  const isTeam = /team|maintainers|developers|group|project|lists\.|tracker\./i.test(maintainer)
  const called = name === "" ? (address ?? maintainer) : name.replaceAll(/["()]/g, "")
  return `${isTeam ? "Organization" : "Person"}: ${called}${address === undefined ? "" : ` (${address})`}`
}

interface Group {
  readonly element: Element
  readonly paths: readonly string[]
}

const groupFiles = (files: readonly FoundFile[]): readonly (readonly [string, readonly FoundFile[]])[] =>
  [...Map.groupBy(files, ({ layer, makers }) => [layer, ...makers].join(" "))].sort(([one], [other]) =>
    one < other ? -1 : 1,
  )

const groupPackage = (SPDXID: string, files: readonly FoundFile[]): Group => {
  const [{ layer, makers } = { layer: 0, makers: [] }] = files
  const [first = `layer ${layer}`, ...others] = makers
  const name = others.length === 0 ? first : `one of ${first} and ${others.length} more`
  const sums = files.map(({ sha1 }) => sha1).sort()
  const code = createHash("sha1").update(sums.join("")).digest("hex")
  return {
    element: {
      SPDXID,
      name,
      downloadLocation: "NOASSERTION",
      filesAnalyzed: true,
      packageVerificationCode: { packageVerificationCodeValue: code },
      primaryPackagePurpose: "FILE",
      comment:
        others.length === 0
          ? `layer ${layer}`
          : `layer ${layer}, in which one of these made them: ${makers.join(", ")}`,
    },
    paths: files.map(({ path }) => path),
  }
}

const fileOf = ({ path, sha1, sha256 }: FoundFile, SPDXID: string): Element => ({
  SPDXID,
  fileName: `.${path}`,
  checksums: [
    { algorithm: "SHA1", checksumValue: sha1 },
    { algorithm: "SHA256", checksumValue: sha256 },
  ],
})

/** Where several packages use one name, the places are told together. */
const extractedLicences = (packages: readonly FoundPackage[]): readonly object[] => {
  const texts = packages.flatMap(({ terms }) => [...terms.texts])
  return [...Map.groupBy(texts, ([id]) => id)]
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .map(([licenseId, all]) => ({
      licenseId,
      extractedText: [...new Set(all.map(([, text]) => text))].join("\n"),
    }))
}

const purlReference = (referenceLocator: string) => ({
  referenceCategory: "PACKAGE-MANAGER",
  referenceType: "purl",
  referenceLocator,
})
