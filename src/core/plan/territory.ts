import type { Manifest } from "../release.ts"

/** Whose is what of a machine's file system, as a description says it. */
export interface Territory {
  /** Paths that something of the description is about. */
  readonly described: ReadonlySet<string>
  /** Those of them that answer for all that lies below them. */
  readonly owners: ReadonlySet<string>
}

export const territoryOf = ({ resources, volumes }: Pick<Manifest, "resources" | "volumes">): Territory => {
  const of = (type: string | undefined, property: string): readonly string[] =>
    resources.flatMap((resource) =>
      type === undefined || resource.type === type ? textIn(resource.want, property) : [],
    )
  const owners = [...of("directory", "path"), ...of("user", "home"), ...volumes.map(({ path }) => path)]
  return { described: new Set([...of(undefined, "path"), ...owners]), owners: new Set(owners) }
}

const textIn = (want: unknown, property: string): readonly string[] => {
  const value = (want as { readonly [key: string]: unknown } | null)?.[property]
  return typeof value === "string" ? [value] : []
}
