import type { Base, KnownMaking } from "../../contract/index.ts"
import type { Inventory } from "./inventory.ts"
import type { Subject } from "./spdx.ts"

export const statementType = "https://in-toto.io/Statement/v1"
export const provenancePredicate = "https://slsa.dev/provenance/v1"

/** How an image was made, as a statement of in-toto with SLSA's provenance. */
export const provenanceOf = (subject: Subject, { packages }: Inventory, making: KnownMaking): Buffer => {
  const { fleet, spec, release, lock, version, startedAt, finishedAt, entry } = making
  return statement(subject, provenancePredicate, {
    buildDefinition: {
      buildType: "urn:fireclay:build:v1",
      externalParameters: { spec, fleet, release, base: making.base },
      internalParameters: { lockMoves: lock },
      resolvedDependencies: [
        ...basesOf(making),
        ...packagesOf(making, packages),
        ...making.layers.flat().flatMap(({ id, spec: owner, sources }) =>
          sources.map((sha256) => ({
            name: id,
            digest: { sha256 },
            ...(owner === undefined ? {} : { annotations: { spec: owner } }),
          })),
        ),
      ],
    },
    runDetails: {
      builder: { id: "urn:fireclay:builder", ...(version === undefined ? {} : { version: { fireclay: version } }) },
      metadata: {
        invocationId: entry,
        ...(startedAt === undefined ? {} : { startedOn: startedAt }),
        finishedOn: finishedAt,
      },
    },
  })
}

/** Something said about an image, in the form in which it can be signed. */
export const statement = (
  { digest, name }: Pick<Subject, "digest" | "name">,
  kind: string,
  predicate: unknown,
): Buffer =>
  Buffer.from(
    `${JSON.stringify(
      {
        _type: statementType,
        subject: [{ name, digest: { sha256: digest.replace("sha256:", "") } }],
        predicateType: kind,
        predicate,
      },
      null,
      2,
    )}\n`,
  )

/** What was named, and what it was once it had been made or unpacked: the lowest layer. */
const basesOf = ({ base, baseDigest }: KnownMaking): readonly object[] => [
  ...namedBase(base),
  { name: "base layer", digest: { sha256: baseDigest.replace("sha256:", "") } },
]

const namedBase = (base: Base): readonly object[] => {
  if ("distribution" in base) return []
  if ("rootfs" in base)
    return base.sha256 === undefined ? [] : [{ name: "base archive", digest: { sha256: base.sha256 } }]
  if (base.digest === undefined) return []
  const [, repository = base.image, tag] = /^([^@]*?)(?::([\w][\w.-]*))?(?:@.*)?$/.exec(base.image) ?? []
  const name = repository.slice(repository.lastIndexOf("/") + 1)
  const qualifiers = [
    `repository_url=${encodeURIComponent(repository)}`,
    ...(tag === undefined ? [] : [`tag=${encodeURIComponent(tag)}`]),
  ]
  return [
    {
      name: "base image",
      uri: `pkg:oci/${encodeURIComponent(name)}@${base.digest}?${qualifiers.join("&")}`,
      digest: { sha256: base.digest.replace("sha256:", "") },
    },
  ]
}

/** Those that came with the layers, in the versions that the lock has. */
const packagesOf = (making: KnownMaking, packages: Inventory["packages"]): readonly object[] =>
  packages
    .filter(({ name, architecture, version }) =>
      [name, `${name}:${architecture}`].some((key) => making.packages[key] === version),
    )
    .map(({ name, purl }) => ({ name, uri: purl }))
