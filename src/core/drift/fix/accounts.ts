import type { Told } from "../judge.ts"
import type { Answers } from "./ask.ts"
import type { Left, Mend } from "./mend.ts"

const filesOf: { readonly [kind: string]: readonly string[] } = {
  account: ["passwd", "shadow", "subuid", "subgid"],
  password: ["shadow"],
  group: ["group", "gshadow"],
}

/** Which names each file of accounts has to give back: the files, not the tools, for those refuse much, and make more. */
export const accountNames = (told: readonly Told[]): ReadonlyMap<string, readonly string[]> => {
  const names = new Map<string, string[]>()
  for (const { thing } of told)
    for (const file of filesOf[thing?.kind ?? ""] ?? [])
      names.set(file, [...(names.get(file) ?? []), thing?.name ?? ""])
  return names
}

/** The lines of these names as they were, all at once; the steps are the first one's. */
export const mendAccounts = (told: readonly Told[], { contents }: Answers): readonly (Mend | Left)[] => {
  const own = told.filter(({ thing }) => thing !== undefined && thing.kind in filesOf)
  const files = [...accountNames(own).keys()].map((file) => ({
    path: `/etc/${file}`,
    kept: contents.get(`/etc/${file}`),
  }))
  const whyNot = (kind: string): string | undefined => {
    const lost = files.find(
      ({ path, kept }) =>
        filesOf[kind]?.includes(path.slice("/etc/".length)) && typeof kept === "object" && "why" in kept,
    )
    return lost === undefined
      ? undefined
      : `${lost.path}: ${typeof lost.kept === "object" && "why" in lost.kept ? lost.kept.why : ""}`
  }
  const steps = files.flatMap(({ path, kept }) =>
    typeof kept === "object" && "sha256" in kept
      ? [
          {
            do: "write-file" as const,
            path,
            content: { sha256: kept.sha256, size: kept.size },
            ...{ mode: Number.parseInt(kept.mode, 8), owner: kept.owner, group: kept.group },
          },
        ]
      : [],
  )
  const [first] = own.filter(({ finding }) => whyNot(finding.kind) === undefined)
  return own.map(({ finding }) => {
    const why = whyNot(finding.kind)
    if (why !== undefined) return { finding, why }
    return { finding, doing: "as it was", phase: "accounts", steps: finding === first?.finding ? steps : [] }
  })
}
