import { compareTrees, type Difference } from "./compare.ts"
import type { Explained } from "./explain.ts"
import type { Tree } from "./scan.ts"

/**
 * Explains what a machine has from an earlier release: it is just as the image of that one has it, and the release in force
 * is not about it. Fireclay does not take away what it did not make, a home directory, or what a package leaves behind.
 *
 * @param touched what the release in force has otherwise than its base
 */
export const explainByPast = (
  differences: readonly Explained[],
  machine: Tree,
  touched: ReadonlySet<string>,
  earlier: { readonly release: number; readonly image: Tree },
): readonly Explained[] => {
  const otherwise = new Set(
    compareTrees(machine, earlier.image)
      .filter((difference) => !isOfNobody(difference, machine))
      .map(({ what }) => what),
  )
  return differences.map((difference) => {
    const { kind, what } = difference
    if (kind !== "unexplained" || touched.has(what) || otherwise.has(what)) return difference
    return { ...difference, kind: "past", why: `as release ${earlier.release} left it` }
  })
}

/** An account that went leaves its number on what it owned, which another may have got since, and the groups that it was in. */
const isOfNobody = ({ property, one, other }: Difference, { texts }: Tree): boolean => {
  const isGone = (file: string, name: string): boolean =>
    !(texts.get(file) ?? "").split("\n").some((line) => line.startsWith(`${name}:`))
  if (other === null) return false
  if (property === "owner") return isGone("/etc/passwd", other)
  if (property === "group") return isGone("/etc/group", other)
  if (property !== "members") return false
  const [here, there] = [one ?? "", other].map((members) => members.split(",").filter(Boolean))
  const missing = (there ?? []).filter((member) => here?.includes(member) === false)
  return missing.length + (here?.length ?? 0) === there?.length && missing.every((name) => isGone("/etc/passwd", name))
}
