import { type Recipe, recipes } from "../support/recipes.ts"
import { historyRows } from "./histories.ts"
import { packageRows } from "./packages.ts"
import { programRows } from "./programs.ts"

export interface EquivalenceRow extends Recipe {
  readonly group: "resources" | "programs" | "packages" | "histories"
}

/** Descriptions that come to the same in place and as an image. To try another one is to add a row. */
export const equivalenceRows: readonly EquivalenceRow[] = [
  ...recipes.map((row) => ({ ...row, group: "resources" as const })),
  ...programRows.map((row) => ({ ...row, group: "programs" as const })),
  ...packageRows.map((row) => ({ ...row, group: "packages" as const })),
  ...historyRows.map((row) => ({ ...row, group: "histories" as const })),
]
