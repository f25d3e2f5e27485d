import { z } from "zod"

/** A document as the tests look at it. */
export interface SpdxDocument {
  readonly documentNamespace: string
  readonly packages: readonly SpdxPackage[]
  readonly files?: readonly { readonly SPDXID: string; readonly fileName: string }[]
  readonly relationships: readonly {
    readonly spdxElementId: string
    readonly relationshipType: string
    readonly relatedSpdxElement: string
  }[]
}

export interface SpdxPackage {
  readonly SPDXID: string
  readonly name: string
  readonly versionInfo?: string
  readonly licenseDeclared?: string
  readonly comment?: string
  readonly externalRefs?: readonly { readonly referenceLocator: string }[]
}

/** Packages of a package manager, as `NAME ARCHITECTURE VERSION`, sorted. */
export const managedPackages = ({ packages }: SpdxDocument): readonly string[] =>
  packages
    .flatMap(({ name, versionInfo, externalRefs = [] }) => {
      const [, architecture] =
        /^pkg:(?:deb|apk)\/.*[?&]arch=([^&]*)/.exec(externalRefs[0]?.referenceLocator ?? "") ?? []
      return architecture === undefined ? [] : [`${name} ${architecture} ${versionInfo}`]
    })
    .sort()

/** Names of the files that a package of the document contains, by the package's name. */
export const filesByMaker = ({ packages, files = [], relationships }: SpdxDocument) =>
  Object.fromEntries(
    packages.flatMap(({ SPDXID, name }) => {
      const contained = relationships
        .filter((each) => each.spdxElementId === SPDXID && each.relationshipType === "CONTAINS")
        .flatMap((each) => files.filter((file) => file.SPDXID === each.relatedSpdxElement))
      return contained.length === 0 ? [] : [[name, contained.map(({ fileName }) => fileName)]]
    }),
  )

/**
 * Reads a document, held against what the published schema of SPDX 2.3 allows and demands of the parts that are used, and
 * against what a schema cannot say: identifiers are unique, what is referred to is there, licences are identifiers.
 */
export const readSpdx = (text: string): SpdxDocument => {
  const document = schema.parse(JSON.parse(text))
  const { packages, files = [], relationships, hasExtractedLicensingInfos: licences = [] } = document
  const ids = ["SPDXRef-DOCUMENT", ...[...packages, ...files].map(({ SPDXID }) => SPDXID)]
  if (new Set(ids).size !== ids.length) throw new Error("an identifier is there twice")
  const used = relationships.flatMap(({ spdxElementId, relatedSpdxElement }) => [spdxElementId, relatedSpdxElement])
  const own = packages.flatMap(({ licenseDeclared = "" }) => licenseDeclared.match(/LicenseRef-[A-Za-z0-9.-]+/g) ?? [])
  const unknown = [
    ...used.filter((id) => !ids.includes(id)),
    ...own.filter((id) => !licences.some(({ licenseId }) => licenseId === id)),
  ]
  if (unknown.length > 0) throw new Error(`nothing is called ${unknown.join(", ")}`)
  return document as SpdxDocument
}

const id = z.string().regex(/^SPDXRef-[A-Za-z0-9.-]+$/)
const checksums = z
  .array(
    z.strictObject({
      algorithm: z.enum(["SHA1", "SHA256"]),
      checksumValue: z.string().regex(/^[0-9a-f]{40}([0-9a-f]{24})?$/),
    }),
  )
  .min(1)
const licence = z.string().regex(/^(NOASSERTION|[()A-Za-z0-9.+-]+( (AND|OR|WITH) [()A-Za-z0-9.+-]+)*)$/)

const schema = z.strictObject({
  spdxVersion: z.literal("SPDX-2.3"),
  dataLicense: z.literal("CC0-1.0"),
  SPDXID: z.literal("SPDXRef-DOCUMENT"),
  name: z.string().min(1),
  documentNamespace: z.url().regex(/^[^#]+$/),
  creationInfo: z.strictObject({
    created: z.string().regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/),
    creators: z.array(z.string().regex(/^(Tool|Person|Organization): ./)).min(1),
  }),
  comment: z.string().optional(),
  packages: z.array(
    z.strictObject({
      SPDXID: id,
      name: z.string().min(1),
      versionInfo: z.string().optional(),
      supplier: z
        .string()
        .regex(/^(Person|Organization): ./)
        .optional(),
      downloadLocation: z.literal("NOASSERTION"),
      filesAnalyzed: z.boolean(),
      packageVerificationCode: z
        .strictObject({ packageVerificationCodeValue: z.string().regex(/^[0-9a-f]{40}$/) })
        .optional(),
      primaryPackagePurpose: z.enum(["CONTAINER", "OPERATING-SYSTEM", "FILE"]).optional(),
      checksums: checksums.optional(),
      homepage: z.url().optional(),
      sourceInfo: z.string().optional(),
      licenseConcluded: licence.optional(),
      licenseDeclared: licence.optional(),
      licenseComments: z.string().optional(),
      copyrightText: z.string().optional(),
      externalRefs: z
        .array(
          z.strictObject({
            referenceCategory: z.literal("PACKAGE-MANAGER"),
            referenceType: z.literal("purl"),
            referenceLocator: z.string().regex(/^pkg:[a-z]+\/[^\s]+@[^\s@]+$/),
          }),
        )
        .optional(),
      comment: z.string().optional(),
    }),
  ),
  files: z.array(z.strictObject({ SPDXID: id, fileName: z.string().startsWith("./"), checksums })).optional(),
  relationships: z.array(
    z.strictObject({
      spdxElementId: id,
      relationshipType: z.enum(["DESCRIBES", "CONTAINS", "DESCENDANT_OF"]),
      relatedSpdxElement: id,
    }),
  ),
  hasExtractedLicensingInfos: z
    .array(
      z.strictObject({
        licenseId: z.string().regex(/^LicenseRef-[A-Za-z0-9.-]+$/),
        extractedText: z.string().min(1),
      }),
    )
    .optional(),
})
